// R17: the file arrives whole, its SHA-256 is the one on screen, and what was cut is resumed.
import { readFileSync } from "node:fs";
import { WAYS, backupsOf, downloadOf, expect, sha256, signIn, taken, test } from "../console";

for (const { tag, how } of WAYS) {
  test(`R17 – download a backup to one's computer: the file's SHA-256 is the one on screen${how}`, { tag }, async ({ page }) => {
    await signIn(page, "admin");
    await page.goto("/sites/dupont/databases/dupont-paie");
    await taken(page);
    for (const section of ["#automatiques", "#manuelles"]) {
      const rows = page.locator(`${section} tbody tr`);
      const count = await rows.count();
      expect(count).toBeGreaterThan(0);
      await expect(rows.locator("a[href$='/download']"), "on each entry").toHaveCount(count);
      const row = rows.first();
      await row.locator("details.hash summary").click();
      const told = row.locator("details.hash > code");
      await expect(told).toBeVisible();
      const waiting = page.waitForEvent("download");
      await row.locator("a[href$='/download']").click();
      const file = readFileSync(await (await waiting).path());
      await expect(told).toHaveText(sha256(file));
    }
  });
}

test("R17 – download a backup to one's computer: its length, name and hash are told beforehand, and one that was cut is resumed", { tag: "@french" }, async ({ page }) => {
  await signIn(page, "admin");
  const entry = (await backupsOf(page, "dupont", "dupont-paie")).automatic[0];
  if (!entry) throw new Error("the demonstration has nights");
  const path = downloadOf(entry, "dupont-paie");

  const head = await page.request.head(path);
  expect(head.status()).toBe(200);
  expect((await head.body()).length).toBe(0);
  const tag = `"${entry.sha256}"`;
  expect(head.headers()).toMatchObject({ "content-length": String(entry.bytes), etag: tag, "accept-ranges": "bytes" });
  expect(head.headers()["content-disposition"]).toContain(`filename*=UTF-8''${encodeURIComponent(entry.file_name)}`);
  expect(head.headers()["cache-control"]).toContain("private");

  const whole = await page.request.get(path);
  const bytes = await whole.body();
  expect(sha256(bytes)).toBe(entry.sha256);
  expect(bytes.length).toBe(entry.bytes);

  const half = Math.floor(bytes.length / 2);
  const ask = (headers: Record<string, string>) => page.request.get(path, { headers });
  const rest = await ask({ Range: `bytes=${half}-`, "If-Range": tag });
  expect(rest.status()).toBe(206);
  expect(rest.headers()["content-range"]).toBe(`bytes ${half}-${bytes.length - 1}/${bytes.length}`);
  expect(sha256(Buffer.concat([bytes.subarray(0, half), await rest.body()]))).toBe(entry.sha256);
  expect(await (await ask({ Range: "bytes=-16" })).body()).toEqual(bytes.subarray(-16));
  // The bytes of another file are never sewn on.
  const other = await ask({ Range: `bytes=${half}-`, "If-Range": '"another"' });
  expect([other.status(), (await other.body()).length]).toEqual([200, bytes.length]);
  const beyond = await ask({ Range: `bytes=${bytes.length}-` });
  expect([beyond.status(), beyond.headers()["content-range"]]).toEqual([416, `bytes */${bytes.length}`]);
  expect((await ask({ "If-None-Match": tag })).status()).toBe(304);
});
