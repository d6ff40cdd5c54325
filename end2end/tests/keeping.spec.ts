// R9, R10, R18: nights are kept among the manual backups, manual ones are deleted into a bin and put back, and never more than five are
// kept. In a console of the test's own.
import { readdirSync } from "node:fs";
import { dirname } from "node:path";
import type { Locator, Page } from "@playwright/test";
import type { OwnConsole } from "./own-console";
import { type Words, backupsOf, call, downloadOf, expect, lookAt, refusalOf, sha256, signIn, sqlite, taken, test } from "./console";

const PAGE = "/sites/dupont/databases/compta";

/** Manual backups, one after another; their ids, the youngest first. */
async function backedUp(page: Page, count = 1): Promise<string[]> {
  for (let made = 0; made < count; made += 1) expect((await call(page, "start_backup", { site: "dupont" })).status()).toBe(200);
  await expect(async () => {
    const { active } = (await (await call(page, "read_site", { site: "dupont" })).json() as { summary: { active: unknown[] } }).summary;
    expect(active).toEqual([]);
  }).toPass({ timeout: 60_000 });
  return (await backupsOf(page, "dupont", "compta")).manual.map((entry) => entry.backup.id);
}

/** Makes the control store tell of a night, yesterday's, that holds what a manual backup holds: nobody waits here until it is night. */
function night(own: OwnConsole, manual: string): string {
  own.change(
    own.store,
    `BEGIN IMMEDIATE;
     UPDATE revisions SET value = value + 1;
     INSERT INTO processes (id, site, kind, exclusive, business_date, requested_by, requested_at, state, attempt, percent, started_at,
         ended_at, t0, made_backup, revision, updated_at)
       SELECT 'night-process', site, 'nightly', 1, date('now', '-1 day'), '', requested_at, state, attempt, percent, started_at,
         ended_at, t0, 'night', (SELECT value FROM revisions), updated_at
       FROM processes WHERE made_backup = '${manual}';
     INSERT INTO backups (id, site, kind, process, t0, skew_ms, completed_at, business_date, requested_by, snapshot)
       SELECT 'night', site, 'automatic', 'night-process', t0, skew_ms, completed_at, date('now', '-1 day'), '', snapshot
       FROM backups WHERE id = '${manual}';
     INSERT INTO artifacts SELECT 'night', position, database, database_name, engine, engine_version, frozen_at, files, download_bytes,
         download_sha256, row_counts FROM artifacts WHERE backup = '${manual}';
     COMMIT;`,
  );
  return "night";
}

const bins = (page: Page, words: Words): Locator =>
  page.locator("#manuelles").getByRole("link", { name: words("Supprimer la sauvegarde manuelle", "Delete the manual backup") });
const rows = (page: Page, section: string): Locator => page.locator(`${section} tbody tr`);
const meter = (page: Page): Locator => page.locator("#manuelles .panel-head .note");
const order = (backup: string) => ({ site: "dupont", database: "compta", backup });

test("R10 the bin asks first, naming date and size; what is deleted leaves every open page and can be put back", async ({ another, own, words }, info) => {
  await own.begin();
  const page = await another(own.url);
  await signIn(page, "admin");
  const [young, old] = await backedUp(page, 2);
  const entry = (await backupsOf(page, "dupont", "compta")).manual.find((each) => each.backup.id === young)!;
  await page.goto(PAGE);
  await taken(page);
  const watching = await another(own.url);
  await signIn(watching, "operator");
  await watching.goto(PAGE);
  await taken(watching);
  await expect(rows(watching, "#manuelles")).toHaveCount(2);
  await lookAt(page, "keeping-manual", info);

  // Asked and not confirmed: nothing happens, and the focus is back on the bin.
  await bins(page, words).first().click();
  const dialog = page.getByRole("dialog");
  const title = dialog.getByRole("heading", { level: 2 });
  const named = words("^Supprimer la sauvegarde du .+ à \\d\\d.h.\\d\\d \\(.+o\\)$", "^Delete the backup of .+, \\d\\d:\\d\\d \\(.+B\\)$");
  await expect(title).toHaveText(new RegExp(named, "u"));
  await expect(dialog).toContainText(words("Pendant 7 jours, elle peut être remise", "For 7 days it can be put back"));
  await lookAt(page, "keeping-delete", info);
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(bins(page, words).first()).toBeFocused();
  await bins(page, words).first().click();
  await dialog.getByRole("link", { name: words("Ne pas supprimer", "Do not delete") }).click();
  await expect(dialog).toBeHidden();
  expect((await backupsOf(page, "dupont", "compta")).manual.length).toBe(2);

  await bins(page, words).first().click();
  await dialog.getByRole("button", { name: words("Supprimer", "Delete") }).click();
  const said = page.getByRole("status").filter({ hasText: words("est dans la corbeille", "is in the bin") });
  await expect(said).toBeVisible();
  for (const each of [page, watching]) {
    await expect(rows(each, "#manuelles")).toHaveCount(1);
    await expect(meter(each)).toContainText(words("1 sur 5", "1 of 5"));
    await each.locator("#corbeille summary").click();
    await expect(rows(each, "#corbeille")).toHaveCount(1);
    await expect(rows(each, "#corbeille")).toContainText("Claire Morel");
  }
  await lookAt(page, "keeping-bin", info);

  // It is nowhere else.
  expect((await page.request.get(downloadOf(entry, "compta"))).status()).toBe(404);
  expect((await call(page, "start_export", { backup: young!, database: "compta" })).status()).toBe(404);
  const restore = { site: "dupont", scope: "compta", backup: young!, reason: "Essai", confirmation: "DUPONT" };
  expect((await call(watching, "start_restore", restore)).status()).toBe(422);
  await watching.goto("/sites/dupont/restore");
  await expect(watching.locator(`input[name=backup][value="${young}"]`)).toHaveCount(0);
  await expect(watching.locator(`input[name=backup][value="${old}"]`)).toHaveCount(1);
  await watching.goto(PAGE);
  await taken(watching);

  await said.getByRole("button", { name: words("Annuler", "Undo") }).click();
  for (const each of [page, watching]) {
    await expect(rows(each, "#manuelles")).toHaveCount(2);
    await expect(each.locator("#corbeille")).toHaveCount(0);
  }
  expect(sha256(await (await page.request.get(downloadOf(entry, "compta"))).body())).toBe(entry.sha256);
});

test("R18 a night is kept among the manual ones with its hash, and no longer kept after its consequence was said", async ({ another, own, words }, info) => {
  await own.begin();
  const page = await another(own.url);
  await signIn(page, "admin");
  const [manual] = await backedUp(page);
  const kept = night(own, manual!);
  await page.goto(PAGE);
  await taken(page);
  const watching = await another(own.url);
  await signIn(watching, "operator");
  await watching.goto(PAGE);
  await taken(watching);
  const { sha256: hash } = (await backupsOf(page, "dupont", "compta")).automatic[0]!;
  await lookAt(page, "keeping-night", info);

  await page.locator("#automatiques").getByRole("button", { name: words("Conserver comme sauvegarde manuelle", "Keep as a manual backup") }).click();
  await expect(page.getByRole("status").filter({ hasText: words("est conservée", "is kept") })).toBeVisible();
  const row = (each: Page) => rows(each, "#manuelles").filter({ hasText: words("Automatique, conservée le", "Automatic, kept on") });
  for (const each of [page, watching]) {
    await expect(row(each)).toHaveCount(1);
    await expect(rows(each, "#automatiques")).toHaveCount(0);
    await expect(meter(each)).toContainText(words("2 sur 5", "2 of 5"));
  }
  const entry = (await backupsOf(page, "dupont", "compta")).manual.find((each) => each.backup.id === kept)!;
  expect(entry.sha256).toBe(hash);
  expect(sha256(await (await page.request.get(downloadOf(entry, "compta"))).body())).toBe(hash);
  await lookAt(page, "keeping-kept", info);

  // It has no bin, and a forged call is refused with the reason.
  await expect(row(page).locator(".is-bin")).toHaveCount(0);
  const forged = await call(page, "delete_backup", order(kept));
  expect([forged.status(), await refusalOf(forged)]).toEqual([409, "not-manual"]);

  await row(page).getByRole("link", { name: words("Ne plus conserver", "Keep no longer") }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText(words("Elle redevient une sauvegarde automatique", "It becomes an automatic backup again"));
  await lookAt(page, "keeping-release", info);
  await dialog.getByRole("button", { name: words("Ne plus conserver", "Keep no longer") }).click();
  for (const each of [page, watching]) {
    await expect(rows(each, "#automatiques")).toHaveCount(1);
    await expect(meter(each)).toContainText(words("1 sur 5", "1 of 5"));
  }
  expect((await backupsOf(page, "dupont", "compta")).automatic[0]!.sha256).toBe(hash);
});

test("R9 fifty orders of both kinds at 4 of 5 leave exactly five; the refusal names the way out, which then works", async ({ another, own, words }, info) => {
  await own.begin();
  const page = await another(own.url);
  await signIn(page, "admin");
  const made = await backedUp(page, 4);
  const kept = night(own, made[0]!);
  await page.goto("/sites/dupont");
  await taken(page);
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, at) =>
      at % 2 ? call(page, "start_backup", { site: "dupont" }) : call(page, "promote_backup", order(kept)),
    ),
  );
  // Keeping what is kept already changes nothing: if the night won, each of its 25 orders is answered by it.
  const refused = answers.filter((answer) => answer.status() !== 200);
  expect([49, 25]).toContain(refused.length);
  for (const answer of refused) expect([answer.status(), await refusalOf(answer)]).toEqual([409, "quota-reached"]);
  await expect(page.locator("#t-quota + .note")).toHaveText(words("5 sur 5", "5 of 5"));
  await expect(page.locator(".boxes > li.is-held")).toHaveCount(0, { timeout: 60_000 });

  const reason = page.locator("#r-backup");
  await expect(reason).toContainText(words("5 sauvegardes manuelles sur 5. Supprimez-en une, par exemple celle du ", "5 manual backups of 5. Delete one, for example the one of "));
  await expect.soft(reason, "one full stop ends a sentence").not.toContainText("..");
  // The way out, by the menu entry of the fiche.
  await page.locator(".ops").getByRole("link", { name: words("Supprimer une sauvegarde manuelle", "Delete a manual backup") }).click();
  await expect(page).toHaveURL(/\/databases\/compta#manuelles$/);
  await lookAt(page, "keeping-full", info);
  const oldest = made.at(-1)!;
  await page.locator(`#manuelles a[href$="/backups/${oldest}/delete"]`).click();
  await page.getByRole("dialog").getByRole("button", { name: words("Supprimer", "Delete") }).click();
  await expect(meter(page)).toContainText(words("4 sur 5", "4 of 5"));
  await backedUp(page, 1);
  const full = await call(page, "put_back_backup", order(oldest));
  expect([full.status(), await refusalOf(full)]).toEqual([409, "quota-reached"]);
  await expect(meter(page)).toContainText(words("5 sur 5", "5 of 5"));
});

test("R10 R18 who may neither keep nor delete sees it greyed with the reason, and a forged order is refused", async ({ page, words }) => {
  for (const [person, site, database, keeping, deleting] of [
    ["viewer", "dupont", "dupont-compta", "read-only", "read-only"],
    ["partner", "dupont-atelier", "atelier-compta", "not-delegated", "client-only"],
  ] as const) {
    await page.context().clearCookies();
    await signIn(page, person);
    const entry = (await backupsOf(page, site, database)).automatic[0]!;
    await page.goto(`/sites/${site}/databases/${database}`);
    await taken(page);
    const keep = page.locator("#automatiques").getByRole("button", { name: words("Conserver comme sauvegarde manuelle", "Keep as a manual backup") });
    await expect(keep.first()).toHaveAttribute("aria-disabled", "true");
    await expect(keep.first()).toHaveAccessibleDescription(/\S{3,}/);
    for (const [act, code] of [
      ["promote_backup", keeping],
      ["demote_backup", keeping],
      ["delete_backup", deleting],
      ["put_back_backup", deleting],
    ] as const) {
      const answer = await call(page, act, { site, database, backup: entry.backup.id });
      expect([act, answer.status(), await refusalOf(answer)]).toEqual([act, 403, code]);
    }
  }
});

test("after a week what was deleted is gone for good, even from a server that was killed meanwhile", { tag: "@french" }, async ({ another, own }) => {
  await own.begin();
  const page = await another(own.url);
  await signIn(page, "admin");
  const [gone, stays] = await backedUp(page, 2);
  const snapshots = () => readdirSync(dirname(own.store), { recursive: true }).filter((path) => /snapshots\/[0-9a-f]+$/.test(String(path)));
  expect(snapshots().length).toBe(2);
  expect((await call(page, "delete_backup", order(gone!))).status()).toBe(200);
  await own.kill();
  expect(snapshots().length).toBe(2);
  // As if the week had passed, and the first of the three steps had been done.
  own.change(own.store, "UPDATE backups SET deleted_at = 1, gone_at = 2 WHERE deleted_at IS NOT NULL; UPDATE backups SET purging = 1 WHERE deleted_at = 1;");
  await own.start();
  await expect(() => expect(snapshots().length).toBe(1)).toPass({ timeout: 30_000 });
  await expect(() => expect(sqlite(own.store, "SELECT group_concat(id) FROM backups")).toBe(stays)).toPass({ timeout: 30_000 });
  expect(sqlite(own.store, "SELECT count(*) FROM artifacts WHERE backup NOT IN (SELECT id FROM backups)")).toBe("0");
  expect((await call(page, "put_back_backup", order(gone!))).status()).toBe(404);
});

test("without script one deletes through a page and puts back from the bin", { tag: "@noscript" }, async ({ another, own }) => {
  await own.begin();
  const page = await another(own.url);
  await signIn(page, "admin");
  await backedUp(page);
  await page.goto(PAGE);
  const bin = page.locator("#manuelles a.is-bin");
  await bin.click();
  await expect(page).toHaveURL(/\/backups\/[\w-]+\/delete$/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/^Supprimer la sauvegarde du .+\(.+o\)$/u);
  await page.getByRole("link", { name: "Ne pas supprimer" }).click();
  await expect(bin).toHaveCount(1);
  await bin.click();
  await page.getByRole("button", { name: "Supprimer" }).click();
  await expect(page).toHaveURL(/\/databases\/compta\?deleted=/);
  await expect(page.locator(".notice-ok")).toContainText("est dans la corbeille");
  await expect(bin).toHaveCount(0);
  await page.locator("#corbeille summary").click();
  await page.locator("#corbeille").getByRole("button", { name: "Remettre" }).click();
  await expect(bin).toHaveCount(1);
  await expect(page.locator("#corbeille")).toHaveCount(0);
});
