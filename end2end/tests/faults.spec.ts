// What goes wrong is told by its cause, in words for the telephone, and nothing is half-visible. In a console of the test's own.
import { renameSync } from "node:fs";
import type { Page } from "@playwright/test";
import { type Words, backupsOf, call, expect, lookAt, note, operation, processesOf, signIn, taken, test } from "./console";

/** Backs up from the page of the site. */
async function backUp(page: Page, words: Words): Promise<void> {
  await page.goto("/sites/dupont");
  await taken(page);
  await operation(page, words("Sauvegarde du site", "Back up the site")).click();
  await page.getByRole("dialog").getByRole("button", { name: words("Lancer la sauvegarde", "Start the backup") }).click();
  await expect(page).toHaveURL(/\/processes\//);
}

test("before the first backup, every list says that it is empty and what fills it", async ({ another, own, words }, info) => {
  await own.begin();
  const page = await another(own.url);
  await signIn(page, "admin");
  for (const [name, path, says] of [
    ["site-first", "/sites/dupont", words("Aucune sauvegarde complète pour l’instant.", "No complete backup yet.")],
    ["database-empty", "/sites/dupont/databases/compta", words("Aucune sauvegarde automatique", "No automatic backup")],
    ["restore-empty", "/sites/dupont/restore", words("Aucune sauvegarde à restaurer", "No backup to restore")],
    ["processes-empty", "/processes", words("Aucun processus terminé pour l’instant.", "No process has ended yet.")],
  ] as const) {
    await page.goto(path);
    await taken(page);
    await expect(page.locator("main")).toContainText(says);
    await lookAt(page, name, info);
  }
});

test("a database that is gone fails the backup with a cause, what was kept and what to do, and gives the slot back", async ({ another, own, words }, info) => {
  await own.begin();
  const page = await another(own.url);
  await signIn(page, "admin");

  renameSync(own.book("paie"), `${own.book("paie")}.away`);
  await backUp(page, words);
  await expect(page.locator(".head .plate")).toHaveText(words("ÉchecFailed", "Failed"), { timeout: 30_000 });
  const alert = page.getByRole("alert");
  await expect(alert).toContainText(words("Paie\u00a0: la base n’est plus à l’endroit indiqué.", "Paie: the database is no longer where it was said to be."));
  await expect(alert).toContainText(words("Ce qui a été gardé", "What was kept"));
  await expect(alert).toContainText(words("Ce qu’il faut faire", "What to do"));
  await expect(page.locator(".refcode code")).toHaveText(/\S{6,}/);
  await expect(page.locator(".big"), "100 % is for what is Completed").not.toHaveText(/100/);
  await lookAt(page, "process-failed", info);

  await page.goto("/sites/dupont");
  await taken(page);
  await expect(page.locator(".notice-fail")).toContainText("Paie");
  await expect(page.locator("#t-quota + .note")).toHaveText(words("0 sur 5", "0 of 5"));
  await lookAt(page, "site-after-failure", info);

  renameSync(`${own.book("paie")}.away`, own.book("paie"));
  await backUp(page, words);
  await expect(page.locator(".head .plate")).toHaveText(words("TerminéCompleted", "Completed"), { timeout: 30_000 });
});

test("a second backup of a site waits in line and can be cancelled; nothing of it stays", async ({ another, own, words }, info) => {
  await own.begin();
  const page = await another(own.url);
  await signIn(page, "admin");
  const letGo = await own.lock("compta");
  await backUp(page, words);
  await expect(page.locator(".head .plate")).toHaveText(words("En coursRunning", "Running"));

  const second = (await (await call(page, "start_backup", { site: "dupont" })).json()) as { id: string };
  await page.goto(`/processes/${second.id}`);
  await taken(page);
  await expect(page.locator(".head .plate")).toHaveText(words("En attenteQueued", "Queued"));
  await expect(page.getByRole("progressbar"), "an empty bar would look stuck").toHaveCount(0);
  await page.getByRole("button", { name: words("Annuler", "Cancel"), exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: words("Annuler la sauvegarde", "Cancel the backup") }).click();
  await expect(page.locator(".head .plate")).toHaveText(words("AnnuléCancelled", "Cancelled"));
  await expect(page.locator("main")).toContainText("Claire Morel");
  await letGo();
  await page.goto("/sites/dupont/processes");
  await expect(page.locator("tbody tr")).toHaveCount(2, { timeout: 30_000 });
  await expect(page.locator("tbody")).toContainText(words("AnnuléCancelled", "Cancelled"));
  await expect(page.locator("tbody")).toContainText(words("TerminéCompleted", "Completed"));
  await page.goto("/sites/dupont");
  await expect(page.locator("#t-quota + .note")).toHaveText(words("1 sur 5", "1 of 5"));
  await taken(page);
  await page.goto(`/processes/${second.id}`);
  await taken(page);
  await lookAt(page, "process-cancelled", info);
});

test("R23 while a site is restored every open page says so, the gate is closed, and a backup is refused with its reason", async ({ another, own, words }, info) => {
  await own.begin();
  const page = await another(own.url);
  await signIn(page, "operator");
  await backUp(page, words);
  await expect(page.locator(".head .plate")).toHaveText(words("TerminéCompleted", "Completed"), { timeout: 30_000 });

  const client = await another(own.url);
  await signIn(client, "admin");
  await client.goto("/sites/dupont");
  await taken(client);
  const stayed = await note(client, "h1");

  const letGo = await own.lock("compta"); // the safety backup waits for it
  await page.goto("/sites/dupont/restore?scope=paie");
  await taken(page);
  await page.locator("#reason").fill(words("Demandé par téléphone", "Asked by telephone"));
  await page.locator("#confirmation").fill("dupont ");
  await page.locator("button.btn-danger").click();
  await expect(page).toHaveURL(/\/processes\//);

  const closed = words("Restauration en coursRestoring", "Restoring");
  await expect(client.locator(".head .plate")).toHaveText(closed);
  await expect(client.locator(".head .lead")).toContainText(words("Le site est fermé pendant la restauration.", "The site is closed while it is being restored."));
  const greyed = client.locator(".ops [aria-describedby=r-backup]");
  await expect(greyed).toHaveAttribute("aria-disabled", "true");
  await expect(client.locator("#r-backup")).toContainText(words("en cours de restauration", "being restored"));
  const answer = await client.request.post("/api/start_backup", { form: { site: "dupont" }, headers: { Accept: "application/json" } });
  expect(answer.status()).toBe(409);
  const gate = await client.request.get("/gate/dupont");
  expect([gate.status(), gate.headers()["retry-after"]]).toEqual([503, "15"]);
  await lookAt(client, "site-restoring", info);
  await lookAt(page, "process-restoring", info);
  await letGo();

  await expect(page.locator(".head .plate")).toHaveText(words("TerminéCompleted", "Completed"), { timeout: 60_000 });
  await expect(client.locator(".head .plate")).toHaveText(words("PrêtReady", "Ready"));
  await expect(client.locator(".ops").getByRole("link", { name: words("Sauvegarde du site", "Back up the site") })).toBeVisible();
  expect((await client.request.get("/gate/dupont")).status()).toBe(200);
  await stayed();
});

test("a console that fails says what was kept and gives a reference", async ({ another, own, words }, info) => {
  await own.begin();
  const page = await another(own.url);
  await signIn(page, "admin");
  own.change(own.store, "ALTER TABLE processes RENAME TO processes_gone;");
  const answer = await page.goto("/sites/dupont");
  expect(answer?.status()).toBe(500);
  await taken(page);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(words("Cette page n’a pas pu être affichée", "This page could not be shown"));
  await expect(page.locator("main")).toContainText(words("Vos sauvegardes ne sont pas touchées.", "Your backups are not affected."));
  const reference = page.locator(".refcode code");
  await expect(reference).toHaveText(/\S{6,}/);
  await expect(page.locator("body")).not.toContainText(/sqlite|processes_gone|no such table/i);
  await lookAt(page, "error", info);
  own.change(own.store, "ALTER TABLE processes_gone RENAME TO processes;");
  await page.getByRole("link", { name: words("Réessayer", "Try again") }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Dupont & Fils");
});

test("a question is not taken away by what begins or ends meanwhile", async ({ another, own, words }) => {
  await own.begin();
  const page = await another(own.url);
  await signIn(page, "admin");
  const letGo = await own.lock("compta");
  const order = async () => ((await (await call(page, "start_backup", { site: "dupont" })).json()) as { id: string }).id;
  const [first, second] = [await order(), await order()];
  const dialog = page.getByRole("dialog");
  const readAgain = async (what: string, change: () => Promise<unknown>) => {
    const read = page.waitForResponse((answer) => answer.url().endsWith(`/api/${what}`));
    await change();
    await read;
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    await expect(dialog).toBeVisible();
  };
  await page.goto(`/processes/${second}`);
  await taken(page);
  await page.getByRole("button", { name: words("Annuler", "Cancel"), exact: true }).click();
  await expect(dialog).toBeVisible();
  await readAgain("read_process", () => call(page, "cancel_process", { process: first })); // and the second begins
  await dialog.getByText(words("Laisser continuer", "Let it go on")).click();
  await expect(dialog).toBeHidden();

  await page.goto("/sites/dupont");
  await taken(page);
  await operation(page, words("Sauvegarde du site", "Back up the site")).click();
  await expect(dialog).toBeVisible();
  await readAgain("read_site", letGo);
  await dialog.getByRole("button", { name: words("Lancer la sauvegarde", "Start the backup") }).click();
  await expect(page).toHaveURL(/\/processes\//);
});

test("a double click on what opens a question asks it and does not answer it", async ({ another, own, words }) => {
  await own.begin();
  const page = await another(own.url);
  await signIn(page, "admin");
  expect((await call(page, "start_backup", { site: "dupont" })).status()).toBe(200);
  await expect.poll(async () => (await backupsOf(page, "dupont", "compta")).manual.length).toBe(1);
  // On a small screen the question comes to lie where it was opened from.
  for (const viewport of [{ width: 1280, height: 800 }, { width: 360, height: 640 }]) {
    await page.setViewportSize(viewport);
    for (const [path, open] of [
      ["/sites/dupont", () => operation(page, words("Sauvegarde du site", "Back up the site"))],
      ["/sites/dupont/databases/compta", () => page.locator("main").getByRole("link", { name: words("Supprimer", "Delete") }).first()],
    ] as const) {
      await page.goto(path);
      await taken(page);
      await open().dblclick();
      await expect(page.getByRole("dialog")).toBeVisible();
      await page.evaluate(() => new Promise(requestAnimationFrame));
      await expect(page.getByRole("dialog"), `${path} at ${viewport.width}`).toBeVisible();
    }
  }
  expect((await backupsOf(page, "dupont", "compta")).manual).toHaveLength(1);
  expect(await processesOf(page, "dupont")).toHaveLength(1);
});
