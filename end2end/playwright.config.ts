// How the browser tests run: one real Chromium, one console of their own over demonstration databases of their own.
//
// The console is `coffre demo` as built by `make test-browser`. It listens on a free loopback port and keeps its world in a temporary folder,
// so that nothing here touches the console somebody has open, or its data. COFFRE_KEEP_WORLD=1 keeps that folder for a look afterwards.
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "@playwright/test";

const root = fileURLToPath(new URL("..", import.meta.url));
const program = join(resolve(root, process.env.CARGO_TARGET_DIR ?? "target"), "debug", "coffre");

// This file is read once by Playwright and once more by each of its workers, which inherit the environment: chosen by the first alone.
if (!process.env.COFFRE_E2E_PORT) process.env.COFFRE_E2E_PORT = freePort();
if (!process.env.COFFRE_E2E_WORLD) {
  const world = mkdtempSync(join(tmpdir(), "coffre-e2e-"));
  chmodSync(world, 0o755); // PostgreSQL runs as another user when the tests run as root
  process.env.COFFRE_E2E_WORLD = world;
  process.on("exit", () => {
    if (process.env.COFFRE_KEEP_WORLD) console.error(`The world of these tests is kept in ${world}`);
    else rmSync(world, { recursive: true, force: true });
  });
}
const port = process.env.COFFRE_E2E_PORT;
const world = join(process.env.COFFRE_E2E_WORLD, "world");

/** A loopback port that nobody listens on. Asked of another process, because a configuration is read without waiting. */
function freePort(): string {
  const ask = 'const s = require("node:net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })';
  return execFileSync(process.execPath, ["--eval", ask], { encoding: "utf8" }).trim();
}

// The same places as in .ci/need; none of them: Playwright's own download.
const executablePath = [
  process.env.COFFRE_CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
].find((path) => path && existsSync(path));

const french = { locale: "fr-FR", timezoneId: "Europe/Paris" };
const english = { locale: "en-GB", timezoneId: "Europe/Paris" };
const wide = { viewport: { width: 1440, height: 900 } };
const narrow = { viewport: { width: 360, height: 780 } };

export default defineConfig({
  testDir: "tests",
  outputDir: process.env.COFFRE_E2E_RESULTS ?? "results", // traces of what failed: they stay until the next run
  forbidOnly: !!process.env.CI,
  workers: 1, // one console, one world: what a test does is seen by the next
  retries: 0,
  timeout: 120_000, // a backup of a real database, watched to the end on a busy machine
  expect: { timeout: 10_000 },
  reporter: [["list"]],
  use: {
    baseURL: `http://127.0.0.1:${port}`,
    trace: { mode: "retain-on-failure", screenshots: false }, // filming would take half of a small machine
    screenshot: "only-on-failure",
    contextOptions: { reducedMotion: "reduce" },
    launchOptions: {
      executablePath,
      args: [
        ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
      ],
    },
  },
  projects: [
    { name: "wide-light-fr", grepInvert: /@noscript/, use: { ...wide, ...french, colorScheme: "light" } },
    { name: "narrow-dark-en", grepInvert: /@noscript|@french/, use: { ...narrow, ...english, colorScheme: "dark" } },
    { name: "no-script", grep: /@noscript/, use: { ...wide, ...french, colorScheme: "light", javaScriptEnabled: false } },
  ],
  webServer: {
    command: `"${program}" demo --data "${world}" --listen 127.0.0.1:${port}`,
    cwd: root,
    url: `http://127.0.0.1:${port}/`,
    reuseExistingServer: false,
    timeout: 240_000, // the first start makes the world and its history of backups
    gracefulShutdown: { signal: "SIGTERM", timeout: 15_000 },
    stdout: "ignore",
    stderr: "pipe",
  },
});
