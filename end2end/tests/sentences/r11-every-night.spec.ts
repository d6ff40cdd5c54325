// R11: every night an automatic backup. In a console that travels, whose scheduler makes the nights itself.
import type { Page } from "@playwright/test";
import { WAYS, backupsOf, call, expect, processesOf, signIn, sqlite, taken, test } from "../console";
import type { MovedConsole } from "../moved-console";

const SITES = 5;

/** Which nights were made, as `day|sites`: from the processes, so that a night made twice would be told too. */
const made = (moved: MovedConsole, since: string): string =>
  sqlite(
    moved.store,
    `SELECT business_date, count(*), count(DISTINCT site), group_concat(DISTINCT state) FROM processes
       WHERE kind = 'nightly' AND business_date >= '${since}' GROUP BY business_date ORDER BY business_date`,
  );

const youngest = (page: Page) => page.locator("#automatiques tbody tr").first();

for (const { tag, how } of WAYS) {
  test(`R11 – every night an automatic backup: one per site and night, named by the day that ended; a missed one is made late${how}`, { tag }, async ({ another, moved, words }) => {
    await moved.begin("2026-11-24T20:00:00Z");
    expect(made(moved, "2026-11-24"), "it is not night yet").toBe("");
    const page = await another(moved.url);
    await signIn(page, "operator");
    const before = (await backupsOf(page, "dupont", "dupont-compta")).automatic;

    // 03:29 in Paris, one minute before the window of the night closes.
    await moved.travel("2026-11-25T02:29:00Z");
    const first = `2026-11-24|${SITES}|${SITES}|completed`;
    await expect.poll(() => made(moved, "2026-11-24"), { timeout: 90_000 }).toBe(first);
    await signIn(page, "operator");
    const after = (await backupsOf(page, "dupont", "dupont-compta")).automatic;
    expect(after.filter((entry) => !before.some((known) => known.backup.id === entry.backup.id))).toEqual([after[0]]);
    await page.goto("/sites/dupont/databases/dupont-compta");
    await taken(page);
    await expect(youngest(page)).toContainText(words("Mardi 24 novembre", "Tuesday 24 November"));
    await expect(youngest(page).locator(".late")).toHaveCount(0);

    // Started again within the same night: when work asked for later is done, the scheduler has looked, and made nothing.
    await moved.travel("2026-11-25T02:35:00Z");
    await signIn(page, "operator");
    const { id } = (await (await call(page, "start_backup", { site: "dupont-atelier" })).json()) as { id: string };
    const ended = async () => (await processesOf(page, "dupont-atelier")).find((process) => process.id === id)?.state;
    await expect.poll(ended, { timeout: 60_000 }).toHaveProperty("completed");
    expect(made(moved, "2026-11-24")).toBe(first);

    // Nothing ran during the next night. It is made as soon as possible, and says that it is late.
    await moved.travel("2026-11-26T12:30:00Z");
    await expect.poll(() => made(moved, "2026-11-24"), { timeout: 90_000 }).toBe(`${first}\n2026-11-25|${SITES}|${SITES}|completed`);
    await signIn(page, "operator");
    await page.goto("/sites/dupont/databases/dupont-compta");
    await taken(page);
    await expect(youngest(page)).toContainText(words("Mercredi 25 novembre", "Wednesday 25 November"));
    await expect(youngest(page).locator(".late")).toContainText(words("Tardive", "Late"));
  });

  test(`R11 – every night an automatic backup: an operator says when, and a window beyond noon is answered beside what was typed${how}`, { tag }, async ({ another, own, words }) => {
    await own.begin();
    const page = await another(own.url);
    await signIn(page, "operator");
    await page.goto("/sites/dupont/nights");
    await taken(page);
    await page.locator("#start").fill("11:00");
    await page.locator("#window").fill("90");
    const save = page.getByRole("button", { name: words("Enregistrer", "Save") });
    await save.click();
    await expect(page.getByRole("alert")).toContainText(words("la nuit se termine à midi", "the night ends at noon"));
    await expect(page.locator("#window")).toHaveValue("90");
    await expect(page.locator("#start"), "what was typed is kept").toHaveValue("11:00");
    await page.locator("#start").fill("01:00");
    await save.click();
    await expect(page).toHaveURL(/\/sites\/dupont$/);
    await expect(page.locator("[aria-labelledby=t-nights]")).toContainText(words("Chaque nuit entre 01 h 00 et 02 h 30", "Every night between 01:00 and 02:30"));
  });
}
