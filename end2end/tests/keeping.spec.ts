// What keeping and deleting share beside their sentences (R9, R10, R18): who may, and that the bin is emptied for good.
import { readdirSync } from "node:fs";
import { dirname } from "node:path";
import { backupsOf, call, expect, refusalOf, signIn, sqlite, taken, test } from "./console";
import { backedUp, order } from "./kept";

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
