// Who may do what: greyed with its reason, never hidden, and refused again by the server. What is another's does not exist.
import { type Person, call, expect, processesOf, refusalOf, signIn, tabTo, taken, test } from "./console";

/** Per person: the code when they may not, and how many of the site's operations are greyed. */
const TABLE: [Person, string, { backUp?: string; download?: string; restore: string }][] = [
  ["admin", "dupont", { restore: "restored-by-others" }],
  ["viewer", "dupont", { backUp: "read-only", download: "read-only", restore: "restored-by-others" }],
  ["partner", "dupont", { download: "not-for-partners", restore: "needs-request" }],
  ["partner", "dupont-atelier", { backUp: "not-delegated", download: "not-for-partners", restore: "needs-request" }],
];

for (const [person, site, no] of TABLE) {
  test(`R4 R20 R21 R22 what ${person} may not do on ${site} is greyed with its reason, reachable by keyboard, refused when forged`, async ({ page }) => {
    await signIn(page, person);
    await page.goto(`/sites/${site}`);
    await taken(page);
    const before = await processesOf(page, site);
    await expect(page.locator(".ops > li"), "nothing is hidden").toHaveCount(2);
    const greyed = page.locator(".ops [aria-disabled=true]");
    await expect(greyed).toHaveCount(no.backUp ? 2 : 1);
    for (const button of await greyed.all()) {
      const reason = await button.getAttribute("aria-describedby");
      await expect(page.locator(`#${reason}`)).toHaveText(/\S{3,}/);
      await expect(button).toHaveAccessibleDescription(/\S{3,}/);
      await tabTo(page, button);
      await page.keyboard.press("Enter");
      await page.keyboard.press("Space");
      await button.click({ force: true });
      await expect(button, "the focus does not move").toBeFocused();
    }
    await expect(page).toHaveURL(new RegExp(`/sites/${site}$`));
    await expect(page.getByRole("dialog")).toBeHidden();

    // In the window of a database the reason is said once, above the rows.
    await page.locator("tbody a").first().click();
    await expect(page.locator("#automatiques")).toBeVisible();
    await taken(page);
    await expect(page.locator("#r-restore")).toHaveText(/\S{3,}/);
    const rows = await page.locator("tbody tr").count();
    await expect(page.locator("tbody tr", { has: page.locator("[aria-describedby=r-download]") })).toHaveCount(no.download ? rows : 0);
    await expect(page.locator("tbody a[href$='/download']")).toHaveCount(no.download ? 0 : rows);
    if (no.download) {
      await expect(page.locator("#r-download")).toHaveText(/\S{3,}/);
      await tabTo(page, page.locator("tbody [aria-describedby=r-download]").first());
    }

    // Who comes by the address finds the act refused there too.
    await page.goto(`/sites/${site}/restore`);
    await taken(page);
    await expect(page.locator("#r-confirm")).toHaveText(/\S{3,}/);
    await expect(page.locator("button.btn-danger")).toHaveCount(0);
    await page.goto(`/sites/${site}/backup`);
    await taken(page);
    await expect(page.locator("#r-confirm")).toHaveCount(no.backUp ? 1 : 0);

    const order = { site, scope: "*", backup: "0000000000000000", confirmation: site.toUpperCase(), reason: "x" };
    const answer = await call(page, "start_restore", order);
    expect([answer.status(), await refusalOf(answer)]).toEqual([403, no.restore]);
    if (no.backUp) {
      const answer = await call(page, "start_backup", { site });
      expect([answer.status(), await refusalOf(answer)]).toEqual([403, no.backUp]);
    }
    expect(await processesOf(page, site), "nothing was started").toEqual(before);
  });
}

test("R21 a partner sees its own customers' sites and no others, and a client its own", async ({ page }) => {
  await signIn(page, "partner");
  for (const name of ["Dupont & Fils", "Dupont Atelier", "Maison Lefèvre"]) await expect(page.locator("tbody")).toContainText(name);
  await expect(page.locator("tbody")).not.toContainText("Hôtel du Corail");
  await page.context().clearCookies();
  await signIn(page, "admin");
  await expect(page.locator("tbody tr")).toHaveCount(2);
  await page.context().clearCookies();
  await signIn(page, "viewer");
  await expect(page.locator("tbody tr")).toHaveCount(1);
});

test("R21 what is another's is answered like what does not exist, sign for sign", { tag: "@french" }, async ({ page }) => {
  await signIn(page, "operator");
  const foreign = (await processesOf(page, "corail"))[0]?.id ?? "";
  await page.context().clearCookies();
  await signIn(page, "partner");

  /** A page without what is new in every answer. */
  const sent = async (path: string) => {
    const answer = await page.request.get(path, { headers: { Accept: "text/html" } });
    const text = await answer.text();
    const nonce = /nonce="([^"]+)"/.exec(text)?.[1] ?? "";
    return [answer.status(), text.replaceAll(nonce, "NONCE").replaceAll(path, "PATH")];
  };
  for (const [theirs, nobodys] of [
    ["/sites/corail", "/sites/nobody"],
    ["/sites/corail/backup", "/sites/nobody/backup"],
    ["/sites/corail/restore", "/sites/nobody/restore"],
    ["/sites/corail/processes", "/sites/nobody/processes"],
    ["/sites/corail/databases", "/sites/nobody/databases"],
    ["/sites/corail/databases/corail-paie", "/sites/nobody/databases/nothing"],
    ["/sites/dupont/databases/corail-paie", "/sites/dupont/databases/nothing"],
    [`/processes/${foreign}`, "/processes/0000000000000000"],
    ["/sites/corail", "/sites/Not%20An%20Id!"],
  ] as const) {
    const [one, other] = [await sent(theirs), await sent(nobodys)];
    expect(one[0], theirs).toBe(404);
    expect(one, theirs).toEqual(other);
  }
  await page.goto("/sites/corail");
  await taken(page);
  await expect(page.locator("body")).not.toContainText(/corail/i);

  const restore = { scope: "*", backup: "0000000000000000", confirmation: "CORAIL", reason: "x" };
  for (const [name, theirs, nobodys] of [
    ["read_site", { site: "corail" }, { site: "nobody" }],
    ["read_database", { site: "corail", database: "corail-paie" }, { site: "nobody", database: "nothing" }],
    ["read_restore", { site: "corail" }, { site: "nobody" }],
    ["list_processes", { site: "corail" }, { site: "nobody" }],
    ["read_process", { process: foreign }, { process: "0000000000000000" }],
    ["start_backup", { site: "corail" }, { site: "nobody" }],
    ["start_restore", { site: "corail", ...restore }, { site: "nobody", ...restore }],
    ["cancel_process", { process: foreign }, { process: "0000000000000000" }],
  ] as [string, Record<string, string>, Record<string, string>][]) {
    const [one, other] = [await call(page, name, theirs), await call(page, name, nobodys)];
    expect([one.status(), await refusalOf(one)], name).toEqual([404, "not-found"]);
    expect([other.status(), await other.text()], name).toEqual([one.status(), await one.text()]);
  }
});

test("R3 nothing is seen or called without signing in", async ({ page, words }) => {
  for (const path of ["/", "/sites", "/sites/dupont", "/processes", "/sites/dupont/restore", "/sites/dupont/backup", "/nothing-here"]) {
    await page.goto(path);
    await expect(page).toHaveURL(/\/sign-in/);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(words("Connexion", "Sign in"));
  }
  for (const name of ["list_sites", "read_site", "list_processes", "start_backup", "start_restore", "cancel_process"]) {
    const answer = await call(page, name, { site: "dupont", process: "x" });
    expect([answer.status(), await refusalOf(answer)], name).toEqual([401, "not-signed-in"]);
  }
  expect((await page.request.get("/events")).status()).toBe(401);
  expect((await page.request.get("/health")).status()).toBe(200);
});

test("a form of another site changes nothing", { tag: "@french" }, async ({ page }) => {
  await signIn(page, "admin");
  const before = await processesOf(page, "dupont");
  for (const headers of [{ Origin: "https://evil.example" }, { "Sec-Fetch-Site": "cross-site" }] as Record<string, string>[]) {
    const answer = await page.request.post("/api/start_backup", { form: { site: "dupont" }, headers });
    expect(answer.status()).toBe(403);
    expect((await page.request.post("/sign-out", { headers })).status()).toBe(403);
  }
  expect(await processesOf(page, "dupont")).toEqual(before);
});
