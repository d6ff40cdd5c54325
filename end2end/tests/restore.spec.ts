// R20 to R25: an operator restores one database while everybody else waits outside.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { WORLD, balances, expect, isEnglish, signIn, sqlite, taken, test } from "./console";

/** What the books held at T0, as far as the writer can only add to it. */
const upTo = (entry: string) => `SELECT count(*), sum(debit_cents), sum(credit_cents) FROM entry_line WHERE entry <= ${entry}`;

test("R23 R24 R25 one database comes back to T0, the other is not touched, the site is closed meanwhile", async ({ page, words }, info) => {
  const site = isEnglish(info) ? "lefevre" : "corail";
  const live = (name: string) => join(WORLD, "books", `${site}-${name}.sqlite`);
  await signIn(page, "operator");

  // The chosen backup, as the client would download it: the youngest night.
  await page.goto(`/sites/${site}/databases/${site}-compta`);
  const path = (await page.locator("a[href$='/download']").first().getAttribute("href")) ?? "";
  const chosen = info.outputPath("chosen.sqlite");
  writeFileSync(chosen, await (await page.request.get(path)).body());
  const last = sqlite(chosen, "SELECT max(number) FROM entry");
  const liveBefore = Number(sqlite(live("compta"), "SELECT max(number) FROM entry"));
  expect(liveBefore, "the writer went on since T0").toBeGreaterThan(Number(last));
  const otherBefore = Number(sqlite(live("paie"), "SELECT count(*) FROM payslip"));

  await page.goto(`/sites/${site}/restore?scope=${site}-compta`);
  await taken(page);
  await expect(page.getByRole("heading", { level: 1 })).toContainText(words("Restaurer une sauvegarde", "Restore a backup"));
  await page.locator("#reason").fill(words("Demandé par téléphone", "Asked by telephone"));

  // A code that is not the site's answers beside the field and closes nothing.
  await page.locator("#confirmation").fill("AUTRE");
  await page.locator("button.btn-danger").click();
  await expect(page.locator("#confirmation-e")).toBeVisible();
  expect((await page.request.get(`/gate/${site}`)).status()).toBe(200);

  await page.locator("#confirmation").fill(site);
  const closed = seenClosed(page, site);
  await page.locator("button.btn-danger").click();
  await expect(page).toHaveURL(/\/processes\//);
  expect(await closed, "the gate answered 503 while the site was Restoring").toBe(true);
  await expect(page.getByText("Completed").first()).toBeVisible({ timeout: 60_000 });
  expect((await page.request.get(`/gate/${site}`)).status()).toBe(200);

  balances(live("compta"));
  expect(sqlite(live("compta"), upTo(last))).toBe(sqlite(chosen, upTo(last)));
  expect(Number(sqlite(live("compta"), "SELECT max(number) FROM entry")), "what came after T0 is gone").toBeLessThan(liveBefore);
  expect(sqlite(live("paie"), "PRAGMA integrity_check")).toBe("ok");
  expect(Number(sqlite(live("paie"), "SELECT count(*) FROM payslip"))).toBeGreaterThanOrEqual(otherBefore);

  // The way back is there, outside the quota.
  await page.goto(`/sites/${site}/databases/${site}-compta`);
  await expect(page.getByText(words("Avant restauration", "Before a restore")).first()).toBeVisible();
});

test("a database of PostgreSQL is downloaded as an archive that pg_restore reads, and restored", { tag: "@french" }, async ({ page, words }, info) => {
  await signIn(page, "operator");
  const there = (await page.request.get("/sites/vallee", { headers: { Accept: "text/html" } })).status() === 200;
  if (!there) {
    console.warn("NOT RUN: no PostgreSQL server program on this machine, so the demonstration has no site on it");
    return;
  }
  await page.goto("/sites/vallee/databases/vallee-compta");
  const path = (await page.locator("a[href$='/download']").first().getAttribute("href")) ?? "";
  const folder = info.outputPath("archive");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "a.tar"), await (await page.request.get(path)).body());
  execFileSync("tar", ["-xf", "a.tar"], { cwd: folder });
  const list = execFileSync("pg_restore", ["-l", join(folder, "vallee-compta")], { encoding: "utf8" });
  expect(list).toContain("TABLE DATA");
  expect(existsSync(join(folder, "vallee-compta", "toc.dat"))).toBe(true);

  await page.goto("/sites/vallee/restore?scope=vallee-paie");
  await taken(page);
  await page.locator("#reason").fill(words("Essai", "Trial"));
  await page.locator("#confirmation").fill("VALLEE");
  await page.locator("button.btn-danger").click();
  await expect(page.getByText("Completed").first()).toBeVisible({ timeout: 90_000 });
  expect((await page.request.get("/gate/vallee")).status()).toBe(200);
});

/** Was the site closed at some moment until the process ended? Asked as a proxy would, as fast as it answers. */
async function seenClosed(page: import("@playwright/test").Page, site: string): Promise<boolean> {
  const until = Date.now() + 60_000;
  let closed = false;
  while (Date.now() < until) {
    const status = (await page.request.get(`/gate/${site}`)).status();
    if (status === 503) closed = true;
    else if (closed) return true;
  }
  return closed;
}
