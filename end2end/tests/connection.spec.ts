// When the line is cut, the page says so; when it is back, the page is right again.
import { expect, signIn, taken, test } from "./console";

test("a lost connection is told within seconds and leaves without a word when it is back", async ({ page, words }) => {
  await signIn(page, "operator");
  for (const path of ["**/events", "**/health"]) await page.route(path, (route) => route.abort());
  await page.goto("/sites/lefevre");
  await taken(page);
  const banner = page.getByText(words("Connexion perdue", "Connection lost"));
  await expect(banner).toBeVisible({ timeout: 15_000 });
  await page.unrouteAll();
  await expect(banner).toBeHidden({ timeout: 15_000 });

  // Live again: what happens now is told without loading the page.
  const order = { form: { site: "lefevre" }, headers: { Accept: "application/json" } };
  const process = (await (await page.request.post("/api/start_backup", order)).json()) as { id?: string };
  if (process.id) await expect(page.locator(`a[href="/processes/${process.id}"]`).first()).toBeVisible();
});
