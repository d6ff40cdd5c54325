// Everything of the living line works without JavaScript.
import { PEOPLE, backupsOf, expect, fillSignIn, processesOf, sha256, signIn, test } from "./console";

const tag = "@noscript";

test("one signs in, backs up through the warning page, follows it and finds it listed", { tag }, async ({ page }) => {
  await page.goto("/sites/dupont-atelier");
  await fillSignIn(page, PEOPLE.operator, "wrong");
  await expect(page.getByRole("alert")).toHaveText("Adresse ou mot de passe incorrect.");
  await fillSignIn(page, PEOPLE.operator, "demo-coffre");
  await expect(page).toHaveURL(/\/sites\/dupont-atelier$/);
  const [before, listed] = [await processesOf(page, "dupont-atelier"), await backupsOf(page, "dupont-atelier", "atelier-compta")];

  await page.getByRole("link", { name: "Sauvegarde du site" }).click();
  await expect(page).toHaveURL(/\/sites\/dupont-atelier\/backup$/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("La sauvegarde du site va être lancée");
  await page.getByRole("link", { name: "Ne pas sauvegarder" }).click();
  await expect(page).toHaveURL(/\/sites\/dupont-atelier$/);
  expect(await processesOf(page, "dupont-atelier")).toEqual(before);

  await page.getByRole("link", { name: "Sauvegarde du site" }).click();
  await page.getByRole("button", { name: "Lancer la sauvegarde" }).dblclick();
  await expect(page).toHaveURL(/\/processes\/\w+$/);
  await expect(async () => {
    await page.reload();
    await expect(page.locator(".head .plate")).toHaveText("TerminéCompleted", { timeout: 500 });
  }).toPass({ timeout: 60_000 });
  await expect(page.locator(".big")).toHaveText("100\u202f%");
  expect((await processesOf(page, "dupont-atelier")).length, "one, although the form was sent twice").toBe(before.length + 1);

  await page.getByRole("link", { name: "Voir les sauvegardes" }).click();
  const now = await backupsOf(page, "dupont-atelier", "atelier-compta");
  expect(now.manual.length).toBe(listed.manual.length + 1);
  await expect(page.locator("#manuelles tbody tr")).toHaveCount(now.manual.length);
  const link = page.locator("#manuelles a[href$='/download']").first();
  const file = await page.request.get((await link.getAttribute("href")) ?? "");
  expect(sha256(await file.body())).toBe(now.manual[0]?.sha256);
  await page.locator("#manuelles details summary").first().click();
  await expect(page.locator("#manuelles details code").nth(1)).toHaveText(now.manual[0]?.sha256 ?? "");
});

test("a page with something under way is read again every few seconds, and one at rest is not", { tag }, async ({ another, own }) => {
  await own.begin();
  const page = await another(own.url);
  await signIn(page, "admin");
  const letGo = await own.lock("compta");
  await page.goto("/sites/dupont/backup");
  await page.getByRole("button", { name: "Lancer la sauvegarde" }).click();
  await expect(page).toHaveURL(/\/processes\//);
  const process = page.url();
  const again = page.locator("meta[http-equiv=refresh]");
  for (const path of [process, "/sites/dupont", "/sites/dupont/processes", "/processes", "/sites"]) {
    await page.goto(path);
    await expect(again, path).toHaveAttribute("content", "5");
  }
  await page.goto(process);
  await letGo();
  // Nobody touches the page: it comes to the end by itself.
  await expect(page.locator(".head .plate")).toHaveText("TerminéCompleted", { timeout: 30_000 });
  for (const path of [process, "/sites/dupont", "/sites/dupont/processes", "/processes", "/sites"]) {
    await page.goto(path);
    await expect(again, path).toHaveCount(0);
  }
});

test("what fails or waits can be read and cancelled", { tag }, async ({ another, own }) => {
  await own.begin();
  const page = await another(own.url);
  await signIn(page, "admin");
  const letGo = await own.lock("compta");
  for (let orders = 0; orders < 2; orders += 1) {
    await page.goto("/sites/dupont/backup");
    await page.getByRole("button", { name: "Lancer la sauvegarde" }).click();
    await expect(page).toHaveURL(/\/processes\//);
  }
  await expect(page.locator(".head .plate")).toHaveText("En attenteQueued");
  await page.getByRole("button", { name: "Annuler" }).click();
  await expect(page.locator(".head .plate")).toHaveText("AnnuléCancelled");
  await letGo();
});

test("R20 R25 a restore is chosen by recalculating, and wrong words answer beside their field", { tag }, async ({ page }) => {
  await signIn(page, "operator");
  await page.goto("/sites/corail/restore");
  await page.getByRole("radio", { name: /Paie/ }).first().check();
  const oldest = page.locator("input[name=backup]").last();
  const id = (await oldest.getAttribute("value")) ?? "";
  await oldest.check();
  await page.getByRole("button", { name: "Recalculer" }).click();
  await expect(page).toHaveURL(/scope=corail-paie/);
  await expect(page).toHaveURL(new RegExp(`backup=${id}`));
  await expect(page.locator("button.btn-danger")).toContainText("Restaurer la base Paie de CORAIL au");
  await expect(page.locator("input[name=backup]:checked")).toHaveValue(id);

  await page.locator("#reason").fill("Demandé par téléphone");
  await page.locator("#confirmation").fill("AUTRE");
  await page.locator("button.btn-danger").click();
  await expect(page.locator("#confirmation-e")).toContainText("c’est CORAIL");
  await expect(page.locator("input[name=backup]:checked"), "the choices are kept").toHaveValue(id);
  await expect(page.locator("input[name=scope]:checked")).toHaveValue("corail-paie");
  await expect.soft(page.locator("#reason"), "what was written is kept").toHaveValue("Demandé par téléphone");
  expect((await page.request.get("/gate/corail")).status()).toBe(200);
});

test("what is refused stays visible with its reason", { tag }, async ({ page }) => {
  await signIn(page, "viewer");
  await page.goto("/sites/dupont");
  await expect(page.locator(".ops [aria-disabled=true]")).toHaveCount(2);
  await expect(page.locator("#r-backup")).toContainText("Un lecteur consulte sans rien changer.");
});

test("lists, language, theme and the menu of a small screen need no script", { tag }, async ({ page }) => {
  await signIn(page, "partner", "own");
  await page.goto("/sites");
  await page.locator("input[name=q]").fill("lef");
  await page.getByRole("button", { name: "Filtrer" }).click();
  await expect(page).toHaveURL(/q=lef/);
  await expect(page.locator("tbody tr")).toHaveCount(1);
  await page.locator("button[name=lang][value=en]").click();
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
  await page.locator("button[name=theme][value=dark]").click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");

  await page.setViewportSize({ width: 360, height: 780 });
  await page.goto("/sites/dupont");
  const processes = page.locator("#menu").getByRole("link", { name: "Processes" }).first();
  await expect(processes).toBeHidden();
  await page.getByRole("button", { name: "Menu" }).click();
  await processes.click();
  await expect(page).toHaveURL(/\/sites\/dupont\/processes$/);
  await page.getByRole("button", { name: "Menu" }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page).toHaveURL(/\/sign-in$/);
});
