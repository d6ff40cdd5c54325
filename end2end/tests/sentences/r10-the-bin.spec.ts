// R10: manual backups, and only they, are deleted with the bin. In a console of the test's own.
import { backupsOf, call, downloadOf, expect, lookAt, refusalOf, sha256, signIn, taken, test } from "../console";
import { PAGE, backedUp, bins, meter, night, order, rows } from "../kept";

test("R10 – manual backups are deleted with the bin, which asks first; what is deleted leaves every open page and can be put back", async ({ another, own, words }, info) => {
  await own.begin();
  const page = await another(own.url);
  await signIn(page, "admin");
  const [young, old] = await backedUp(page, 2);
  const entry = (await backupsOf(page, "dupont", "compta")).manual.find((each) => each.backup.id === young)!;
  await page.goto(PAGE);
  await taken(page);
  const watching = await another(own.url);
  await signIn(watching, "operator");
  await watching.goto(PAGE);
  await taken(watching);
  await expect(rows(watching, "#manuelles")).toHaveCount(2);
  await lookAt(page, "keeping-manual", info);

  // Asked and not confirmed: nothing happens, and the focus is back on the bin.
  await bins(page, words).first().click();
  const dialog = page.getByRole("dialog");
  const title = dialog.getByRole("heading", { level: 2 });
  const named = words("^Supprimer la sauvegarde du .+ à \\d\\d.h.\\d\\d \\(.+o\\)$", "^Delete the backup of .+, \\d\\d:\\d\\d \\(.+B\\)$");
  await expect(title).toHaveText(new RegExp(named, "u"));
  await expect(dialog).toContainText(words("Pendant 7 jours, elle peut être remise", "For 7 days it can be put back"));
  await lookAt(page, "keeping-delete", info);
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(bins(page, words).first()).toBeFocused();
  await bins(page, words).first().click();
  await dialog.getByRole("link", { name: words("Ne pas supprimer", "Do not delete") }).click();
  await expect(dialog).toBeHidden();
  expect((await backupsOf(page, "dupont", "compta")).manual.length).toBe(2);

  await bins(page, words).first().click();
  await dialog.getByRole("button", { name: words("Supprimer", "Delete") }).click();
  const said = page.getByRole("status").filter({ hasText: words("est dans la corbeille", "is in the bin") });
  await expect(said).toBeVisible();
  await expect(rows(page, "#manuelles")).toHaveCount(1);
  await expect(page.getByRole("heading", { level: 1 }), "the focus is not on the bin of the next one").toBeFocused();
  for (const each of [page, watching]) {
    await expect(rows(each, "#manuelles")).toHaveCount(1);
    await expect(meter(each)).toContainText(words("1 sur 5", "1 of 5"));
    await each.locator("#corbeille summary").click();
    await expect(rows(each, "#corbeille")).toHaveCount(1);
    await expect(rows(each, "#corbeille")).toContainText("Claire Morel");
  }
  await lookAt(page, "keeping-bin", info);

  // It is nowhere else.
  expect((await page.request.get(downloadOf(entry, "compta"))).status()).toBe(404);
  expect((await call(page, "start_export", { backup: young!, database: "compta" })).status()).toBe(404);
  const restore = { site: "dupont", scope: "compta", backup: young!, reason: "Essai", confirmation: "DUPONT" };
  expect((await call(watching, "start_restore", restore)).status()).toBe(422);
  await watching.goto("/sites/dupont/restore");
  await expect(watching.locator(`input[name=backup][value="${young}"]`)).toHaveCount(0);
  await expect(watching.locator(`input[name=backup][value="${old}"]`)).toHaveCount(1);
  await watching.goto(PAGE);
  await taken(watching);

  await said.getByRole("button", { name: words("Annuler", "Undo") }).click();
  for (const each of [page, watching]) {
    await expect(rows(each, "#manuelles")).toHaveCount(2);
    await expect(each.locator("#corbeille")).toHaveCount(0);
  }
  expect(sha256(await (await page.request.get(downloadOf(entry, "compta"))).body())).toBe(entry.sha256);
});

test("R10 – manual backups are deleted from Opérations ▸ Restaurer la sauvegarde; only they have a bin, and a slot is free", async ({ another, own, words }) => {
  await own.begin();
  const page = await another(own.url);
  await signIn(page, "operator");
  const [manual] = await backedUp(page);
  const automatic = night(own, manual!);
  await page.goto("/sites/dupont");
  await taken(page);
  await page.locator(".ops").getByRole("link", { name: words("Restaurer la sauvegarde", "Restore a backup") }).click();
  await expect(page).toHaveURL(/\/sites\/dupont\/restore$/);
  await page.locator("main").getByRole("link", { name: words("Supprimer une sauvegarde manuelle", "Delete a manual backup") }).click();
  await expect(page).toHaveURL(/\/databases\/compta#manuelles$/);
  await expect(rows(page, "#automatiques")).toHaveCount(1);
  await expect(page.locator(".is-bin"), "the night has none").toHaveCount(1);
  const forged = await call(page, "delete_backup", order(automatic));
  expect([forged.status(), await refusalOf(forged)]).toEqual([409, "not-manual"]);

  await bins(page, words).click();
  await page.getByRole("dialog").getByRole("button", { name: words("Supprimer", "Delete") }).click();
  await expect(rows(page, "#manuelles")).toHaveCount(0);
  await expect(rows(page, "#automatiques")).toHaveCount(1);
  await page.goto("/sites/dupont");
  await expect(page.locator("#t-quota + .note")).toHaveText(words("0 sur 5", "0 of 5"));
});

test("R10 – manual backups are deleted with the bin, also without script, through a page", { tag: "@noscript" }, async ({ another, own }) => {
  await own.begin();
  const page = await another(own.url);
  await signIn(page, "admin");
  await backedUp(page);
  await page.goto(PAGE);
  const bin = page.locator("#manuelles a.is-bin");
  await bin.click();
  await expect(page).toHaveURL(/\/backups\/[\w-]+\/delete$/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/^Supprimer la sauvegarde du .+\(.+o\)$/u);
  await page.getByRole("link", { name: "Ne pas supprimer" }).click();
  await expect(bin).toHaveCount(1);
  await bin.click();
  await page.getByRole("button", { name: "Supprimer" }).click();
  await expect(page).toHaveURL(/\/databases\/compta\?deleted=/);
  await expect(page.locator(".notice-ok")).toContainText("est dans la corbeille");
  await expect(bin).toHaveCount(0);
  await page.locator("#corbeille summary").click();
  await page.locator("#corbeille").getByRole("button", { name: "Remettre" }).click();
  await expect(bin).toHaveCount(1);
  await expect(page.locator("#corbeille")).toHaveCount(0);
});
