// R17, R26: the file arrives whole or is resumed, for those who may have it.
import { backupsOf, call, downloadOf, expect, refusalOf, sha256, signIn, taken, test } from "./console";

test("R17 a download tells its length, name and hash beforehand, and one that was cut is resumed", { tag: "@french" }, async ({ page }) => {
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

test("R26 nobody without the right gets a file, and what does not exist is answered like what is another's", async ({ page, words }) => {
  await signIn(page, "operator");
  const mine = downloadOf((await backupsOf(page, "dupont", "dupont-paie")).automatic[0]!, "dupont-paie");
  const foreign = downloadOf((await backupsOf(page, "corail", "corail-paie")).automatic[0]!, "corail-paie");
  const unknown = mine.replace(/backups\/\w+/, "backups/0000000000000000");
  expect((await page.request.get(unknown)).status()).toBe(404);

  await page.context().clearCookies();
  expect((await page.request.get(mine)).status()).toBe(401);

  for (const [person, code] of [["partner", "not-for-partners"], ["viewer", "read-only"]] as const) {
    await page.context().clearCookies();
    await signIn(page, person);
    const answer = await page.request.get(mine);
    expect([answer.status(), await refusalOf(answer)]).toEqual([403, code]);
  }

  await page.context().clearCookies();
  await signIn(page, "admin");
  const answers = [];
  for (const path of [foreign, unknown, mine.replace("dupont-paie", "nothing"), "/backups/A%00/databases/x/download", "/backups/%2e%2e/databases/x/download".replaceAll("%2e", "%252e")]) {
    const answer = await page.request.get(path);
    answers.push([answer.status(), await answer.text()]);
  }
  for (const answer of answers) expect(answer).toEqual(answers[0]);
  expect(answers[0]?.[0]).toBe(404);

  // A person who follows the link gets a page that explains, not a file that is none.
  await page.context().clearCookies();
  await signIn(page, "partner");
  await page.goto(mine);
  await taken(page);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(words("Cela ne vous est pas ouvert", "This is not open to you"));
  await expect(page.locator("main")).toContainText(words("Un partenaire ne télécharge pas", "A partner does not download"));
  expect((await call(page, "read_database", { site: "corail", database: "corail-paie" })).status()).toBe(404);
});
