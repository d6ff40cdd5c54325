// R12: kept for seven rolling days. In a console that travels, where the eighth night is really made.
import { WAYS, backupsOf, expect, signIn, sqlite, taken, test } from "../console";
import { triedTerm } from "./tried-term";

for (const { tag, how } of WAYS) {
  test(`R12 – kept seven rolling days: night 8 removes night 1, nothing younger goes, and the expiry tells it${how}`, { tag }, async ({ another, moved, words }) => {
    await moved.begin("2026-11-24T20:00:00Z");
    const page = await another(moved.url);
    await signIn(page, "operator");
    const nights = async () => (await backupsOf(page, "dupont", "dupont-compta")).automatic.map((entry) => entry.backup.id);
    const before = await nights(); // seven nights, then the ends of month and year
    expect(before).toHaveLength(9);
    // Were it six nights, the eldest would go today.
    const gone = await triedTerm(page, "days", 6, words);
    await expect(gone).toHaveCount(1);
    await expect(gone).toContainText(words("17 novembre", "17 November"));

    await moved.travel("2026-11-25T02:29:00Z");
    await signIn(page, "operator");
    await expect.poll(async () => (await nights()).includes(before[6]!), { timeout: 90_000 }).toBe(false);
    const after = await nights();
    expect(before, "the eighth is there").not.toContain(after[0]);
    expect(after.slice(1), "nothing else left").toEqual(before.filter((id) => id !== before[6]));

    const expiry = sqlite(moved.store, "SELECT id FROM processes WHERE kind = 'expiry' AND site = 'dupont'");
    await page.goto("/sites/dupont/processes");
    await taken(page);
    await page.locator(`tbody a[href="/processes/${expiry}"]`).first().click();
    await expect(page.getByRole("heading", { level: 1 })).toContainText(words("Expiration", "Expiry"));
    const removed = page.getByRole("table", { name: words("Ce qui a été supprimé", "What was removed") }).locator("tbody tr");
    await expect(removed).toHaveCount(1);
    await expect(removed).toContainText(words("Mardi 17 novembre 2026 (automatique)", "Tuesday 17 November 2026 (automatic)"));
    await expect(removed.locator("td").last()).toContainText(words("7 nuits plus récentes sont complètes", "7 younger nights are complete"));
  });
}
