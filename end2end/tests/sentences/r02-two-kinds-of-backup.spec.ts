// R2: two kinds of backup, manual and automatic. In a console of the test's own.
import { WAYS, backupsOf, call, expect, signIn, taken, test } from "../console";
import { PAGE, backedUp, night, order, rows } from "../kept";

for (const { tag, how } of WAYS) {
  test(`R2 – two kinds of backup, manual and automatic: lists group by kind, and no request can set it${how}`, { tag }, async ({ another, own, words }) => {
    await own.begin();
    const page = await another(own.url);
    await signIn(page, "admin");
    const [first] = await backedUp(page);
    const automatic = night(own, first!);

    // A form that names a kind, in any spelling, makes what the address makes.
    const forms: Record<string, string>[] = [{ kind: "Automatic", business_date: "2026-01-01" }, { "backup[kind]": "safety" }];
    for (const more of forms) {
      const answer = await call(page, "start_backup", { site: "dupont", ...more });
      expect(answer.status()).toBe(200);
      expect(((await answer.json()) as { kind: unknown }).kind).toBe("manual-backup");
    }
    // So does the form of the page itself, to which somebody has added one.
    await page.goto("/sites/dupont/backup");
    await taken(page);
    await page.locator("main form").evaluate((form) => {
      form.insertAdjacentHTML("beforeend", '<input type="hidden" name="kind" value="automatic">');
    });
    await page.getByRole("button", { name: words("Lancer la sauvegarde", "Start the backup") }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(words("Sauvegarde manuelle du site", "Manual backup of the site"));
    await expect.poll(async () => (await backupsOf(page, "dupont", "compta")).manual.length, { timeout: 60_000 }).toBe(4);
    const entries = await backupsOf(page, "dupont", "compta");
    expect(entries.automatic.map((entry) => entry.backup.id)).toEqual([automatic]);
    expect(entries.safety).toEqual([]);
    for (const entry of entries.manual) expect(entry.backup.kind).toBe("Manual");
    // Promotion is for nights alone: it makes nothing else of a manual backup.
    expect((await call(page, "promote_backup", { ...order(first!), kind: "safety" })).status()).not.toBe(200);
    expect((await call(page, "demote_backup", { ...order(first!), kind: "automatic" })).status()).not.toBe(200);
    const { automatic: nights, manual } = await backupsOf(page, "dupont", "compta");
    expect([nights, manual]).toEqual([entries.automatic, entries.manual]);

    await page.goto(PAGE);
    await taken(page);
    await expect(rows(page, "#automatiques")).toHaveCount(1);
    await expect(rows(page, "#manuelles")).toHaveCount(4);
    const headings = words("Sauvegardes automatiques|Sauvegardes manuelles", "Automatic backups|Manual backups").split("|");
    await expect(page.getByRole("heading", { level: 2 })).toHaveText(headings);
  });
}
