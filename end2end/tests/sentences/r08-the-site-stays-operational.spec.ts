// R8: the site stays operational, but what is recorded meanwhile is not in the backup. In a console of the test's own.
import { writeFileSync } from "node:fs";
import { WAYS, backupsOf, call, downloadOf, expect, isScriptless, processesOf, signIn, sqlite, taken, test } from "../console";

/** Enough for a backup that is still running when one has looked at the site and written to it. */
const MEGABYTES = 120;

for (const { tag, how } of WAYS) {
  test(`R8 – the site stays operational, but what is recorded meanwhile is not in the backup${how}`, { tag }, async ({ another, own, words }, info) => {
    await own.begin(MEGABYTES);
    const page = await another(own.url);
    await signIn(page, "admin");
    await page.goto("/sites/dupont");
    await taken(page);
    const count = (file: string) => sqlite(file, "SELECT count(*) FROM entry");
    const before = count(own.book("compta"));

    const { id } = (await (await call(page, "start_backup", { site: "dupont" })).json()) as { id: string };
    const state = async () => (await processesOf(page, "dupont")).find((process) => process.id === id)?.state;
    // Since T0, which the control store records when everything is frozen, the writer goes on.
    const frozen = () => sqlite(own.store, `SELECT t0 IS NOT NULL FROM processes WHERE id = '${id}'`);
    await expect.poll(frozen, { timeout: 30_000, intervals: [20] }).toBe("1");
    own.change(own.book("compta"), "INSERT INTO entry VALUES (1000001, 'meanwhile');");
    expect(await state(), "it was still running when that was written").toHaveProperty("running");
    expect((await page.request.get("/gate/dupont")).status(), "the site is open").toBe(200);
    const underWay = page.locator(".boxes > li.is-held");
    // Without script a page that was at rest does not know that something has begun, and is opened again.
    if (isScriptless(page)) await page.goto("/sites/dupont");
    await expect(underWay).toHaveCount(1);
    await expect(page.locator(".head .plate")).toHaveText(words("PrêtReady", "Ready"));

    await expect.poll(state, { timeout: 90_000 }).toHaveProperty("completed");
    await expect(underWay, "the page comes to know it by itself").toHaveCount(0);
    await expect(page.locator(".head .plate")).toHaveText(words("PrêtReady", "Ready"));
    const [entry] = (await backupsOf(page, "dupont", "compta")).manual;
    const file = info.outputPath("backup.sqlite");
    writeFileSync(file, await (await page.request.get(downloadOf(entry!, "compta"))).body());
    expect(sqlite(file, "PRAGMA integrity_check")).toBe("ok");
    expect(count(file), "the state at the start").toBe(before);
    expect(sqlite(file, "SELECT count(*) FROM entry WHERE content = 'meanwhile'")).toBe("0");
    expect(sqlite(own.book("compta"), "SELECT count(*) FROM entry WHERE content = 'meanwhile'")).toBe("1");
  });
}
