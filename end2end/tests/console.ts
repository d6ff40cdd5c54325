// What every spec shares: people, words in the language of the project, a page that reports every error of the browser,
// and judges of what was downloaded.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import AxeBuilder from "@axe-core/playwright";
import { type APIResponse, type Page, type TestInfo, expect, test as base } from "@playwright/test";

export const PASSWORD = "demo-coffre";

export const PEOPLE = {
  admin: "claire.morel@dupont.example",
  viewer: "hugo.petit@dupont.example",
  partner: "karim.haddad@ardoise.example",
  operator: "ines.caron@hebergeur.example",
} as const;
export type Person = keyof typeof PEOPLE;

/** The folder of the demonstration world that these tests run over. */
export const WORLD = join(process.env.COFFRE_E2E_WORLD ?? "", "world");

/** Picks the sentence of the language the project runs in. */
export type Words = (french: string, english: string) => string;

export const test = base.extend<{ words: Words; quiet: void }>({
  words: async ({}, use, info) => use((french, english) => (isEnglish(info) ? english : french)),
  // No page may complain: a refused style, a missing file and a panic are all defects.
  quiet: [
    async ({ page }, use) => {
      const complaints = listen(page);
      await use();
      expect(complaints, "the browser's console").toEqual([]);
    },
    { auto: true },
  ],
});
export { expect };

export function isEnglish(info: TestInfo): boolean {
  return info.project.name.endsWith("-en");
}

export function listen(page: Page): string[] {
  const complaints: string[] = [];
  page.on("console", (message) => {
    // Chromium itself reports an answer that is a refusal, or a connection that was cut on purpose.
    const ordinary = /Failed to load resource|ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_REFUSED/.test(message.text());
    if (["error", "warning"].includes(message.type()) && !ordinary) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  return complaints;
}

export async function signIn(page: Page, person: Person): Promise<void> {
  await page.goto("/sign-in");
  const form = page.locator("form", { has: page.locator("#password, input[type=password]") }).first();
  await form.locator("input[name=email]").fill(PEOPLE[person]);
  await form.locator("input[name=password]").fill(PASSWORD);
  await form.locator("button.btn-main").click();
  await expect(page).toHaveURL(/\/sites$/);
}

/** Waits until the browser has taken the page over from the server. Not for pages without script. */
export async function taken(page: Page): Promise<void> {
  await expect(page.locator("html[data-taken]")).toBeAttached({ timeout: 30_000 });
}

export async function picture(page: Page, name: string, info: TestInfo): Promise<void> {
  const folder = join(info.config.rootDir, "..", "pictures");
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

/** No rule of accessibility is broken, and nothing sticks out sideways. */
export async function isAccessible(page: Page, what: string): Promise<void> {
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const { violations } = await new AxeBuilder({ page }).withTags(tags).analyze();
  const told = violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).slice(0, 3).join(" | ")}`);
  expect(told, what).toEqual([]);
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(over, `${what}: pixels that stick out sideways`).toBeLessThanOrEqual(0);
}

export function sha256(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

/** Asks the standard program, not ours. */
export function sqlite(file: string, query: string): string {
  return execFileSync("sqlite3", ["-readonly", file, query], { encoding: "utf8" }).trim();
}

/** Accounting that is whole: every entry balances to the cent, and the file is sound. */
export function balances(file: string): void {
  expect(sqlite(file, "PRAGMA integrity_check")).toBe("ok");
  const broken = `SELECT count(*) FROM (SELECT entry FROM entry_line GROUP BY entry HAVING sum(debit_cents) <> sum(credit_cents))`;
  expect(sqlite(file, broken), "entries that do not balance").toBe("0");
  expect(Number(sqlite(file, "SELECT count(*) FROM entry_line"))).toBeGreaterThan(1000);
}

/** The code of a refusal in the answer of a server function. */
export async function refusalOf(answer: APIResponse): Promise<string> {
  const text = await answer.text();
  return /"Refused":\{?"([a-z-]+)"/.exec(text)?.[1] ?? text;
}
