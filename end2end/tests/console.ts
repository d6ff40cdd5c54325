// What every spec shares: people, words in the language of the project, further browsers, pages that report every error of the
// browser, and judges of what was downloaded.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import AxeBuilder from "@axe-core/playwright";
import { type APIResponse, type Cookie, type Locator, type Page, type Route, type TestInfo, expect, test as base } from "@playwright/test";
import { MovedConsole } from "./moved-console";
import { OwnConsole } from "./own-console";

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

/** A further browser, of the same kind as the project's, with nobody signed in. */
export type Another = (at?: string) => Promise<Page>;

export const test = base.extend<{ words: Words; quiet: void; another: Another; own: OwnConsole; moved: MovedConsole }>({
  words: async ({}, use, info) => use((french, english) => (isEnglish(info) ? english : french)),
  // No page may complain: a refused style, a missing file and a panic are all defects.
  quiet: [
    async ({ page, javaScriptEnabled }, use) => {
      const complaints = listen(page, javaScriptEnabled);
      await use();
      expect(complaints, "the browser's console").toEqual([]);
    },
    { auto: true },
  ],
  another: async ({ browser, javaScriptEnabled }, use, info) => {
    const opened: { page: Page; complaints: string[] }[] = [];
    await use(async (at) => {
      const { baseURL, ...kind } = info.project.use;
      const context = await browser.newContext({ ...kind, baseURL: at ?? baseURL });
      const page = await context.newPage();
      opened.push({ page, complaints: listen(page, javaScriptEnabled) });
      return page;
    });
    for (const { page, complaints } of opened) {
      expect(complaints, "another browser's console").toEqual([]);
      await page.context().close();
    }
  },
  own: async ({}, use, info) => {
    const own = new OwnConsole(info.outputPath("own"));
    await use(own);
    await own.remove();
  },
  moved: async ({}, use, info) => {
    info.setTimeout(300_000); // a world is made, and several times started again
    const moved = new MovedConsole();
    await use(moved);
    await moved.remove();
  },
});
export { expect };

export function isEnglish(info: TestInfo): boolean {
  return info.project.name.endsWith("-en");
}

/** The two ways in which a sentence must hold, each run by its own projects: with script, and with what the server alone draws. */
export const WAYS = [
  { tag: "@script", how: "" },
  { tag: "@noscript", how: ", also without script" },
] as const;

/** The pages whose browser has script switched off. */
const scriptless = new WeakSet<Page>();
export const isScriptless = (page: Page): boolean => scriptless.has(page);

export function listen(page: Page, scripted = true): string[] {
  if (!scripted) scriptless.add(page);
  const complaints: string[] = [];
  page.on("console", (message) => {
    // Chromium itself reports an answer that is a refusal, or a connection that was cut on purpose. Files of the console are
    // looked at below.
    const ordinary = /Failed to load resource|ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_REFUSED/.test(message.text());
    // Where script is switched off, nothing uses what the page preloads for it.
    const preloaded = !scripted && message.text().includes("was preloaded using link preload");
    if (["error", "warning"].includes(message.type()) && !ordinary && !preloaded) complaints.push(message.text());
  });
  page.on("pageerror", (error) => {
    // A page that is left while its module is still on its way gives it up, and Chromium sometimes has the time to say so.
    if (!String(error).includes("Response body loading was aborted")) complaints.push(String(error));
  });
  page.on("response", (answer) => {
    if (answer.status() >= 400 && /\/(pkg|assets)\//.test(answer.url())) complaints.push(`${answer.status()} ${answer.url()}`);
  });
  return complaints;
}

/** Sessions opened before, by console and person: the tests are one household, and signing in is made slow on purpose. */
const sessions = new Map<string, Cookie>();

/** Signs in, by a session opened before if there is one. Whoever signs out again asks for one of their own. */
export async function signIn(page: Page, person: Person, how: "shared" | "own" = "shared"): Promise<void> {
  const key = `${new URL((await page.request.get("/health")).url()).origin} ${person}`;
  const session = sessions.get(key);
  if (session && how === "shared") {
    await page.context().addCookies([session]);
    await page.goto("/sites");
    if (!page.url().includes("/sign-in")) return;
  }
  await page.goto("/sign-in");
  await fillSignIn(page, PEOPLE[person], PASSWORD);
  await expect(page).toHaveURL(/^[^?]*\/sites$/);
  const opened = (await page.context().cookies()).find((cookie) => cookie.name === "coffre-loopback");
  if (opened && how === "shared") sessions.set(key, opened);
}

/** Fills the form that everybody uses, not the buttons of the demonstration, and sends it. */
export async function fillSignIn(page: Page, email: string, password: string): Promise<void> {
  const form = page.locator("form", { has: page.locator("#password") });
  await form.locator("input[name=email]").fill(email);
  await form.locator("input[name=password]").fill(password);
  await form.locator("button.btn-main").click();
}

/** Waits until the browser has taken the page over from the server. A page without script stays as the server drew it. */
export async function taken(page: Page): Promise<void> {
  if (isScriptless(page)) return;
  await expect(page.locator("html[data-taken]")).toBeAttached({ timeout: 30_000 });
}

/** An operation of the site's panel, by the words on it. */
export const operation = (page: Page, name: string): Locator => page.locator(".ops").getByText(name, { exact: true });

/** Goes on with the tabulator until the element has the focus, as somebody without a mouse does. */
export async function tabTo(page: Page, wanted: Locator): Promise<void> {
  const focused = () => wanted.evaluate((element) => element === document.activeElement);
  for (let presses = 0; presses < 80 && !(await focused()); presses += 1) await page.keyboard.press("Tab");
  await expect(wanted, "reachable with the tabulator").toBeFocused();
}

/** Calls a server function as a program would, with the session of the page. */
export async function call(page: Page, name: string, form: Record<string, string>): Promise<APIResponse> {
  return page.request.post(`/api/${name}`, { form, headers: { Accept: "application/json" } });
}

/** Keeps back what the browser asks at this address until it is let go. */
export async function holdBack(page: Page, address: string) {
  const held: Route[] = [];
  let free = false;
  await page.route(address, (route) => (free ? route.continue() : void held.push(route)));
  const letOne = async () => held.shift()?.continue();
  const letAll = async () => {
    free = true;
    while (held.length > 0) await letOne();
  };
  return { count: () => held.length, letOne, letAll };
}

/** The code of a refusal in the answer of a server function or of a plain link. */
export async function refusalOf(answer: APIResponse): Promise<string> {
  const text = await answer.text();
  return /"Refused":\{?"([a-z-]+)"/.exec(text)?.[1] ?? text;
}

/** A process, as far as these tests look at it. */
export type Process = { id: string; kind: unknown; state: Record<string, unknown> | string; attempt: number; backup?: string };

export async function processesOf(page: Page, site: string): Promise<Process[]> {
  return ((await (await call(page, "list_processes", { site })).json()) as { processes: Process[] }).processes;
}

/** A backup of a database, as far as these tests look at it. */
export type Entry = { backup: { id: string; t0: number; kind: string }; bytes: number; sha256: string; file_name: string };
export type Entries = { automatic: Entry[]; manual: Entry[]; safety: Entry[] };

export async function backupsOf(page: Page, site: string, database: string): Promise<Entries> {
  return (await (await call(page, "read_database", { site, database })).json()) as Entries;
}

export const downloadOf = (entry: Entry, database: string): string =>
  `/backups/${entry.backup.id}/databases/${database}/download`;

/** From now on, every text and value that the elements take is noted. A page that was loaded again has forgotten. */
export async function note(page: Page, selector: string): Promise<() => Promise<string[]>> {
  const key = `noted ${selector}`;
  await page.evaluate(
    ([key, selector]) => {
      const noted: string[] = [];
      (window as unknown as Record<string, string[]>)[key] = noted;
      const look = () => {
        const element = document.querySelector(selector);
        const text = element?.getAttribute("value") ?? element?.textContent;
        if (text && noted.at(-1) !== text) noted.push(text);
      };
      const observed = { subtree: true, childList: true, characterData: true, attributes: true };
      new MutationObserver(look).observe(document, observed);
      look();
    },
    [key, selector] as const,
  );
  return async () => {
    const noted = await page.evaluate((key) => (window as unknown as Record<string, string[] | undefined>)[key], key);
    expect(noted, "what was noted is there: the page was not loaded again").toBeDefined();
    return noted ?? [];
  };
}

export async function picture(page: Page, name: string, info: TestInfo): Promise<void> {
  const folder = join(info.config.rootDir, "..", "pictures");
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

/** No rule of accessibility is broken, and nothing sticks out sideways. */
export async function isAccessible(page: Page, what: string): Promise<void> {
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  // Without frames there is nothing to gather in a page of its own, which is what takes most of the time.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).withTags(tags).analyze();
  const told = violations.map((v) => `${v.id}: ${v.nodes.map((node) => node.target.join(" ")).slice(0, 3).join(" | ")}`);
  expect.soft(told, what).toEqual([]);
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect.soft(over, `${what}: pixels that stick out sideways`).toBeLessThanOrEqual(0);
}

export const WIDTHS = [1440, 360] as const;

/**
 * Looks at the page as it stands, light and dark, wide and narrow, without loading it again: both only change the style. The picture
 * of each stays in end2end/pictures.
 */
export async function lookAt(page: Page, name: string, info: TestInfo): Promise<void> {
  const before = page.viewportSize();
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: width < 500 ? 780 : 900 });
      const what = `${name}-${isEnglish(info) ? "en" : "fr"}-${colorScheme}-${width}`;
      await picture(page, what, info);
      await isAccessible(page, what);
    }
  }
  await page.emulateMedia({ colorScheme: null });
  if (before) await page.setViewportSize(before);
}

export const sha256 = (bytes: Buffer | string): string => createHash("sha256").update(bytes).digest("hex");

/** Asks the standard program, not ours. */
export function sqlite(file: string, query: string): string {
  const options = { encoding: "utf8", maxBuffer: 1 << 30 } as const;
  return execFileSync("sqlite3", ["-readonly", "-cmd", ".timeout 5000", file, query], options).trim();
}

/** Accounting that is whole: every entry balances to the cent, and the file is sound. */
export function balances(file: string): void {
  expect(sqlite(file, "PRAGMA integrity_check")).toBe("ok");
  const broken = `SELECT count(*) FROM (SELECT entry FROM entry_line GROUP BY entry HAVING sum(debit_cents) <> sum(credit_cents))`;
  expect(sqlite(file, broken), "entries that do not balance").toBe("0");
  expect(Number(sqlite(file, "SELECT count(*) FROM entry_line"))).toBeGreaterThan(1000);
}

/** Accounting as it was when it held so many entries: the writer only ever adds. */
export const accountingUpTo = (file: string, entry: string): string =>
  sha256(
    sqlite(
      file,
      `SELECT * FROM entry WHERE number <= ${entry} ORDER BY number;
       SELECT * FROM entry_line WHERE entry <= ${entry} ORDER BY entry, position;
       SELECT document, name, bytes, hex(content) FROM attachment
         WHERE document IN (SELECT number FROM invoice WHERE entry <= ${entry}) ORDER BY document`,
    ),
  );

/** Payroll as it was when it held so many payslips. */
export const payrollUpTo = (file: string, payslip: string): string =>
  sha256(
    sqlite(
      file,
      `SELECT * FROM payslip WHERE number <= ${payslip} ORDER BY number;
       SELECT * FROM payslip_line WHERE payslip <= ${payslip} ORDER BY payslip, position;
       SELECT document, name, bytes, hex(content) FROM attachment WHERE document <= ${payslip} ORDER BY document`,
    ),
  );
