// R9: at most five manual backups, however fast one clicks. In a console of the test's own.
import { call, expect, lookAt, processesOf, refusalOf, signIn, taken, test } from "../console";
import { PAGE, backedUp, meter, night, order } from "../kept";

test("R9 – at most five manual backups: fifty orders at once leave exactly five, and the sixth is refused with its reason", async ({ another, own, words }, info) => {
  await own.begin();
  const page = await another(own.url);
  await signIn(page, "admin");
  await page.goto("/sites/dupont");
  await taken(page);
  const answers = await Promise.all(Array.from({ length: 50 }, () => call(page, "start_backup", { site: "dupont" })));
  const refused = answers.filter((answer) => answer.status() !== 200);
  expect(refused.length).toBe(45);
  for (const answer of refused) expect([answer.status(), await refusalOf(answer)]).toEqual([409, "quota-reached"]);

  // The page, which was open all the while, comes to say so by itself.
  const greyed = page.locator(".ops [aria-describedby=r-backup]");
  await expect(greyed).toHaveAttribute("aria-disabled", "true");
  await expect(page.locator("#t-quota + .note")).toHaveText(words("5 sur 5", "5 of 5"));
  await expect(page.locator(".boxes > li.is-held")).toHaveCount(0, { timeout: 60_000 });
  await expect(page.locator(".boxes > li")).toHaveCount(5);
  await expect(page.locator("#r-backup")).toContainText(words("5 sauvegardes manuelles sur 5. ", "5 manual backups of 5. "));
  await expect.soft(page.locator("#r-backup"), "one full stop ends a sentence").not.toContainText("..");
  const processes = await processesOf(page, "dupont");
  expect(processes.length).toBe(5);
  for (const process of processes) expect(Object.keys(process.state)).toEqual(["completed"]);
  await lookAt(page, "site-quota-full", info);
});

test("R9 – at most five manual backups: fifty orders of both kinds at 4 of 5 leave five; the refusal names the way out, which then works", async ({ another, own, words }, info) => {
  await own.begin();
  const page = await another(own.url);
  await signIn(page, "admin");
  const made = await backedUp(page, 4);
  const kept = night(own, made[0]!);
  await page.goto("/sites/dupont");
  await taken(page);
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, at) =>
      at % 2 ? call(page, "start_backup", { site: "dupont" }) : call(page, "promote_backup", order(kept)),
    ),
  );
  // Keeping what is kept already changes nothing: if the night won, each of its 25 orders is answered by it.
  const refused = answers.filter((answer) => answer.status() !== 200);
  expect([49, 25]).toContain(refused.length);
  for (const answer of refused) expect([answer.status(), await refusalOf(answer)]).toEqual([409, "quota-reached"]);
  await expect(page.locator("#t-quota + .note")).toHaveText(words("5 sur 5", "5 of 5"));
  await expect(page.locator(".boxes > li.is-held")).toHaveCount(0, { timeout: 60_000 });

  const reason = page.locator("#r-backup");
  await expect(reason).toContainText(words("5 sauvegardes manuelles sur 5. Supprimez-en une, par exemple celle du ", "5 manual backups of 5. Delete one, for example the one of "));
  await expect.soft(reason, "one full stop ends a sentence").not.toContainText("..");
  // The way out, by the menu entry of the fiche.
  await page.locator(".ops").getByRole("link", { name: words("Supprimer une sauvegarde manuelle", "Delete a manual backup") }).click();
  await expect(page).toHaveURL(/\/databases\/compta#manuelles$/);
  await lookAt(page, "keeping-full", info);
  const oldest = made.at(-1)!;
  await page.locator(`#manuelles a[href$="/backups/${oldest}/delete"]`).click();
  await page.getByRole("dialog").getByRole("button", { name: words("Supprimer", "Delete") }).click();
  await expect(meter(page)).toContainText(words("4 sur 5", "4 of 5"));
  await backedUp(page, 1);
  const full = await call(page, "put_back_backup", order(oldest));
  expect([full.status(), await refusalOf(full)]).toEqual([409, "quota-reached"]);
  await expect(meter(page)).toContainText(words("5 sur 5", "5 of 5"));
});

test("R9 – at most five manual backups, also without script: the sixth is refused with the way out, and passes after a deletion", { tag: "@noscript" }, async ({ another, own }) => {
  await own.begin();
  const page = await another(own.url);
  await signIn(page, "admin");
  await backedUp(page, 5);
  await page.goto("/sites/dupont");
  await expect(page.locator("#t-quota + .note")).toHaveText("5 sur 5");
  await expect(page.locator(".ops [aria-describedby=r-backup]")).toHaveAttribute("aria-disabled", "true");
  await expect(page.locator("#r-backup")).toContainText("5 sauvegardes manuelles sur 5. Supprimez-en une, par exemple celle du ");
  const sixth = await call(page, "start_backup", { site: "dupont" });
  expect([sixth.status(), await refusalOf(sixth)]).toEqual([409, "quota-reached"]);

  await page.goto(PAGE);
  await page.locator("#manuelles a.is-bin").last().click();
  await page.getByRole("button", { name: "Supprimer" }).click();
  await expect(meter(page)).toContainText("4 sur 5");
  await page.goto("/sites/dupont/backup");
  await page.getByRole("button", { name: "Lancer la sauvegarde" }).click();
  await expect(page).toHaveURL(/\/processes\/\w+$/);
  await page.goto("/sites/dupont");
  await expect(page.locator("#t-quota + .note")).toHaveText("5 sur 5");
});
