// The fiche, from the click to the file: R4 to R8, R15 to R17.
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import {
  type Entry,
  PEOPLE,
  WORLD,
  accountingUpTo,
  backupsOf,
  balances,
  expect,
  note,
  operation,
  processesOf,
  sha256,
  signIn,
  sqlite,
  tabTo,
  taken,
  test,
} from "./console";

test("R4 R5 the warning comes first, and refusing it in any way starts nothing", async ({ page, words }) => {
  await signIn(page, "admin");
  const before = await processesOf(page, "dupont-atelier");
  await page.goto("/sites/dupont-atelier");
  await taken(page);
  await expect(page.getByRole("heading", { name: words("Opérations", "Operations") })).toBeVisible();
  const opener = page.locator(".ops").getByRole("link", { name: words("Sauvegarde du site", "Back up the site") });
  const dialog = page.getByRole("dialog", { name: words("La sauvegarde du site va être lancée", "The site backup is about to start") });
  const ways: ((page: Page) => Promise<void>)[] = [
    () => dialog.getByText(words("Ne pas sauvegarder", "Do not back up")).click(),
    () => page.keyboard.press("Escape"),
    () => page.mouse.click(4, 4), // beside the dialog
  ];
  for (const refuse of ways) {
    await opener.click();
    await expect(dialog).toBeVisible();
    await expect(dialog).toContainText(words("ce qui sera saisi après le lancement n’y figurera pas", "what is entered after it starts will not be in it"));
    await refuse(page);
    await expect(dialog).toBeHidden();
    await expect(opener, "the focus returns to what opened the dialog").toBeFocused();
  }
  // The page of the warning, for who came by its address, is refused in the same way.
  await page.goto("/sites/dupont-atelier/backup");
  await page.getByRole("link", { name: words("Ne pas sauvegarder", "Do not back up") }).click();
  await expect(page).toHaveURL(/\/sites\/dupont-atelier$/);

  expect(await processesOf(page, "dupont-atelier")).toEqual(before);
  await page.goto("/sites/dupont-atelier/processes");
  await expect(page.getByText(words("Rien n’est en cours", "Nothing is under way")).first()).toBeVisible();
});

test("the living line: sign in by one click, back up, see it Completed in two browsers, find it listed, download it", async ({ page, another, words }, info) => {
  const live = join(WORLD, "books", "dupont-compta.sqlite");
  await page.goto("/sign-in");
  await page.locator(".demo form", { has: page.locator(`input[value="${PEOPLE.admin}"]`) }).getByRole("button").click();
  await expect(page).toHaveURL(/^[^?]*\/sites$/);
  await page.getByRole("link", { name: "Dupont & Fils" }).first().click();
  await expect(page).toHaveURL(/\/sites\/dupont$/);
  await taken(page);
  const [before, listed] = [await processesOf(page, "dupont"), await backupsOf(page, "dupont", "dupont-compta")];

  const other = await another();
  await signIn(other, "viewer");
  await other.goto("/sites/dupont/processes");
  await taken(other);
  const notLoadedAgain = await note(other, "h1");

  await operation(page, words("Sauvegarde du site", "Back up the site")).click();
  const confirm = page.getByRole("dialog").getByRole("button", { name: words("Lancer la sauvegarde", "Start the backup") });
  await confirm.dblclick();
  await expect(page).toHaveURL(/\/processes\/\w+$/);
  const id = page.url().split("/").at(-1) ?? "";

  // R7, in the words of both languages, in the browser that asked and in the one that only watches.
  await expect(page.locator(".head .plate")).toHaveText(words("TerminéCompleted", "Completed"), { timeout: 60_000 });
  await expect(page.locator(".big")).toHaveText(words("100\u202f%", "100%"));
  const row = other.getByRole("row").filter({ has: other.locator(`a[href="/processes/${id}"]`) });
  await expect(row.locator(".plate")).toHaveText(words("TerminéCompleted", "Completed"));
  await expect(row).toContainText("Claire Morel");
  await notLoadedAgain();

  // R5: exactly one, although the button was pressed twice.
  const after = await processesOf(page, "dupont");
  expect(after.map((process) => process.id).filter((id) => !before.some((known) => known.id === id))).toEqual([id]);

  // R15, R16: it is in the window of each database, among the manual ones, which come second.
  await page.goto("/sites/dupont/databases");
  await page.getByRole("row", { name: /Comptabilité/ }).getByText(words("Restaurer", "Restore")).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(words("Sauvegardes de Comptabilité", "Backups of Comptabilité"));
  await taken(page);
  await expect(page.getByRole("heading", { level: 2 })).toHaveText(
    words("Sauvegardes automatiques|Sauvegardes manuelles", "Automatic backups|Manual backups").split("|"),
  );
  const now = await backupsOf(page, "dupont", "dupont-compta");
  // Why each night is kept may change: the youngest of them is no longer the last good backup.
  const held = (entries: Entry[]) => entries.map(({ backup, sha256 }) => ({ backup, sha256 }));
  expect(held(now.automatic)).toEqual(held(listed.automatic));
  const mine = now.manual.find((entry) => !listed.manual.some((known) => known.backup.id === entry.backup.id));
  expect(now.manual.length).toBe(listed.manual.length + 1);
  const manual = page.locator("#manuelles");
  await expect(manual.locator("tbody tr")).toHaveCount(now.manual.length);
  const entry = manual.locator("tbody tr").first();
  await expect(entry).toContainText("Claire Morel");

  // R17: what arrives is what the page says, the standard program reads it, and its books balance.
  const waiting = page.waitForEvent("download");
  await entry.locator("a[download]").click();
  const download = await waiting;
  expect(download.suggestedFilename()).toMatch(/^DUPONT_Comptabilité_\d{4}-\d{2}-\d{2}_\d{4}\.sqlite$/);
  const file = info.outputPath("downloaded.sqlite");
  copyFileSync(await download.path(), file);
  await entry.locator("summary").click();
  await expect(entry.locator("details code").last()).toBeVisible();
  await expect(entry.locator("details code").last()).toHaveText(sha256(readFileSync(file)));
  expect(mine?.sha256).toBe(sha256(readFileSync(file)));
  expect(mine?.bytes).toBe(readFileSync(file).length);
  balances(file);

  // R8: the site went on; what it holds up to T0 is in the backup, what was entered since is not.
  const last = sqlite(file, "SELECT max(number) FROM entry");
  await expect(() => expect(Number(sqlite(live, "SELECT max(number) FROM entry"))).toBeGreaterThan(Number(last))).toPass();
  expect(accountingUpTo(file, last)).toBe(accountingUpTo(live, last));
});

test("R4 R5 the whole of it works from the keyboard", async ({ page, own, words }) => {
  // Large enough to be under way when its page opens.
  await own.begin(150);
  await page.goto(`${own.url}/sign-in`);
  await tabTo(page, page.locator("#email"));
  await page.keyboard.type(PEOPLE.admin);
  await page.keyboard.press("Tab");
  await page.keyboard.type("demo-coffre");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/^[^?]*\/sites$/);
  await page.goto(`${own.url}/sites/dupont`);
  await taken(page);
  await page.keyboard.press("Tab");
  await expect(page.locator(".skip"), "the first stop leads past the navigation").toBeFocused();
  await page.keyboard.press("Enter");
  await tabTo(page, page.locator(".ops").getByRole("link", { name: words("Sauvegarde du site", "Back up the site") }));
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog");
  await expect(dialog).toBeVisible();
  const inside = () => page.evaluate(() => document.activeElement?.closest("dialog") !== null || document.activeElement === document.body);
  for (let presses = 0; presses < 6; presses += 1) {
    await page.keyboard.press("Tab");
    expect(await inside(), "the focus stays in the dialog").toBe(true);
  }
  await tabTo(page, dialog.getByRole("button", { name: words("Lancer la sauvegarde", "Start the backup") }));
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/processes\//);
  await expect(page.getByRole("heading", { level: 1 }), "a new page begins at its heading").toBeFocused();
  await expect(page.locator(".head .plate")).toHaveText(words("TerminéCompleted", "Completed"), { timeout: 30_000 });
});

test("R6 R7 progress moves without reload in every open browser, never back, and is 100 % only when Completed", { tag: "@french" }, async ({ another, own, words }) => {
  await own.begin(300);
  const first = await another(own.url);
  await signIn(first, "admin");
  await first.goto("/sites/dupont");
  await taken(first);
  const second = await another(own.url);
  await signIn(second, "operator");
  await second.goto("/processes");
  await taken(second);
  const [bars, others, tops] = [await note(first, "progress"), await note(second, "progress"), await note(second, ".process-top")];

  await operation(first, words("Sauvegarde du site", "Back up the site")).click();
  await first.getByRole("dialog").getByRole("button", { name: words("Lancer la sauvegarde", "Start the backup") }).click();
  await expect(first.locator(".head .plate")).toHaveText(words("TerminéCompleted", "Completed"), { timeout: 90_000 });
  await expect(second.locator("tbody tr").first()).toContainText(words("TerminéCompleted", "Completed"));

  for (const seen of [(await bars()).map(Number), (await others()).map(Number)]) {
    expect(seen, "never back").toEqual(seen.toSorted((a, b) => a - b));
    expect(seen.filter((percent) => percent > 0 && percent < 100).length, `it moved: ${seen.join(" ")}`).toBeGreaterThan(1);
  }
  expect((await bars()).at(-1)).toBe("100");
  const running = (await tops()).filter((top) => top.includes(words("En coursRunning", "Running")));
  expect(running.length).toBeGreaterThan(1);
  for (const top of running) expect(top, "100 % is for what is Completed").not.toMatch(/100\s?%/);
});
