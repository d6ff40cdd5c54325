// Everything of the living line works without JavaScript.
import { expect, signIn, test } from "./console";

test("one signs in, backs up through the warning page, follows it and finds it listed", { tag: "@noscript" }, async ({ page }) => {
  await signIn(page, "operator");
  await page.goto("/sites/dupont-atelier");
  await page.getByRole("link", { name: "Sauvegarde du site" }).click();
  await expect(page).toHaveURL(/\/sites\/dupont-atelier\/backup$/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("La sauvegarde du site va être lancée");
  await page.getByRole("button", { name: "Lancer la sauvegarde" }).click();
  await expect(page).toHaveURL(/\/processes\//);
  await expect(async () => {
    await page.reload();
    await expect(page.getByText("Completed").first()).toBeVisible({ timeout: 500 });
  }).toPass({ timeout: 60_000 });

  await page.goto("/sites/dupont-atelier/databases/atelier-compta");
  await expect(page.locator("a[href$='/download']")).toHaveCount(12);
  await page.goto("/sites/dupont-atelier/restore");
  await page.locator("input[name=scope]").first().check();
  await page.locator("noscript button, button", { hasText: "Recalculer" }).first().click();
  await expect(page).toHaveURL(/scope=/);
  await expect(page.locator("button.btn-danger")).toContainText("ATELIER");
});

test("lists, language and theme need no script", { tag: "@noscript" }, async ({ page }) => {
  await signIn(page, "partner");
  await page.goto("/sites?q=lef");
  await expect(page.locator("tbody tr")).toHaveCount(1);
  await page.locator("button[name=lang][value=en]").click();
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
  await page.locator("button[name=theme][value=dark]").click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
});
