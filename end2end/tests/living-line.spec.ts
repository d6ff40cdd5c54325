// The fiche, from the click to the file: R4 to R8, R15 to R17 and R19 as far as the engine's own form goes.
import { copyFileSync } from "node:fs";
import type { Locator, Page } from "@playwright/test";
import { balances, expect, isEnglish, listen, sha256, signIn, taken, test } from "./console";

/** An operation of the site's panel: a link that script turns into a dialog. */
const operation = (page: Page, name: string): Locator => page.locator(".ops").getByText(name, { exact: true });

test("R4 R5 the warning comes first, and refusing it starts nothing", async ({ page, words }) => {
  await signIn(page, "admin");
  await page.goto("/sites/dupont-atelier");
  await taken(page);
  await operation(page, words("Sauvegarde du site", "Back up the site")).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText(words("La sauvegarde du site va être lancée", "The site backup is about to start"));
  await expect(dialog).toContainText(words("ce qui sera saisi après le lancement n’y figurera pas", "what is entered after it starts will not be in it"));
  await dialog.getByText(words("Ne pas sauvegarder", "Do not back up")).click();
  await expect(dialog).toBeHidden();
  await page.goto("/sites/dupont-atelier/processes");
  await expect(page.getByText(words("Rien n’est en cours", "Nothing is under way")).first()).toBeVisible();
});

test("R6 R7 R8 R17 two browsers watch a backup to 100 %, and its download balances", async ({ page, browser, words }, info) => {
  const site = "dupont";
  await signIn(page, "admin");
  const second = await browser.newContext({ ...info.project.use });
  const other = await second.newPage();
  const complaints = listen(other);
  await signIn(other, "viewer");
  await other.goto(`/sites/${site}/processes`);
  await taken(other);

  await page.goto(`/sites/${site}`);
  await taken(page);
  await operation(page, words("Sauvegarde du site", "Back up the site")).click();
  const confirm = page.getByRole("dialog").getByRole("button", { name: words("Lancer la sauvegarde", "Start the backup") });
  const started = page.waitForResponse((answer) => answer.url().includes("/api/start_backup"));
  await confirm.dblclick();
  const process = (await (await started).json()) as { id: string };
  await page.goto(`/processes/${process.id}`);
  await expect(page.getByText("Completed").first()).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText(words("100\u202f%", "100%")).first()).toBeVisible();

  // The other browser was told without loading anything again.
  const row = other.locator(`a[href="/processes/${process.id}"]`).first();
  await expect(row).toBeVisible();
  await expect(other.locator("tr", { has: row })).toContainText("Completed");
  expect(complaints).toEqual([]);
  await second.close();

  // Exactly one, although the button was pressed twice.
  await page.goto(`/sites/${site}/databases/dupont-compta`);
  const manual = page.locator("section", { has: page.getByRole("heading", { name: words("Sauvegardes manuelles", "Manual backups") }) });
  const before = isEnglish(info) ? 4 : 3;
  await expect(manual.locator("tbody tr")).toHaveCount(before);

  // The file that arrives is the one whose hash is on the page; the standard program reads it, and its books balance.
  const entry = manual.locator("tbody tr").first();
  const waiting = page.waitForEvent("download");
  await entry.getByText(words("Télécharger", "Download")).first().click();
  const download = await waiting;
  expect(download.suggestedFilename()).toMatch(/^DUPONT_Comptabilité_\d{4}-\d{2}-\d{2}_\d{4}\.sqlite$/);
  const file = info.outputPath("downloaded.sqlite");
  copyFileSync(await download.path(), file);
  await expect(page.locator("body")).toContainText(sha256(file).slice(0, 12));
  const shown = await page.content();
  expect(shown, "the whole hash is on the page").toContain(sha256(file));
  balances(file);
});

test("R17 a cut download is resumed, and nobody without the right gets one", async ({ page, words }) => {
  await signIn(page, "admin");
  await page.goto("/sites/dupont/databases/dupont-paie");
  const link = page.locator("a[href$='/download']").first();
  const path = (await link.getAttribute("href")) ?? "";
  const whole = await page.request.get(path);
  const tag = whole.headers().etag ?? "";
  const bytes = await whole.body();
  const half = Math.floor(bytes.length / 2);
  const rest = await page.request.get(path, { headers: { Range: `bytes=${half}-`, "If-Range": tag } });
  expect(rest.status()).toBe(206);
  expect(Buffer.compare(await rest.body(), bytes.subarray(half))).toBe(0);

  await page.context().clearCookies();
  expect((await page.request.get(path, { headers: { Accept: "*/*" } })).status()).toBe(401);
  await signIn(page, "partner");
  await page.goto(path);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(page.locator("main")).toContainText(words("Un partenaire ne télécharge pas", "A partner does not download"));
});
