// R9: five manual backups, however fast one clicks.
import { call, expect, lookAt, processesOf, refusalOf, signIn, taken, test } from "./console";

test("R9 fifty orders at once leave exactly five, and the sixth is refused with its reason", async ({ another, own, words }, info) => {
  await own.begin();
  const page = await another(own.url);
  await signIn(page, "admin");
  await page.goto("/sites/dupont");
  await taken(page);
  const answers = await Promise.all(Array.from({ length: 50 }, () => call(page, "start_backup", { site: "dupont" })));
  const refused = answers.filter((answer) => answer.status() !== 200);
  expect(refused.length).toBe(45);
  for (const answer of refused) expect([answer.status(), await refusalOf(answer)]).toEqual([409, "quota-reached"]);

  // The page, which was open all the while, comes to say so by itself.
  const greyed = page.locator(".ops [aria-describedby=r-backup]");
  await expect(greyed).toHaveAttribute("aria-disabled", "true");
  await expect(page.locator("#t-quota + .note")).toHaveText(words("5 sur 5", "5 of 5"));
  await expect(page.locator(".boxes > li.is-held")).toHaveCount(0, { timeout: 60_000 });
  await expect(page.locator(".boxes > li")).toHaveCount(5);
  await expect(page.locator("#r-backup")).toContainText(words("5 sauvegardes manuelles sur 5. ", "5 manual backups of 5. "));
  await expect.soft(page.locator("#r-backup"), "one full stop ends a sentence").not.toContainText("..");
  const processes = await processesOf(page, "dupont");
  expect(processes.length).toBe(5);
  for (const process of processes) expect(Object.keys(process.state)).toEqual(["completed"]);
  await lookAt(page, "site-quota-full", info);
});
