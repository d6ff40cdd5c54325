// R20 to R25: an operator restores one database while everybody else waits outside.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import {
  WORLD,
  accountingUpTo,
  backupsOf,
  balances,
  call,
  downloadOf,
  expect,
  isEnglish,
  note,
  payrollUpTo,
  sha256,
  signIn,
  sqlite,
  taken,
  test,
} from "./console";

test("R23 R24 R25 one database comes back to T0, the other is not touched, the site is closed meanwhile", async ({ page, another, words }, info) => {
  const site = isEnglish(info) ? "lefevre" : "corail";
  const live = (name: string) => join(WORLD, "books", `${site}-${name}.sqlite`);
  await signIn(page, "operator");

  // The chosen backup, as the client would download it: the youngest night.
  const night = (await backupsOf(page, site, `${site}-compta`)).automatic[0]!;
  const chosen = info.outputPath("chosen.sqlite");
  writeFileSync(chosen, await (await page.request.get(downloadOf(night, `${site}-compta`))).body());
  const last = sqlite(chosen, "SELECT max(number) FROM entry");
  const liveBefore = Number(sqlite(live("compta"), "SELECT max(number) FROM entry"));
  expect(liveBefore, "the writer went on since T0").toBeGreaterThan(Number(last));
  const payslips = sqlite(live("paie"), "SELECT max(number) FROM payslip");
  const otherBefore = payrollUpTo(live("paie"), payslips);

  // Somebody else has the list of sites open.
  const other = await another();
  await signIn(other, "operator");
  await other.goto(`/sites/${site}`);
  await taken(other);
  const plates = await note(other, ".head .plate");

  await page.goto(`/sites/${site}/databases/${site}-compta`);
  await page.locator("#automatiques").getByRole("link", { name: words("Restaurer", "Restore") }).first().click();
  await expect(page).toHaveURL(/\/restore\?scope=/);
  await expect(page.getByRole("heading", { level: 1 })).toContainText(words("Restaurer une sauvegarde", "Restore a backup"));
  await taken(page);
  await expect(page.locator("input[name=scope]:checked")).toHaveValue(`${site}-compta`);
  await expect(page.locator("input[name=backup]:checked")).toHaveValue(night.backup.id);
  await expect(page.locator("#p1 ~ *").getByText(words("ne correspondra plus", "will no longer match"))).toBeVisible();
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
  await expect(page.locator(".head .plate")).toHaveText(words("TerminéCompleted", "Completed"), { timeout: 60_000 });
  expect((await page.request.get(`/gate/${site}`)).status()).toBe(200);
  await expect(other.locator(".head .plate")).toHaveText(words("PrêtReady", "Ready"));
  expect(await plates(), "told to whoever looks on, without loading the page").toEqual(
    words("PrêtReady|Restauration en coursRestoring|PrêtReady", "Ready|Restoring|Ready").split("|"),
  );

  balances(live("compta"));
  expect(accountingUpTo(live("compta"), last), "as at T0").toBe(accountingUpTo(chosen, last));
  expect(Number(sqlite(live("compta"), "SELECT max(number) FROM entry")), "what came after T0 is gone").toBeLessThan(liveBefore);
  expect(sqlite(live("paie"), "PRAGMA integrity_check")).toBe("ok");
  expect(payrollUpTo(live("paie"), payslips), "the other database is not touched").toBe(otherBefore);

  // The way back is there, outside the quota, and holds what was live.
  const [safety] = (await backupsOf(page, site, `${site}-compta`)).safety;
  const back = info.outputPath("way-back.sqlite");
  writeFileSync(back, await (await page.request.get(downloadOf(safety!, `${site}-compta`))).body());
  balances(back);
  expect(Number(sqlite(back, "SELECT max(number) FROM entry"))).toBeGreaterThanOrEqual(liveBefore);
  await page.goto(`/sites/${site}/databases/${site}-compta`);
  await expect(page.getByRole("heading", { level: 2 }).nth(2)).toHaveText(words("Avant restauration", "Before a restore"));
});

test("a database of PostgreSQL is downloaded as an archive that pg_restore reads, and comes back to T0", { tag: "@french" }, async ({ page, words }, info) => {
  await signIn(page, "operator");
  const there = (await page.request.get("/sites/vallee", { headers: { Accept: "text/html" } })).status() === 200;
  if (!there) {
    console.warn("NOT RUN: no PostgreSQL server program on this machine, so the demonstration has no site on it");
    info.annotations.push({ type: "not run", description: "no PostgreSQL server program on this machine" });
    return;
  }
  /** Unpacks a download, once its hash is the one of the page, and lets the standard program tell what is in a table. */
  const unpacked = async (database: string, entry: Awaited<ReturnType<typeof backupsOf>>["automatic"][0], name: string) => {
    const folder = info.outputPath(name);
    mkdirSync(folder, { recursive: true });
    const file = join(folder, "a.tar");
    writeFileSync(file, await (await page.request.get(downloadOf(entry, database))).body());
    expect(sha256(readFileSync(file))).toBe(entry.sha256);
    execFileSync("tar", ["-xf", "a.tar"], { cwd: folder });
    return join(folder, database);
  };
  const restored = (...options: string[]) => execFileSync("pg_restore", options, { encoding: "utf8", maxBuffer: 1 << 30 });
  const rows = (archive: string, upTo = Number.MAX_SAFE_INTEGER) => {
    const copied = restored("--data-only", "--table=payslip", "--file=-", archive);
    return copied.split("\n").filter((line) => /^\d+\t/.test(line) && Number(line.split("\t")[0]) <= upTo).toSorted();
  };

  await page.goto("/sites/vallee/databases/vallee-paie");
  await expect(page.locator("#automatiques tbody tr").first()).toBeVisible();
  const night = (await backupsOf(page, "vallee", "vallee-paie")).automatic[0]!;
  expect(night.file_name).toMatch(/\.tar$/);
  const chosen = await unpacked("vallee-paie", night, "chosen");
  const list = restored("--list", chosen);
  for (const part of ["TABLE DATA", "FK CONSTRAINT", "INDEX"]) expect(list).toContain(part);
  const held = rows(chosen);
  expect(held.length).toBeGreaterThan(100);
  const accounting = await unpacked("vallee-compta", (await backupsOf(page, "vallee", "vallee-compta")).automatic[0]!, "accounting");
  for (const part of ["BLOB", "VIEW", "FUNCTION", "SEQUENCE"]) expect(restored("--list", accounting)).toContain(part);

  await page.goto("/sites/vallee/restore?scope=vallee-paie");
  await taken(page);
  await page.locator("#reason").fill(words("Essai", "Trial"));
  await page.locator("#confirmation").fill("VALLEE");
  await page.locator("button.btn-danger").click();
  await expect(page.locator(".head .plate")).toHaveText(words("TerminéCompleted", "Completed"), { timeout: 90_000 });
  expect((await page.request.get("/gate/vallee")).status()).toBe(200);

  // What is live now, as a new backup tells: T0, and what has been entered since.
  const process = (await (await call(page, "start_backup", { site: "vallee" })).json()) as { id: string };
  await page.goto(`/processes/${process.id}`);
  await expect(page.locator(".head .plate")).toHaveText(words("TerminéCompleted", "Completed"), { timeout: 60_000 });
  const now = await unpacked("vallee-paie", (await backupsOf(page, "vallee", "vallee-paie")).manual[0]!, "now");
  const youngest = Math.max(...held.map((row) => Number(row.split("\t")[0])));
  expect(rows(now, youngest)).toEqual(held);
});

/** Was the site closed at some moment until the process ended? Asked as a proxy would, as fast as it answers. */
async function seenClosed(page: Page, site: string): Promise<boolean> {
  const until = Date.now() + 60_000;
  let closed = false;
  while (Date.now() < until) {
    const status = (await page.request.get(`/gate/${site}`)).status();
    if (status === 503) closed = true;
    else if (closed) return true;
  }
  return closed;
}
