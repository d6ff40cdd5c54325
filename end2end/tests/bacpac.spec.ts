// A backup leaves as a BACPAC and comes back as one: made on demand and followed, its log read, its download resumed; uploaded again
// through a cut connection, checked, restored and compared. In a console of the test's own.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { PROGRAM } from "./own-console";
import { type Words, backupsOf, call, expect, lookAt, refusalOf, sha256, signIn, sqlite, taken, test } from "./console";

/** Every row of one of the small databases, as the standard program tells it. */
const rows = (file: string): string => sha256(sqlite(file, "SELECT number, typeof(content), hex(content) FROM entry ORDER BY number"));

/** A manual backup, waited for; its id. */
async function backedUp(page: Page): Promise<string> {
  const started = await call(page, "start_backup", { site: "dupont" });
  const { id } = (await started.json()) as { id: string };
  await page.goto(`/processes/${id}`);
  await expect(page.locator(".head .plate")).toContainText("Completed", { timeout: 60_000 });
  return (await backupsOf(page, "dupont", "compta")).manual[0]!.backup.id;
}

/** Has the file made by the way that people go. */
async function make(page: Page, words: Words): Promise<void> {
  await page.goto("/sites/dupont/databases/compta");
  await taken(page);
  await page.getByRole("link", { name: words("Télécharger la sauvegarde (bacpac)", "Download the backup (bacpac)") }).first().click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(words("Comptabilité en bacpac", "Comptabilité as bacpac"));
  await page.getByRole("button", { name: words("Préparer le fichier", "Make the file") }).click();
  await expect(page.getByRole("heading", { level: 2 }).first()).toHaveText(words("Le fichier est prêt", "The file is ready"), { timeout: 60_000 });
}

test("R17 a backup is made into a BACPAC, its log is read, its download is cut and resumed", async ({ another, own, words }, info) => {
  await own.begin(6);
  const page = await another(own.url);
  await signIn(page, "admin");
  const backup = await backedUp(page);
  await page.goto(`/sites/dupont/databases/compta/backups/${backup}/bacpac`);
  await taken(page);
  await lookAt(page, "bacpac-not-made", info);
  await make(page, words);
  await expect(page.locator("#t-log ~ *, .panel-body").filter({ hasText: words("Aucune valeur n’a été modifiée.", "No value was changed.") }).first()).toBeVisible();
  await page.locator("details.told summary").click();
  await expect(page.getByRole("row", { name: /entry/ })).toContainText("60");
  await lookAt(page, "bacpac-ready", info);

  const path = `/backups/${backup}/databases/compta/bacpac`;
  const waiting = page.waitForEvent("download");
  await page.getByRole("link", { name: words("Télécharger le fichier", "Download the file") }).click();
  const download = await waiting;
  expect(download.suggestedFilename()).toMatch(/^DUPONT_Comptabilité_\d{4}-\d{2}-\d{2}_\d{4}\.bacpac$/);
  const file = info.outputPath("downloaded.bacpac");
  writeFileSync(file, readFileSync(await download.path()));
  const whole = readFileSync(file);
  await expect(page.locator(".hash-whole")).toHaveText(sha256(whole));

  // The strict reader says nothing when all is well; and the rows are those of the backup.
  expect(execFileSync(PROGRAM, ["bacpac", "verify", file], { encoding: "utf8" })).toBe("");
  const again = info.outputPath("again.sqlite");
  execFileSync(PROGRAM, ["bacpac", "import", file, "--to", `sqlite:${again}`]);
  expect(rows(again)).toBe(rows(own.book("compta")));

  // A third, then the rest from there: the same file.
  const cut = Math.floor(whole.length / 3);
  const tag = `"${sha256(whole)}"`;
  const part = async (range: string) => {
    const answer = await page.request.get(path, { headers: { Range: range, "If-Range": tag } });
    expect(answer.status()).toBe(206);
    return answer.body();
  };
  expect(Buffer.concat([await part(`bytes=0-${cut - 1}`), await part(`bytes=${cut}-`)]).equals(whole)).toBe(true);

  const log = (await (await page.request.get(`${path}/log.json`)).json()) as { file: { sha256: string; findings: string[] } };
  expect(log.file).toMatchObject({ sha256: sha256(whole), findings: [] });
});

test("a BACPAC is uploaded through a cut connection, becomes a manual backup and restores what it holds", async ({ another, own, words }, info) => {
  await own.begin(9);
  const page = await another(own.url);
  await signIn(page, "operator");
  const backup = await backedUp(page);
  await make(page, words);
  const before = rows(own.book("compta"));
  const file = info.outputPath("books.bacpac");
  writeFileSync(file, await (await page.request.get(`/backups/${backup}/databases/compta/bacpac`)).body());
  own.change(own.book("compta"), "DELETE FROM entry WHERE number % 2; UPDATE entry SET content = 'changed';");

  await page.goto("/sites/dupont/databases/compta");
  await page.getByRole("link", { name: words("Importer une sauvegarde (bacpac)", "Import a backup (bacpac)") }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(words("Importer une sauvegarde de Comptabilité", "Import a backup of Comptabilité"));
  await taken(page);
  await lookAt(page, "import", info);

  // The second piece is cut on its way: the page says so, asks where it stands, and goes on.
  let pieces = 0;
  await page.route("**/uploads/*", async (route) => {
    if (route.request().method() === "PATCH" && ++pieces === 2) await route.abort("connectionreset");
    else await route.continue();
  });
  await page.locator("#file").setInputFiles(file);
  await page.getByRole("button", { name: words("Envoyer et contrôler", "Send and check") }).click();
  await expect(page).toHaveURL(/\/processes\//, { timeout: 60_000 });
  expect(pieces, "one piece more than the file has").toBe(Math.ceil(readFileSync(file).length / (4 << 20)) + 1);
  await expect(page.locator(".head .plate")).toContainText("Completed", { timeout: 60_000 });
  await expect(page.locator("main")).toContainText(words("Ce que contenait le fichier", "What the file held"));
  await expect(page.locator("main")).toContainText(words("Aucune valeur n’a été modifiée.", "No value was changed."));
  await lookAt(page, "import-completed", info);

  await page.goto("/sites/dupont/databases/compta");
  const entry = page.locator("#manuelles tbody tr").filter({ hasText: "books.bacpac" });
  await expect(entry).toContainText(words("Importée de books.bacpac", "Imported from books.bacpac"));
  const manual = (await backupsOf(page, "dupont", "compta")).manual;
  expect(manual.length, "it took a slot").toBe(2);
  const imported = manual.find((each) => each.backup.id !== backup)!;
  const order = { site: "dupont", scope: "compta", backup: imported.backup.id, reason: "Essai", confirmation: "DUPONT" };
  const restore = (await (await call(page, "start_restore", order)).json()) as { id: string };
  await page.goto(`/processes/${restore.id}`);
  await expect(page.locator(".head .plate")).toContainText("Completed", { timeout: 60_000 });
  expect(rows(own.book("compta"))).toBe(before);
});

test("what is no BACPAC is refused with the cause, and gives its slot back", async ({ another, own, words }, info) => {
  await own.begin();
  const page = await another(own.url);
  await signIn(page, "operator");
  const file = info.outputPath("letter.bacpac");
  writeFileSync(file, "Bonjour, voici nos comptes.");
  await page.goto("/sites/dupont/databases/compta/import");
  await taken(page);
  await page.getByRole("button", { name: words("Envoyer et contrôler", "Send and check") }).click();
  await expect(page.getByRole("alert")).toHaveText(words("Choisissez un fichier.", "Choose a file."));
  await page.locator("#file").setInputFiles(file);
  await page.getByRole("button", { name: words("Envoyer et contrôler", "Send and check") }).click();
  await expect(page.locator(".head .plate")).toContainText("Failed", { timeout: 30_000 });
  await expect(page.getByRole("alert")).toContainText(words("n’est pas un BACPAC", "is not a BACPAC"));
  await expect(page.locator("pre.log")).toContainText(/archive/i);
  await lookAt(page, "import-refused", info);
  await page.goto("/sites/dupont");
  await taken(page);
  await expect(page.locator("#t-quota + .note")).toHaveText(words("0 sur 5", "0 of 5"));
});

test("R26 a partner is refused the BACPAC with the reason, at each door, and it is written down", async ({ page, words }) => {
  await signIn(page, "partner");
  const entry = (await backupsOf(page, "dupont", "dupont-compta")).automatic[0]!;
  await page.goto(`/sites/dupont/databases/dupont-compta/backups/${entry.backup.id}/bacpac`);
  await taken(page);
  await expect(page.locator("#r-download")).toContainText(words("Un partenaire ne télécharge pas", "A partner does not download"));
  const form = { backup: entry.backup.id, database: "dupont-compta" };
  for (const answer of [
    await call(page, "start_export", form),
    await page.request.get(`/backups/${entry.backup.id}/databases/dupont-compta/bacpac`),
    await page.request.get(`/backups/${entry.backup.id}/databases/dupont-compta/bacpac/log.json`),
  ]) expect([answer.status(), await refusalOf(answer)]).toEqual([403, "not-for-partners"]);
  await page.goto("/sites/dupont/databases/dupont-compta/import");
  await expect(page.locator("#r-import")).toContainText(words("Seul l’hébergeur peut le faire", "Only the host can do this"));
});

test("without script a BACPAC is made and downloaded all the same", { tag: "@noscript" }, async ({ another, own }) => {
  await own.begin();
  const page = await another(own.url);
  await signIn(page, "admin");
  const backup = await backedUp(page);
  await page.goto(`/sites/dupont/databases/compta/backups/${backup}/bacpac`);
  await page.getByRole("button", { name: "Préparer le fichier" }).click();
  await expect(page).toHaveURL(new RegExp(`/backups/${backup}/bacpac`));
  await expect(async () => {
    await page.reload();
    await expect(page.getByRole("link", { name: "Télécharger le fichier" })).toBeVisible({ timeout: 500 });
  }).toPass({ timeout: 30_000 });
});

test("what is left of an upload is removed, and the list says so at once", { tag: "@french" }, async ({ page, words }) => {
  await signIn(page, "operator");
  const address = "/sites/lefevre/databases/lefevre-compta/import";
  for (const name of ["one.bacpac", "two.bacpac"]) {
    const query = new URLSearchParams({ site: "lefevre", database: "lefevre-compta", name });
    const answer = await page.request.post(`/uploads?${query}`, { headers: { "Upload-Length": "1000", Accept: "application/json" } });
    expect(answer.ok(), await answer.text()).toBe(true);
  }
  await page.goto(address);
  await taken(page);
  const panel = page.locator("section", { has: page.locator("#t-wait") });
  const remove = (name: string) => panel.getByRole("listitem").filter({ hasText: name }).getByRole("button", { name: words("Supprimer", "Remove") });
  await remove("one.bacpac").dblclick();
  await expect(panel.getByRole("listitem")).toHaveCount(1);
  await expect(panel).toContainText("two.bacpac");
  await expect(remove("two.bacpac"), "the focus is not on the button of the next one").not.toBeFocused();
  await expect(panel.getByRole("alert")).toBeHidden();
  await remove("two.bacpac").click();
  await expect(panel).toBeHidden();
  await page.reload();
  await taken(page);
  await expect(panel).toBeHidden();
});
