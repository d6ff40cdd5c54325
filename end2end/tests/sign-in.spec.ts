// Coming in, going out, and how one wants to see the console.
import { PASSWORD, PEOPLE, expect, signIn, taken, test } from "./console";

test("one click signs in as each of the four people of the demonstration", async ({ page }) => {
  for (const email of Object.values(PEOPLE)) {
    await page.goto("/sign-in");
    await page.locator(".demo form", { has: page.locator(`input[value="${email}"]`) }).locator("button").click();
    await expect(page).toHaveURL(/\/sites$/);
    await page.context().clearCookies();
  }
});

test("a wrong password says so without saying which part, and the right one leads where one wanted to go", async ({ page, words }) => {
  await page.goto("/sites/dupont/databases");
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  const form = page.locator("form", { has: page.locator("input[type=password]") }).first();
  await form.locator("input[name=email]").fill(PEOPLE.admin);
  await form.locator("input[name=password]").fill("wrong");
  await form.locator("button.btn-main").click();
  await expect(page.getByText(words("Adresse ou mot de passe incorrect.", "Wrong address or password."))).toBeVisible();
  await form.locator("input[name=email]").fill(PEOPLE.admin);
  await form.locator("input[name=password]").fill(PASSWORD);
  await form.locator("button.btn-main").click();
  await expect(page).toHaveURL(/\/sites\/dupont\/databases$/);
});

test("guessing is slowed down, with the time to wait", async ({ page, words }) => {
  await page.goto("/sign-in");
  const form = page.locator("form", { has: page.locator("input[type=password]") }).first();
  const email = words("devine@dupont.example", "guess@dupont.example");
  for (let tries = 0; tries < 6; tries += 1) {
    await form.locator("input[name=email]").fill(email);
    await form.locator("input[name=password]").fill("wrong");
    await form.locator("button.btn-main").click();
    await expect(page).toHaveURL(/error=/);
  }
  await expect(page.getByText(words("Trop d’essais. Réessayez dans", "Too many tries. Try again in"))).toBeVisible();
});

test("signing out ends the session on the server too", async ({ page, words }) => {
  await signIn(page, "viewer");
  const cookies = await page.context().cookies();
  const menu = page.getByRole("button", { name: "Menu" });
  if (await menu.isVisible()) await menu.click();
  await page.getByRole("button", { name: words("Se déconnecter", "Sign out") }).click();
  await expect(page).toHaveURL(/\/sign-in$/);
  await page.context().addCookies(cookies);
  await page.goto("/sites");
  await expect(page).toHaveURL(/\/sign-in/);
});

test("language and theme are kept, and one stays on the page", async ({ page, words }) => {
  await signIn(page, "operator");
  await page.goto("/sites/dupont");
  await taken(page);
  const menu = page.getByRole("button", { name: "Menu" });
  const open = async () => {
    if (await menu.isVisible()) await menu.click();
  };
  await open();
  await page.locator(`button[name=lang][value=${words("en", "fr")}]`).click();
  await expect(page.locator("html")).toHaveAttribute("lang", words("en", "fr"));
  await expect(page).toHaveURL(/\/sites\/dupont$/);
  await open();
  await page.locator("button[name=theme][value=dark]").click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.goto("/processes");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await expect(page.locator("html")).toHaveAttribute("lang", words("en", "fr"));
});
