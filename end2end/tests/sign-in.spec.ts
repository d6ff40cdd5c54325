// Coming in, going out, and how one wants to see the console.
import { PASSWORD, PEOPLE, expect, fillSignIn, signIn, taken, test } from "./console";

test("one click signs in as each of the four people of the demonstration", async ({ page }) => {
  for (const email of Object.values(PEOPLE)) {
    await page.goto("/sign-in");
    await page.locator(".demo form", { has: page.locator(`input[value="${email}"]`) }).locator("button").click();
    await expect(page).toHaveURL(/^[^?]*\/sites$/);
    await page.context().clearCookies();
  }
});

test("a wrong password says so without saying which part, and the right one leads where one wanted to go", async ({ page, words }) => {
  await page.goto("/sites/dupont/databases?x=1");
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  const wrong = words("Adresse ou mot de passe incorrect.", "Wrong address or password.");
  for (const email of [PEOPLE.admin, words("personne@dupont.example", "nobody@dupont.example")]) {
    await fillSignIn(page, email, "wrong");
    await expect(page.getByRole("alert")).toHaveText(wrong);
  }
  expect(await page.context().cookies()).toEqual([]);
  await fillSignIn(page, PEOPLE.admin, PASSWORD);
  await expect(page).toHaveURL(/\/sites\/dupont\/databases\?x=1$/);
});

test("signing in never leads to another house", { tag: "@french" }, async ({ page, baseURL }) => {
  for (const elsewhere of ["//evil.example", "https://evil.example/", "/\\evil.example", "/sign-in"]) {
    await page.goto(`/sign-in?next=${encodeURIComponent(elsewhere)}`);
    await fillSignIn(page, PEOPLE.viewer, PASSWORD);
    await expect(page).toHaveURL(`${baseURL}/sites`);
    await page.context().clearCookies();
  }
});

test("guessing is slowed down, with the time to wait", async ({ page, words }) => {
  await page.goto("/sign-in");
  const email = words("devine@dupont.example", "guess@dupont.example");
  for (let tries = 0; tries < 6; tries += 1) {
    await fillSignIn(page, email, "wrong");
    await expect(page).toHaveURL(/error=/);
  }
  await expect(page.getByText(words("Trop d’essais. Réessayez dans", "Too many tries. Try again in"))).toBeVisible();
});

test("an office behind one address that always knows its passwords is never asked to wait", { tag: "@french" }, async ({ another, own }) => {
  await own.begin();
  const page = await another(own.url);
  for (let times = 1; times <= 60; times += 1) {
    const answer = await page.request.post("/sign-in", { form: { email: PEOPLE.admin, password: PASSWORD }, maxRedirects: 0 });
    expect(answer.headers().location, `sign-in ${times}`).toBe("/sites");
  }
});

test("signing out ends the session on the server too", async ({ page, words }) => {
  await signIn(page, "viewer", "own");
  const cookies = await page.context().cookies();
  const session = cookies.find((cookie) => cookie.name.includes("coffre"));
  expect(session).toMatchObject({ httpOnly: true, sameSite: "Lax", path: "/" });
  const menu = page.getByRole("button", { name: "Menu" });
  if (await menu.isVisible()) await menu.click();
  await page.getByRole("button", { name: words("Se déconnecter", "Sign out") }).click();
  await expect(page).toHaveURL(/\/sign-in$/);
  await page.context().addCookies(cookies);
  await page.goto("/sites");
  await expect(page).toHaveURL(/\/sign-in/);
});

test("language and theme are kept, and one stays on the page", async ({ page, words }) => {
  await signIn(page, "operator", "own");
  await page.goto("/sites/dupont");
  await taken(page);
  const menu = page.getByRole("button", { name: "Menu" });
  const open = async () => {
    if (await menu.isVisible()) await menu.click();
  };
  const other = words("en", "fr");
  await open();
  await page.locator(`button[name=lang][value=${other}]`).click();
  await expect(page.locator("html")).toHaveAttribute("lang", other);
  await expect(page).toHaveURL(/\/sites\/dupont$/);
  await open();
  await expect(page.locator(`button[name=lang][value=${other}]`)).toHaveAttribute("aria-pressed", "true");
  for (const theme of ["dark", "light"]) {
    await page.locator(`button[name=theme][value=${theme}]`).click();
    await expect(page.locator("html")).toHaveAttribute("data-theme", theme);
    await open();
  }
  await page.goto("/processes");
  await taken(page);
  await expect(page.locator("html")).toHaveAttribute("data-theme", "light");
  await expect(page.locator("html")).toHaveAttribute("lang", other);
  await open();
  await page.getByRole("button", { name: words("Sign out", "Se déconnecter") }).click();
  await expect(page.getByRole("heading", { level: 1 }), "kept when nobody is signed in").toHaveText(words("Sign in", "Connexion"));
  await expect(page.locator("html")).toHaveAttribute("data-theme", "light");
});

test("whose language is not spoken here is answered in French", { tag: "@french" }, async ({ browser, baseURL }, info) => {
  for (const [locale, lang] of [["de-DE", "fr"], ["en-US", "en"], ["fr-CA", "fr"]] as const) {
    const context = await browser.newContext({ ...info.project.use, baseURL, locale });
    const page = await context.newPage();
    await page.goto("/sign-in");
    await expect(page.locator("html")).toHaveAttribute("lang", lang);
    await context.close();
  }
});

test("who was signed out in another tab signs in beside the page and loses nothing that was typed", async ({ page, context, words }) => {
  await signIn(page, "operator", "own");
  const policy = await context.newPage();
  for (const [each, path] of [[page, "nights"], [policy, "retention"]] as const) {
    await each.goto(`/sites/vallee/${path}`);
    await taken(each);
  }
  const other = await context.newPage();
  await other.goto("/sites");
  const menu = other.getByRole("button", { name: "Menu" });
  if (await menu.isVisible()) await menu.click();
  await other.getByRole("button", { name: words("Se déconnecter", "Sign out") }).click();
  await expect(other).toHaveURL(/\/sign-in/);

  const [window, days] = [page.locator("#window"), policy.locator("#days")];
  const before = await window.inputValue();
  const wanted = before === "105" ? "100" : "105";
  await window.fill(wanted);
  await days.fill("9");
  const save = page.getByRole("button", { name: words("Enregistrer l’horaire", "Save the schedule") });
  await save.click();
  // The page of the policy reads itself again after each answer, and what is refused then does not take its place.
  await policy.getByRole("button", { name: words("Enregistrer la règle", "Save the rule") }).click();
  for (const each of [page, policy]) {
    await expect(each.getByRole("alert")).toContainText(words("Rien n’a été fait. Votre session est terminée.", "Nothing was done. Your session has ended."));
    await expect(each.getByRole("link", { name: words("Se connecter dans un autre onglet", "Sign in in another tab") })).toBeVisible();
  }
  await expect(days).toHaveValue("9");
  const [beside] = await Promise.all([context.waitForEvent("page"), page.getByRole("link", { name: words("Se connecter dans un autre onglet", "Sign in in another tab") }).click()]);
  await fillSignIn(beside, PEOPLE.operator, PASSWORD);
  await expect(beside).toHaveURL(/\/sites$/);
  await expect(window).toHaveValue(wanted);
  await save.click();
  await expect(page).toHaveURL(/\/sites\/vallee$/);
  await page.goto("/sites/vallee/nights");
  await taken(page);
  await expect(window).toHaveValue(wanted);
  await window.fill(before);
  await save.click();
  await expect(page).toHaveURL(/\/sites\/vallee$/);
});
