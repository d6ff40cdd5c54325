// What a night that stands for the end of a month or a year must do, on 15 March and through the night after it.
import { type Another, type Words, backupsOf, downloadOf, expect, sha256, signIn, taken } from "../console";
import type { MovedConsole } from "../moved-console";
import { triedTerm } from "./tried-term";

/** A browser, a console that travels and the words of the project. */
type Story = { moved: MovedConsole; another: Another; words: Words };

/** A night as the lists name it, the reason they give for keeping it, and the term of the policy that keeps it. */
type LongKept = { night: string; reason: string; term: "months" | "years" };

/**
 * It is listed with this reason on 15 March, would go if its term were 0, and stays, the same to the byte, when the next night takes
 * the eighth away.
 */
export async function staysThroughTheNextNight({ moved, another, words }: Story, { night, reason, term }: LongKept): Promise<void> {
  await moved.begin("2027-03-15T09:00:00Z");
  const page = await another(moved.url);
  await signIn(page, "admin");
  const row = page.locator("#automatiques tbody tr").filter({ hasText: night });
  const nights = async () => (await backupsOf(page, "dupont", "dupont-compta")).automatic;
  const shown = async () => {
    await page.goto("/sites/dupont/databases/dupont-compta");
    await taken(page);
    await expect(row).toHaveCount(1);
    await expect(row).toContainText(reason);
    const hash = (await row.locator("details.hash code").last().textContent()) ?? "";
    return (await nights()).find((entry) => entry.sha256 === hash)!;
  };
  const kept = await shown();
  const operator = await another(moved.url);
  await signIn(operator, "operator");
  const gone = await triedTerm(operator, term, 0, words);
  await expect(gone).toHaveCount(1);
  await expect(gone).toContainText(night);

  // A night passes, and with it the expiry that takes the eighth night away.
  const eighth = (await nights())[6]!.backup.id;
  await moved.travel("2027-03-16T02:29:00Z");
  await signIn(page, "admin");
  await expect.poll(async () => (await nights()).map((entry) => entry.backup.id), { timeout: 90_000 }).not.toContain(eighth);
  expect(await shown()).toEqual(kept);
  expect(sha256(await (await page.request.get(downloadOf(kept, "dupont-compta"))).body())).toBe(kept.sha256);
}
