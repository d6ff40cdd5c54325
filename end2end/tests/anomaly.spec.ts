// A backup that lost most rows of a table: marked, told on the page of the site, and decided about. In a console of the test's own, whose
// tables lose their rows by the standard program.
import type { Page } from "@playwright/test";
import type { OwnConsole } from "./own-console";
import { type Words, backupsOf, call, expect, lookAt, processesOf, refusalOf, signIn, sqlite, taken, test } from "./console";

const SITE = "/sites/dupont";
const LIST = "/sites/dupont/databases/compta";

/** A manual backup, to its end; its id. */
async function backedUp(page: Page): Promise<string> {
  expect((await call(page, "start_backup", { site: "dupont" })).status()).toBe(200);
  await expect(async () => {
    const states = (await processesOf(page, "dupont")).map((process) => JSON.stringify(process.state));
    expect(states.filter((state) => !/completed/iu.test(state))).toEqual([]);
  }).toPass({ timeout: 60_000 });
  return (await backupsOf(page, "dupont", "compta")).manual[0]!.backup.id;
}

/** Three backups with 4,200 entries and a fourth without most of them; the id of the fourth. */
async function lost(page: Page, own: OwnConsole): Promise<string> {
  const book = own.book("compta");
  own.change(book, `CREATE TABLE F_ECRITUREC (EC_No INTEGER PRIMARY KEY); INSERT INTO F_ECRITUREC SELECT value FROM generate_series(1, 4200);`);
  const usual: string[] = [];
  for (let made = 0; made < 3; made += 1) usual.push(await backedUp(page));
  own.change(book, "DELETE FROM F_ECRITUREC WHERE EC_No > 120");
  const unusual = await backedUp(page);
  expect(sqlite(own.store, "SELECT group_concat(review) FROM (SELECT review FROM backups ORDER BY t0)")).toBe("usual,usual,usual,undecided");
  for (const backup of usual) {
    const refused = await call(page, "decide_backup", { site: "dupont", backup, verdict: "accept" });
    expect(await refusalOf(refused)).toBe("not-unusual");
  }
  return unusual;
}

const fact = (words: Words): RegExp =>
  new RegExp(words("est inhabituelle.: table F_ECRITUREC de Comptabilité 4.200 → 120 lignes \\(−97.%\\)", "is unusual: table F_ECRITUREC of Comptabilité 4,200 → 120 rows \\(−97%\\)"), "u");
const alert = (page: Page, words: Words) => page.locator(".notice-busy").filter({ hasText: words("inhabituelle", "unusual") });
const frozen = (words: Words): string =>
  words("Les anciennes sauvegardes ne sont plus supprimées tant que personne n’a décidé.", "Older backups are no longer deleted until somebody has decided.");

test("a backup without most of its rows is marked on every page, explained, and accepted", async ({ another, own, words }, info) => {
  await own.begin();
  const page = await another(own.url);
  await signIn(page, "admin");
  const watching = await another(own.url);
  await signIn(watching, "operator");
  await watching.goto(SITE);
  await taken(watching);
  const unusual = await lost(page, own);

  // Whoever had the page of the site open is told without doing anything.
  await expect(alert(watching, words)).toContainText(fact(words));
  await expect(alert(watching, words)).toContainText(frozen(words));
  await lookAt(watching, "unusual-site", info);

  await page.goto(LIST);
  await taken(page);
  const row = page.locator("#manuelles tbody tr").first();
  await expect(row.locator(".plate-busy")).toHaveText(words("Inhabituelle", "Unusual"));
  await expect(page.locator("#manuelles .plate-busy")).toHaveCount(1);
  await lookAt(page, "unusual-list", info);
  await row.getByRole("link", { name: words("Examiner et décider", "Review and decide") }).click();
  await expect(page).toHaveURL(`${own.url}${SITE}/backups/${unusual}/review`);
  await expect(page.getByRole("heading", { level: 1 })).toContainText(words("est inhabituelle", "is unusual"));
  const facts = page.locator("section", { has: page.locator("#t-facts") }).locator("tbody tr");
  await expect(facts).toHaveCount(1);
  await expect(facts).toContainText("F_ECRITUREC");
  await expect(facts).toContainText(/4.200/u);
  await page.locator("#lignes summary").first().click();
  await expect(page.locator("#lignes tbody tr", { hasText: "F_ECRITUREC" }).first()).toContainText("120");
  await lookAt(page, "unusual-review", info);

  await page.getByLabel(words("Motif (facultatif)", "Reason (optional)")).fill("Archivage de l’exercice 2019");
  await page.getByRole("button", { name: words("Accepter", "Accept"), exact: true }).click();
  const decided = page.locator(".notice-ok");
  await expect(decided).toContainText(words("Acceptée par Claire Morel", "Accepted by Claire Morel"));
  await expect(decided).toContainText("Archivage de l’exercice 2019");
  await expect(alert(watching, words), "open pages follow").toHaveCount(0);
  await lookAt(page, "unusual-accepted", info);

  // Its level is the normal one now.
  await backedUp(page);
  expect(sqlite(own.store, "SELECT group_concat(review) FROM (SELECT review FROM backups ORDER BY t0)")).toBe("usual,usual,usual,accepted,usual");

  // Somebody else changes the decision, and both are written down.
  await watching.goto(`${SITE}/backups/${unusual}/review`);
  await taken(watching);
  await watching.getByText(words("Changer la décision", "Change the decision")).click();
  await watching.getByRole("button", { name: words("Finalement, rejeter", "Reject after all") }).click();
  await expect(watching.locator(".notice").first()).toContainText(words("Rejetée par Inès Caron", "Rejected by Inès Caron"));
  await expect(page.locator(".notice").first()).toContainText(words("Rejetée par Inès Caron", "Rejected by Inès Caron"));
  const trail = "SELECT group_concat(action || ' ' || outcome || ' ' || name, ', ') FROM audit_trail WHERE action IN ('backup.accept', 'backup.reject') AND outcome = 'done'";
  expect(sqlite(own.store, trail)).toBe("backup.accept done Claire Morel, backup.reject done Inès Caron");
});

test.describe("without script", () => {
  test.use({ javaScriptEnabled: false });

  test("it is told, explained and rejected by plain pages and a form", async ({ another, own, words }) => {
    await own.begin();
    const page = await another(own.url);
    await signIn(page, "admin");
    await lost(page, own);
    await page.goto(SITE);
    await expect(alert(page, words)).toContainText(fact(words));
    await alert(page, words).getByRole("link", { name: words("Examiner et décider", "Review and decide") }).click();
    await expect(page.getByRole("heading", { level: 1 })).toContainText(words("est inhabituelle", "is unusual"));
    await page.getByRole("button", { name: words("Rejeter", "Reject"), exact: true }).click();
    await expect(page.locator(".notice").first()).toContainText(words("Rejetée par Claire Morel", "Rejected by Claire Morel"));
    await page.goto(SITE);
    await expect(alert(page, words)).toHaveCount(0);
    await page.goto(LIST);
    await expect(page.locator("#manuelles tbody tr").first()).toContainText(words("Inhabituelle, rejetée", "Unusual, rejected"));
  });
});
