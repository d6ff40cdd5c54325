// The queue: everybody knows their place in it, and what runs can be cancelled without leaving anything.
import { backupsOf, call, expect, holdBack, lookAt, note, processesOf, signIn, taken, test } from "./console";

test("a running backup is cancelled, everybody sees by whom, and nothing of it is left", async ({ another, own, words }) => {
  await own.begin();
  const letGo = await own.lock("compta"); // the first waits for it, the others for the first
  const [page, other] = [await another(own.url), await another(own.url)];
  await signIn(page, "admin");
  await signIn(other, "operator");
  await other.goto("/sites/dupont/processes");
  await taken(other);
  const notLoadedAgain = await note(other, "h1");
  const seen = await note(other, ".process-line");
  for (let orders = 0; orders < 3; orders += 1) expect((await call(page, "start_backup", { site: "dupont" })).status()).toBe(200);

  // Everybody knows their place, also those who only watch.
  const line = other.locator(".process-line");
  const place = (number: number) => words(`En attente, ${number}e dans la file`, `Waiting, number ${number} in line`);
  await expect(line.filter({ hasText: place(2) })).toHaveCount(1);
  await expect(line.filter({ hasText: place(3) })).toHaveCount(1);

  const running = (await processesOf(page, "dupont")).find((process) => typeof process.state === "object");
  await page.goto(`/processes/${running?.id}`);
  await taken(page);
  const ask = page.getByRole("button", { name: words("Annuler", "Cancel"), exact: true });
  const dialog = page.getByRole("dialog", { name: words("Annuler cette sauvegarde", "Cancel this backup") });
  await ask.click();
  await expect(dialog).toContainText(words("rien n’en est gardé", "nothing of it is kept"));
  await dialog.getByRole("button", { name: words("Annuler la sauvegarde", "Cancel the backup") }).dblclick();
  await expect(page.locator(".head .plate")).toHaveText(words("AnnuléCancelled", "Cancelled"));
  await expect(page.getByText(words("Annulé par Claire Morel. Rien n’a été changé.", "Cancelled by Claire Morel. Nothing was changed."))).toBeVisible();
  await expect(ask).toBeHidden();
  await expect(page.getByRole("heading", { level: 1 }), "what had the focus is gone").toBeFocused();
  const row = other.getByRole("row").filter({ has: other.locator(`a[href="/processes/${running?.id}"]`) });
  await expect(row.locator(".plate")).toHaveText(words("AnnuléCancelled", "Cancelled"));
  // The next one has begun, and the last has moved up.
  await expect(line.filter({ hasText: place(2) })).toHaveCount(1);
  await expect(line.filter({ hasText: place(3) })).toHaveCount(0);

  // Of the first there is neither a backup nor a slot; what waits is cancelled as well.
  expect((await backupsOf(page, "dupont", "compta")).manual).toEqual([]);
  await page.goto("/sites/dupont");
  await expect(page.locator(".boxes > li.is-held")).toHaveCount(2);
  for (const process of await processesOf(page, "dupont")) await call(page, "cancel_process", { process: process.id });
  await expect(page.locator(".boxes > li.is-held")).toHaveCount(0);
  await expect(page.locator("#t-quota + .note")).toHaveText(words("0 sur 5", "0 of 5"));
  await expect(other.getByText(words("Rien n’est en cours", "Nothing is under way")).first()).toBeVisible();
  await notLoadedAgain();
  expect(await seen(), "there was something to see").not.toEqual([]);
  for (const process of await processesOf(page, "dupont")) expect(Object.keys(process.state)).toEqual(["cancelled"]);
  await letGo();
});

test("the question before a process is cancelled can be refused in any way", async ({ another, own, words }, info) => {
  await own.begin();
  const page = await another(own.url);
  await signIn(page, "admin");
  const letGo = await own.lock("compta"); // the first waits for it, the second for the first
  for (let orders = 0; orders < 2; orders += 1) await call(page, "start_backup", { site: "dupont" });
  const waiting = (await processesOf(page, "dupont")).find((process) => typeof process.state === "string");
  await page.goto(`/processes/${waiting?.id}`);
  await taken(page);
  const ask = page.getByRole("button", { name: words("Annuler", "Cancel"), exact: true });
  const dialog = page.getByRole("dialog", { name: words("Annuler cette sauvegarde", "Cancel this backup") });
  const ways = [() => dialog.getByText(words("Laisser continuer", "Let it go on")).click(), () => page.keyboard.press("Escape"), () => page.mouse.click(4, 4)];
  for (const refuse of ways) {
    await ask.click();
    await expect(dialog).toBeVisible();
    await refuse();
    await expect(dialog).toBeHidden();
    await expect(ask, "the focus returns to what opened the dialog").toBeFocused();
  }
  await ask.click();
  await lookAt(page, "process-cancel", info);
  await letGo();
});

test("while the page is read again, and again, clicks are heard and the focus stays", async ({ another, own, words }) => {
  await own.begin();
  const page = await another(own.url);
  await signIn(page, "admin");
  const letGo = await own.lock("compta");
  const begin = async () => ((await (await call(page, "start_backup", { site: "dupont" })).json()) as { id: string }).id;
  const running = await begin();
  await page.goto(`/processes/${running}`);
  await taken(page);

  // Two changes of the site, and the answer to the second one is still awaited.
  const readings = await holdBack(page, "**/api/read_process*");
  await begin();
  await expect.poll(() => readings.count()).toBe(1);
  await begin();
  await readings.letOne();
  await expect.poll(() => readings.count()).toBe(1);
  const ask = page.getByRole("button", { name: words("Annuler", "Cancel"), exact: true });
  const dialog = page.getByRole("dialog", { name: words("Annuler cette sauvegarde", "Cancel this backup") });
  await ask.click();
  await expect(dialog).toBeVisible();

  // The new drawing has another such button, which takes the focus over: from the one it was on, and from the dialog.
  await page.keyboard.press("Escape");
  await expect(ask).toBeFocused();
  await ask.evaluate((element) => element.setAttribute("data-old", ""));
  await readings.letAll();
  await expect(ask).not.toHaveAttribute("data-old");
  await expect(ask).toBeFocused();
  await ask.click();
  await ask.evaluate((element) => element.setAttribute("data-old", ""));
  await begin();
  await expect(page.locator("button[data-old]")).toHaveCount(0);
  await expect(dialog).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(ask).toBeFocused();
  await letGo();
});

test("the button that starts a backup keeps the focus when the page is read again with another ticket", async ({ another, own, words }) => {
  await own.begin();
  const page = await another(own.url);
  await signIn(page, "admin");
  const letGo = await own.lock("compta");
  await page.goto("/sites/dupont/backup");
  await taken(page);
  const ticket = page.locator("input[name=ticket]");
  const before = await ticket.inputValue();
  const start = page.getByRole("button", { name: words("Lancer la sauvegarde", "Start the backup") });
  await start.focus();
  await call(page, "start_backup", { site: "dupont" });
  await expect(ticket).not.toHaveValue(before);
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn))));
  await expect(start).toBeFocused();
  await letGo();
});

test("without script the form on the page of the process cancels it", { tag: "@noscript" }, async ({ another, own }) => {
  await own.begin();
  const page = await another(own.url);
  await signIn(page, "admin");
  const letGo = await own.lock("compta");
  await page.goto("/sites/dupont/backup");
  await page.getByRole("button", { name: "Lancer la sauvegarde" }).click();
  await expect(page.locator(".head .plate")).toHaveText("En coursRunning");
  await expect(page.locator(".op-note").filter({ hasText: "rien n’en est gardé" })).toBeVisible();
  await page.getByRole("button", { name: "Annuler" }).click();
  await expect(page.locator(".notice")).toContainText("Annulation en cours, demandée par Claire Morel.");
  await letGo();
  await expect(page.locator(".head .plate")).toHaveText("AnnuléCancelled", { timeout: 30_000 });
  expect((await backupsOf(page, "dupont", "compta")).manual).toEqual([]);
});
