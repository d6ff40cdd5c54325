// R18: an automatic backup saved among the manual ones survives its seven days.
import type { Page } from "@playwright/test";
import { backupsOf, call, downloadOf, expect, lookAt, refusalOf, sha256, signIn, taken, test } from "../console";
import { PAGE, backedUp, meter, night, order, rows } from "../kept";

test("R18 – an automatic backup is saved among the manual ones with its hash, and no longer kept after its consequence was said", async ({ another, own, words }, info) => {
  await own.begin();
  const page = await another(own.url);
  await signIn(page, "admin");
  const [manual] = await backedUp(page);
  const kept = night(own, manual!);
  await page.goto(PAGE);
  await taken(page);
  const watching = await another(own.url);
  await signIn(watching, "operator");
  await watching.goto(PAGE);
  await taken(watching);
  const { sha256: hash } = (await backupsOf(page, "dupont", "compta")).automatic[0]!;
  await lookAt(page, "keeping-night", info);

  await page.locator("#automatiques").getByRole("button", { name: words("Conserver comme sauvegarde manuelle", "Keep as a manual backup") }).click();
  await expect(page.getByRole("status").filter({ hasText: words("est conservée", "is kept") })).toBeVisible();
  const row = (each: Page) => rows(each, "#manuelles").filter({ hasText: words("Automatique, conservée le", "Automatic, kept on") });
  for (const each of [page, watching]) {
    await expect(row(each)).toHaveCount(1);
    await expect(rows(each, "#automatiques")).toHaveCount(0);
    await expect(meter(each)).toContainText(words("2 sur 5", "2 of 5"));
  }
  const entry = (await backupsOf(page, "dupont", "compta")).manual.find((each) => each.backup.id === kept)!;
  expect(entry.sha256).toBe(hash);
  expect(sha256(await (await page.request.get(downloadOf(entry, "compta"))).body())).toBe(hash);
  await lookAt(page, "keeping-kept", info);

  // It has no bin, and a forged call is refused with the reason.
  await expect(row(page).locator(".is-bin")).toHaveCount(0);
  const forged = await call(page, "delete_backup", order(kept));
  expect([forged.status(), await refusalOf(forged)]).toEqual([409, "not-manual"]);

  await row(page).getByRole("link", { name: words("Ne plus conserver", "Keep no longer") }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText(words("Elle redevient une sauvegarde automatique", "It becomes an automatic backup again"));
  await lookAt(page, "keeping-release", info);
  await dialog.getByRole("button", { name: words("Ne plus conserver", "Keep no longer") }).click();
  for (const each of [page, watching]) {
    await expect(rows(each, "#automatiques")).toHaveCount(1);
    await expect(meter(each)).toContainText(words("1 sur 5", "1 of 5"));
  }
  expect((await backupsOf(page, "dupont", "compta")).automatic[0]!.sha256).toBe(hash);
});

test("R18 – an automatic backup is saved among the manual ones: it outlives its seven days, content hash unchanged", async ({ another, moved }) => {
  await moved.begin("2026-11-24T20:00:00Z");
  const page = await another(moved.url);
  await signIn(page, "admin");
  const nights = async () => (await backupsOf(page, "dupont", "dupont-compta")).automatic.map((entry) => entry.backup.id);
  const before = (await backupsOf(page, "dupont", "dupont-compta")).automatic;
  const [younger, oldest] = [before[5]!, before[6]!];
  expect((await call(page, "promote_backup", { site: "dupont", database: "dupont-compta", backup: oldest.backup.id })).status()).toBe(200);

  // Two nights later the seven days of both are over.
  for (const night of ["2026-11-25", "2026-11-26"]) {
    const known = await nights();
    await moved.travel(`${night}T02:29:00Z`);
    await signIn(page, "admin");
    await expect.poll(async () => known.includes((await nights())[0]!), { timeout: 60_000 }).toBe(false);
  }
  await expect.poll(nights, { timeout: 60_000 }).not.toContain(younger.backup.id);
  const kept = (await backupsOf(page, "dupont", "dupont-compta")).manual.find((entry) => entry.backup.id === oldest.backup.id);
  expect(kept?.sha256).toBe(oldest.sha256);
  expect(sha256(await (await page.request.get(downloadOf(oldest, "dupont-compta"))).body())).toBe(oldest.sha256);
});

test("R18 – an automatic backup is saved among the manual ones, also without script", { tag: "@noscript" }, async ({ another, own }) => {
  await own.begin();
  const page = await another(own.url);
  await signIn(page, "admin");
  const [manual] = await backedUp(page);
  const kept = night(own, manual!);
  const { sha256: hash } = (await backupsOf(page, "dupont", "compta")).automatic[0]!;
  await page.goto(PAGE);
  await page.locator("#automatiques").getByRole("button", { name: "Conserver comme sauvegarde manuelle" }).click();
  await expect(page).toHaveURL(/\/databases\/compta\?kept=/);
  await expect(rows(page, "#automatiques")).toHaveCount(0);
  await expect(rows(page, "#manuelles")).toHaveCount(2);
  await expect(meter(page)).toContainText("2 sur 5");
  expect((await backupsOf(page, "dupont", "compta")).manual.find((entry) => entry.backup.id === kept)?.sha256).toBe(hash);
});
