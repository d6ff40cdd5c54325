// When the line is cut, the page says so; when it is back, the page is right again.
import { call, expect, lookAt, operation, signIn, taken, test } from "./console";

test("a lost connection is told within seconds and leaves without a word when it is back", { tag: "@french" }, async ({ page, words }) => {
  await signIn(page, "operator");
  for (const path of ["**/events", "**/health"]) await page.route(path, (route) => route.abort());
  await page.goto("/sites/lefevre");
  await taken(page);
  const banner = page.getByText(words("Connexion perdue", "Connection lost"));
  await expect(banner).toBeVisible({ timeout: 15_000 });
  await page.unrouteAll();
  await expect(banner).toBeHidden({ timeout: 15_000 });

  // Live again: what happens now is told without loading the page.
  const process = (await (await call(page, "start_backup", { site: "lefevre" })).json()) as { id: string };
  await expect(page.locator(`a[href="/processes/${process.id}"]`).first()).toBeVisible();
});

test("a server that is killed and started again under an open page finds it right, and its people still signed in", async ({ another, own, words }, info) => {
  await own.begin();
  const page = await another(own.url);
  await signIn(page, "admin");
  await page.goto("/sites/dupont");
  await taken(page);
  const banner = page.locator(".banner");
  await expect(banner).toBeHidden();

  await own.kill();
  await expect(banner).toContainText(words("Connexion perdue", "Connection lost"), { timeout: 15_000 });
  await expect(banner.getByRole("button", { name: words("Réessayer maintenant", "Retry now") })).toBeVisible();
  await lookAt(page, "connection-lost", info);
  // What is asked for meanwhile did not happen, and says so.
  await operation(page, words("Sauvegarde du site", "Back up the site")).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: words("Lancer la sauvegarde", "Start the backup") }).click();
  await expect(dialog.getByRole("alert")).toContainText(words("La console ne répond pas", "The console does not answer"));
  await lookAt(page, "backup-unreachable", info);

  await own.start();
  await expect(banner).toBeHidden({ timeout: 15_000 });
  // The same dialog, once more: the server knows the person, and one backup is made.
  await dialog.getByRole("button", { name: words("Lancer la sauvegarde", "Start the backup") }).click();
  await expect(page).toHaveURL(/\/processes\//);
  await expect(page.locator(".head .plate")).toHaveText(words("TerminéCompleted", "Completed"), { timeout: 30_000 });
});

test("a session that has ended is told on the open page, with the way back in", async ({ another, own, words }, info) => {
  await own.begin();
  const page = await another(own.url);
  await signIn(page, "admin");
  await page.goto("/sites/dupont");
  await taken(page);
  await own.kill();
  await page.context().clearCookies();
  await own.start();
  const banner = page.locator(".banner");
  await expect(banner).toContainText(words("votre session est peut-être terminée", "your session may have ended"), { timeout: 15_000 });
  await lookAt(page, "session-ended", info);
  await banner.getByRole("button", { name: words("Recharger la page", "Reload the page") }).click();
  await expect(page).toHaveURL(/\/sign-in\?next=/);
});
