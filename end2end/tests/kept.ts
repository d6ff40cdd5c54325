// What the specs of kept and deleted backups share: manual backups, a night made of one, and the places on the page of a database.
import type { Locator, Page } from "@playwright/test";
import type { OwnConsole } from "./own-console";
import { type Words, backupsOf, call, expect } from "./console";

export const PAGE = "/sites/dupont/databases/compta";

/** Manual backups, one after another; their ids, the youngest first. */
export async function backedUp(page: Page, count = 1): Promise<string[]> {
  for (let made = 0; made < count; made += 1) expect((await call(page, "start_backup", { site: "dupont" })).status()).toBe(200);
  await expect(async () => {
    const { active } = (await (await call(page, "read_site", { site: "dupont" })).json() as { summary: { active: unknown[] } }).summary;
    expect(active).toEqual([]);
  }).toPass({ timeout: 60_000 });
  return (await backupsOf(page, "dupont", "compta")).manual.map((entry) => entry.backup.id);
}

/** Makes the control store tell of a night, yesterday's, that holds what a manual backup holds: nobody waits here until it is night. */
export function night(own: OwnConsole, manual: string): string {
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

export const bins = (page: Page, words: Words): Locator =>
  page.locator("#manuelles").getByRole("link", { name: words("Supprimer la sauvegarde manuelle", "Delete the manual backup") });
export const rows = (page: Page, section: string): Locator => page.locator(`${section} tbody tr`);
export const meter = (page: Page): Locator => page.locator("#manuelles .panel-head .note");
export const order = (backup: string) => ({ site: "dupont", database: "compta", backup });
