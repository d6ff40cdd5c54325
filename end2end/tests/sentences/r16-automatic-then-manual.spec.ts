// R16: the first part holds the automatic backups, the second the manual ones.
import { WAYS, backupsOf, expect, signIn, taken, test } from "../console";

for (const { tag, how } of WAYS) {
  test(`R16 – first part automatic, second part manual${how}`, { tag }, async ({ page, words }) => {
    await signIn(page, "admin");
    await page.goto("/sites/dupont/databases/dupont-compta");
    await taken(page);
    const headings = page.getByRole("heading", { level: 2 });
    await expect(headings.nth(0)).toHaveText(words("Sauvegardes automatiques", "Automatic backups"));
    await expect(headings.nth(1)).toHaveText(words("Sauvegardes manuelles", "Manual backups"));

    const { automatic, manual } = await backupsOf(page, "dupont", "dupont-compta");
    for (const [section, entries] of [["#automatiques", automatic], ["#manuelles", manual]] as const) {
      expect(entries.length).toBeGreaterThan(0);
      const shown = page.locator(`${section} details.hash > code`);
      expect(await shown.allTextContents(), "youngest first").toEqual(entries.map((entry) => entry.sha256));
    }
  });
}
