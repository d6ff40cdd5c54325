// R12, R13, R14: the retention policy of a site is read by everybody who sees it; an operator tries another and sees what would go, when
// and why, before saving it. In a console of the test's own, with a week of nights.
import type { Page } from "@playwright/test";
import type { OwnConsole } from "./own-console";
import { backupsOf, call, expect, isAccessible, lookAt, refusalOf, signIn, sqlite, taken, test } from "./console";

const PAGE = "/sites/dupont/retention";

/** One real backup, and the last seven nights as if each had made it: nobody waits here until it is night. */
async function aWeek(page: Page, own: OwnConsole): Promise<void> {
  expect((await call(page, "start_backup", { site: "dupont" })).status()).toBe(200);
  await expect(async () => expect((await backupsOf(page, "dupont", "compta")).manual).toHaveLength(1)).toPass({ timeout: 60_000 });
  const nights = Array.from({ length: 7 }, (_, back) => {
    const [id, process, date] = [`'night-${back}'`, `'process-${back}'`, `date('now', '-${back + 1} day')`];
    // An hour before now on the day after, whatever the hour: a night of the small hours may still be to come today.
    const at = `(strftime('%s', 'now', '-${back} day') - 3600) * 1000`;
    return `UPDATE revisions SET value = value + 1;
     INSERT INTO processes (id, site, kind, exclusive, business_date, requested_by, requested_at, state, attempt, percent, started_at,
         ended_at, t0, made_backup, revision, updated_at)
       SELECT ${process}, site, 'nightly', 1, ${date}, '', ${at}, state, attempt, percent, ${at}, ${at}, ${at}, ${id},
         (SELECT value FROM revisions), ${at}
       FROM processes WHERE kind = 'manual' AND made_backup IS NOT NULL LIMIT 1;
     INSERT INTO backups (id, site, kind, process, t0, skew_ms, completed_at, business_date, requested_by, snapshot)
       SELECT ${id}, site, 'automatic', ${process}, ${at}, skew_ms, ${at}, ${date}, '', snapshot FROM backups WHERE kind = 'manual' LIMIT 1;
     INSERT INTO artifacts SELECT ${id}, position, database, database_name, engine, engine_version, frozen_at, files, download_bytes,
         download_sha256, row_counts FROM artifacts WHERE backup = (SELECT id FROM backups WHERE kind = 'manual' LIMIT 1);`;
  });
  own.change(own.store, `BEGIN IMMEDIATE; ${nights.join("\n")} COMMIT;`);
}

const PARTS = ["#changes", "[aria-labelledby=t-stored]", ".months", ".legend", "[aria-labelledby=t-on]", ".ahead"];

/** Where the text of the page as it stands and of what the server draws for an address first differ; empty where they do not. */
async function differences(page: Page, address: string): Promise<string[]> {
  return page.evaluate(
    async ([address, parts]) => {
      const html = await (await fetch(address, { headers: { Accept: "text/html" } })).text();
      const other = new DOMParser().parseFromString(html, "text/html");
      const text = (from: Document, part: string) => (from.querySelector(part)?.textContent ?? "nothing").replace(/\s+/g, " ").trim();
      return parts.map((part) => {
        const [here, there] = [text(document, part), text(other, part)];
        if (here === there) return here.length > 20 ? "" : `${part} is empty`;
        const at = [...here].findIndex((sign, at) => sign !== there[at]);
        return `${part}: here ${here.slice(at - 30, at + 60)}, there ${there.slice(at - 30, at + 60)}`;
      });
    },
    [address, PARTS] as const,
  );
}

const inFourMonths = (): string => new Date(Date.now() + 120 * 24 * 3_600_000).toISOString().slice(0, 10);

test("R12 R13 R14 an operator tries three nights, sees what goes and when before saving, and saves", async ({ another, own, words }, info) => {
  await own.begin();
  const page = await another(own.url);
  await signIn(page, "operator");
  await aWeek(page, own);
  const watching = await another(own.url);
  await signIn(watching, "admin");
  await watching.goto(PAGE);
  await taken(watching);

  await page.goto("/sites/dupont");
  await taken(page);
  await page.getByRole("link", { name: words("Ce qui est gardé, et jusqu’à quand", "What is kept, and until when") }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(words("Conservation", "Retention"));
  const save = page.getByRole("button", { name: words("Enregistrer la règle", "Save the rule") });
  await expect(save, "nothing to save").toHaveAttribute("aria-disabled", "true");
  const stored = page.locator("section[aria-labelledby=t-stored] tbody tr");
  await expect(stored).toHaveCount(8);

  const days = page.locator("#days");
  await days.fill("0");
  await expect(page.locator("#days-e")).toHaveText(words("Le nombre de nuits va de 1 à 366.", "The number of nights lies between 1 and 366."));
  await expect(days).toHaveAttribute("aria-invalid", "true");
  await expect(save).toHaveAttribute("aria-disabled", "true");
  await save.click({ force: true });
  await expect(page.locator("main [role=alert]"), "it is not even sent").toHaveCount(0);

  await days.fill("3");
  const changes = page.locator("#changes");
  await expect(changes.locator(".notice")).toContainText(words("4 sauvegardes partent dès l’enregistrement.", "4 backups go when you save."));
  await expect(changes.locator(".told li")).toHaveCount(4);
  await expect(changes.locator(".told li").first()).toContainText(words("3 nuits plus récentes sont complètes", "3 younger nights are complete"));
  await expect(changes.locator(".told li .was").first()).toContainText(words("Règle actuelle\u00a0: gardée jusqu’au", "Present rule: kept until"));
  await expect(stored.locator("mark", { hasText: words("Dès l’enregistrement", "When you save") })).toHaveCount(4);

  // Any day of the calendar can be asked what would be there: by its field, by the slider, by a click.
  const heading = page.locator("#t-on");
  const slider = page.getByRole("slider");
  await slider.focus();
  await page.keyboard.press("End");
  await expect(page.locator("#on")).not.toHaveValue(new Date().toISOString().slice(0, 10));
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowRight");
  await expect(slider).toHaveAttribute("aria-valuetext", /\d{4}$/);
  const day = inFourMonths();
  await page.locator(`[data-day='${day}']`).click();
  await expect(page.locator("#on")).toHaveValue(day);
  await expect(page.locator(".months td.is-on")).toHaveCount(1);
  await expect(page.locator(".months td.is-there.k-j"), "three nights").toHaveCount(3);
  await expect(heading).toContainText(words("sauvegardes", "backups"));
  const listed = page.locator("section[aria-labelledby=t-on] .told > ul > li");
  await expect(listed.first()).toContainText(words("3 nuits", "3 nights"));
  await lookAt(page, "retention-tried", info);

  // The browser and the server come to the same.
  const address = `${PAGE}?days=3&months=1&years=1&safety=7&on=${day}`;
  expect(await differences(page, address)).toEqual(PARTS.map(() => ""));

  // A backup that completes meanwhile is shown, and takes nothing of what was typed away.
  expect((await call(page, "start_backup", { site: "dupont" })).status()).toBe(200);
  await expect(stored).toHaveCount(9, { timeout: 60_000 });
  await expect(days).toHaveValue("3");
  await expect(changes.locator(".told li")).toHaveCount(4);

  const rule = words("3 dernières nuits, 1 fin de mois, 1 fin d’année", "Last 3 nights, 1 month-end, 1 year-end");
  await save.click();
  await expect(page.locator(".notice-ok[class], [role=status] .notice-ok").first()).toContainText(words("La règle est enregistrée.", "The rule is saved."));
  await expect(page.locator(".lead")).toContainText(rule);
  await expect(watching.locator(".lead"), "an open page follows").toContainText(rule);
  await page.reload();
  await taken(page);
  await expect(days).toHaveValue("3");
  await expect(page.locator(".lead")).toContainText(rule);
  expect(sqlite(own.store, "SELECT action, outcome, detail FROM audit_trail WHERE action = 'policy.set'")).toBe(
    "policy.set|done|days 7 months 1 years 1 safety 7 -> days 3 months 1 years 1 safety 7",
  );
});

test("R12 R13 R14 a client reads the rule and every reason, and cannot change it", async ({ another, own, words }) => {
  await own.begin();
  const page = await another(own.url);
  await signIn(page, "admin");
  await aWeek(page, own);
  await page.goto(PAGE);
  await taken(page);
  await expect(page.locator(".lead")).toContainText(words("7 dernières nuits, 1 fin de mois, 1 fin d’année", "Last 7 nights, 1 month-end, 1 year-end"));
  await expect(page.locator("#days")).toHaveCount(0);
  await expect(page.locator("#r-rule")).toHaveText(/\S{3,}/);
  const rows = page.locator("section[aria-labelledby=t-stored] tbody tr");
  await expect(rows).toHaveCount(8);
  for (const row of await rows.all()) await expect(row.locator("td").first()).toHaveText(/\S{3,}/);
  await expect(rows.nth(1)).toContainText(words("Parmi les 7 dernières nuits", "Among the last 7 nights"));
  await isAccessible(page, "retention of a client");
  const answer = await call(page, "set_policy", { site: "dupont", days: "3", months: "1", years: "1", safety: "7" });
  expect([answer.status(), await refusalOf(answer)]).toEqual([403, "operator-only"]);
  expect(sqlite(own.store, "SELECT action, outcome FROM audit_trail WHERE outcome = 'operator-only'")).toBe("Administer|operator-only");
  await page.reload();
  await expect(page.locator(".lead")).toContainText(words("7 dernières nuits", "Last 7 nights"));
});

test("without script the terms are previewed, answered beside their field, and saved", { tag: "@noscript" }, async ({ another, own }) => {
  await own.begin();
  const page = await another(own.url);
  await signIn(page, "operator");
  await aWeek(page, own);
  await page.goto(PAGE);
  await page.locator("#days").fill("0");
  await page.getByRole("button", { name: "Prévisualiser" }).click();
  await expect(page.locator("#days-e")).toHaveText("Le nombre de nuits va de 1 à 366.");
  await expect(page.locator("#days")).toHaveValue("0");

  await page.locator("#days").fill("3");
  await page.locator("#years").fill("2");
  await page.getByRole("button", { name: "Prévisualiser" }).click();
  await expect(page.locator("#changes .notice")).toContainText("4 sauvegardes partent dès l’enregistrement.");
  await page.locator("#on").fill(inFourMonths());
  await page.getByRole("button", { name: "Afficher" }).click();
  await expect(page.locator(".months td.is-on")).toHaveAttribute("data-day", inFourMonths());
  await expect(page.locator(".months td.is-there.k-j")).toHaveCount(3);
  await expect(page.locator("#days"), "what is tried is kept").toHaveValue("3");

  await page.getByRole("button", { name: "Enregistrer la règle" }).click();
  await expect(page).toHaveURL(/\/retention\?saved=yes$/);
  await expect(page.locator(".notice-ok")).toContainText("La règle est enregistrée.");
  await expect(page.locator(".lead")).toContainText("3 dernières nuits, 1 fin de mois, 2 fins d’année");
});
