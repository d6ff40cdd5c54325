// Every page, in both languages, light and dark, wide and narrow: accessible, quiet, nothing sticking out. The pictures stay in
// end2end/pictures for people to look at.
import { expect, isAccessible, listen, picture, signIn, taken, test } from "./console";

const PAGES: [string, string][] = [
  ["sites", "/sites"],
  ["site", "/sites/dupont"],
  ["backup", "/sites/dupont/backup"],
  ["site-processes", "/sites/dupont/processes"],
  ["processes", "/processes"],
  ["databases", "/sites/dupont/databases"],
  ["database", "/sites/dupont/databases/dupont-compta"],
  ["restore", "/sites/dupont/restore"],
  ["not-found", "/nothing-here"],
];

for (const theme of ["light", "dark"] as const) {
  for (const width of [1440, 360]) {
    // English follows the measure of French: one look at each width is enough.
    const tag = theme === "dark" ? ["@pages", "@french"] : ["@pages"];
    test(`every page is accessible and quiet, ${theme}, ${width} px`, { tag }, async ({ browser, words }, info) => {
      test.setTimeout(240_000);
      const language = words("fr", "en");
      const viewport = { width, height: width < 500 ? 780 : 900 };
      const context = await browser.newContext({ ...info.project.use, viewport, colorScheme: theme });
      const page = await context.newPage();
      const complaints = listen(page);
      const look = async (name: string) => {
        await taken(page);
        await picture(page, `${name}-${language}-${theme}-${width}`, info);
        await isAccessible(page, `${name}, ${language}, ${theme}, ${width}`);
      };
      await page.goto("/sign-in");
      await look("sign-in");
      await signIn(page, "operator");
      for (const [name, path] of PAGES) {
        await page.goto(path);
        await look(name);
      }
      await page.goto("/processes");
      await page.locator("a[href^='/processes/']").first().click();
      await expect(page).toHaveURL(/\/processes\/.+/);
      await look("process");
      await context.clearCookies();
      await signIn(page, "viewer");
      await page.goto("/sites/dupont");
      await look("site-viewer");
      expect(complaints).toEqual([]);
      await context.close();
    });
  }
}
