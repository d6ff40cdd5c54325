// Who may do what: greyed with its reason, never hidden, and refused again by the server.
import { type Person, expect, refusalOf, signIn, taken, test } from "./console";

const forged = (site: string) => ({ form: { site }, headers: { Accept: "application/json" } });

for (const [person, backUp, restore] of [
  ["admin", null, "restored-by-others"],
  ["viewer", "read-only", "restored-by-others"],
  ["partner", null, "needs-request"],
] as [Person, string | null, string][]) {
  test(`R20 R21 R22 what ${person} may not do is greyed with its reason, reachable by keyboard, and refused when forged`, async ({ page }) => {
    await signIn(page, person);
    await page.goto("/sites/dupont");
    await taken(page);
    const greyed = page.locator(".ops [aria-disabled=true]");
    await expect(greyed).toHaveCount(backUp ? 2 : 1);
    for (const button of await greyed.all()) {
      const reason = await button.getAttribute("aria-describedby");
      await expect(page.locator(`#${reason}`)).toHaveText(/\S{3,}/);
      await button.focus();
      await expect(button).toBeFocused();
      await button.click({ force: true });
    }
    await expect(page).toHaveURL(/\/sites\/dupont$/);
    await expect(page.getByRole("dialog")).toBeHidden();

    const order = { site: "dupont", scope: "*", backup: "none", confirmation: "DUPONT", reason: "x" };
    const answer = await page.request.post("/api/start_restore", { form: order, headers: { Accept: "application/json" } });
    expect([answer.status(), await refusalOf(answer)]).toEqual([403, restore]);
    if (backUp) {
      const answer = await page.request.post("/api/start_backup", forged("dupont"));
      expect([answer.status(), await refusalOf(answer)]).toEqual([403, backUp]);
    }
  });
}

test("R21 a partner sees its own customers' sites and no others, and a client its own", async ({ page }) => {
  await signIn(page, "partner");
  await expect(page.locator("tbody")).toContainText("Maison Lefèvre");
  await expect(page.locator("tbody")).not.toContainText("Hôtel du Corail");
  const foreign = await page.request.post("/api/start_backup", forged("corail"));
  const missing = await page.request.post("/api/start_backup", forged("nobody"));
  expect([foreign.status(), await foreign.text()]).toEqual([missing.status(), await missing.text()]);
  expect(foreign.status()).toBe(404);

  await page.context().clearCookies();
  await signIn(page, "admin");
  await expect(page.locator("tbody tr")).toHaveCount(2);
  const answer = await page.goto("/sites/lefevre");
  expect(answer?.status()).toBe(404);
});

test("R3 nothing is seen without signing in", async ({ page, words }) => {
  for (const path of ["/sites", "/sites/dupont", "/processes", "/sites/dupont/restore"]) {
    await page.goto(path);
    await expect(page).toHaveURL(/\/sign-in/);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(words("Connexion", "Sign in"));
  }
});
