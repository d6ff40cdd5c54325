// R26: the file is for those who may have it.
import { backupsOf, call, downloadOf, expect, refusalOf, signIn, taken, test } from "./console";

test("R26 nobody without the right gets a file, and what does not exist is answered like what is another's", async ({ page, words }) => {
  await signIn(page, "operator");
  const mine = downloadOf((await backupsOf(page, "dupont", "dupont-paie")).automatic[0]!, "dupont-paie");
  const foreign = downloadOf((await backupsOf(page, "corail", "corail-paie")).automatic[0]!, "corail-paie");
  const unknown = mine.replace(/backups\/\w+/, "backups/0000000000000000");
  expect((await page.request.get(unknown)).status()).toBe(404);

  await page.context().clearCookies();
  expect((await page.request.get(mine)).status()).toBe(401);

  for (const [person, code] of [["partner", "not-for-partners"], ["viewer", "read-only"]] as const) {
    await page.context().clearCookies();
    await signIn(page, person);
    const answer = await page.request.get(mine);
    expect([answer.status(), await refusalOf(answer)]).toEqual([403, code]);
  }

  await page.context().clearCookies();
  await signIn(page, "admin");
  const answers = [];
  for (const path of [foreign, unknown, mine.replace("dupont-paie", "nothing"), "/backups/A%00/databases/x/download", "/backups/%2e%2e/databases/x/download".replaceAll("%2e", "%252e")]) {
    const answer = await page.request.get(path);
    answers.push([answer.status(), await answer.text()]);
  }
  for (const answer of answers) expect(answer).toEqual(answers[0]);
  expect(answers[0]?.[0]).toBe(404);

  // A person who follows the link gets a page that explains, not a file that is none.
  await page.context().clearCookies();
  await signIn(page, "partner");
  await page.goto(mine);
  await taken(page);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(words("Cela ne vous est pas ouvert", "This is not open to you"));
  await expect(page.locator("main")).toContainText(words("Un partenaire ne télécharge pas", "A partner does not download"));
  expect((await call(page, "read_database", { site: "corail", database: "corail-paie" })).status()).toBe(404);
});
