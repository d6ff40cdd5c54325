// Every page, in both languages, light and dark, wide and narrow: accessible, quiet, nothing sticking out. The pictures stay in
// end2end/pictures for people to look at.
import type { Page, TestInfo } from "@playwright/test";
import { type Person, backupsOf, expect, lookAt, operation, processesOf, signIn, taken, test } from "./console";

const tag = ["@pages"];

// Nothing happens here that a trace would explain better than the pictures, and recording one doubles the time.
test.use({ trace: "off" });

async function visit(page: Page, name: string, path: string, info: TestInfo): Promise<void> {
  await page.goto(path);
  await taken(page);
  await lookAt(page, name, info);
}

test("the page to sign in is accessible and quiet", { tag }, async ({ page }, info) => {
  await visit(page, "sign-in", "/sign-in", info);
  await visit(page, "sign-in-wrong", "/sign-in?error=wrong-credentials&wait=0", info);
  await visit(page, "sign-in-wait", "/sign-in?error=too-many-tries&wait=118", info);
});

test("every page of an operator is accessible and quiet", { tag }, async ({ page, words }, info) => {
  await signIn(page, "operator");
  const process = (await processesOf(page, "dupont"))[0]?.id ?? "";
  for (const [name, path] of [
    ["sites", "/sites"],
    ["sites-none-found", "/sites?q=zzz"],
    ["site", "/sites/dupont"],
    ["backup", "/sites/dupont/backup"],
    ["nights", "/sites/dupont/nights"],
    ["site-processes", "/sites/dupont/processes"],
    ["processes", "/processes"],
    ["databases", "/sites/dupont/databases"],
    ["database", "/sites/dupont/databases/dupont-compta"],
    ["restore", "/sites/dupont/restore"],
    ["restore-database", "/sites/dupont/restore?scope=dupont-paie"],
    ["process", `/processes/${process}`],
    ["not-found", "/nothing-here"],
  ] as const) await visit(page, name, path, info);

  await page.goto("/sites/dupont");
  await taken(page);
  await operation(page, words("Sauvegarde du site", "Back up the site")).click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await lookAt(page, "backup-dialog", info);

  await page.goto("/sites/dupont/databases/dupont-compta");
  await taken(page);
  for (const summary of await page.locator("details.hash summary").all()) await summary.click();
  await lookAt(page, "database-hashes", info);

  await page.setViewportSize({ width: 360, height: 780 });
  await page.goto("/sites/dupont");
  await taken(page);
  const menu = page.getByRole("button", { name: "Menu" });
  await menu.click();
  await expect(page.locator("#menu")).toBeVisible();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Escape");
  await expect(page.locator("#menu")).toBeHidden();
  await expect(menu, "the focus returns to what opened the menu").toBeFocused();
  await menu.click();
  await lookAt(page, "menu", info);
});

// Some 400 nights are on it twice, which takes longer to look through than any other page.
test("the retention of a site is accessible and quiet, as it is, tried and wrong", { tag }, async ({ page }, info) => {
  await signIn(page, "operator");
  for (const [name, query] of [
    ["retention", ""],
    ["retention-tried", "?days=3&months=12&years=0&safety=30"],
    ["retention-wrong", "?days=0&months=61&years=1&safety=91"],
  ] as const) await visit(page, name, `/sites/dupont/retention${query}`, info);
});

for (const [person, pages] of [
  ["admin", ["/sites", "/sites/dupont", "/sites/dupont/databases/dupont-compta", "/sites/dupont/restore"]],
  ["viewer", ["/sites", "/sites/dupont", "/sites/dupont/nights", "/sites/dupont/retention", "/sites/dupont/backup", "/sites/dupont/databases/dupont-compta"]],
  ["partner", ["/sites", "/sites/dupont-atelier", "/sites/dupont/databases/dupont-compta", "/sites/dupont/restore"]],
] as [Person, string[]][]) {
  test(`the pages as ${person} sees them are accessible and quiet`, { tag }, async ({ page }, info) => {
    await signIn(page, person);
    for (const path of pages) await visit(page, `${person}${path.replaceAll("/", "-")}`, path, info);
    if (person === "partner") {
      const entry = (await backupsOf(page, "dupont", "dupont-compta")).automatic[0];
      await visit(page, "download-refused", `/backups/${entry?.backup.id}/databases/dupont-compta/download`, info);
    }
  });
}
