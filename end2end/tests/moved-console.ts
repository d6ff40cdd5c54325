// A demonstration that begins at an instant the test chooses, and travels: `coffre demo --now`, ended and started again over the same
// world with a later clock. So nights are really made, by the scheduler itself, without anybody waiting until it is night.
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "@playwright/test";
import { PROGRAM, freePort } from "./own-console";

export class MovedConsole {
  /** Its address, once begun. */
  url = "";
  private child?: ChildProcess;
  private readonly folder = mkdtempSync(join(tmpdir(), "coffre-moved-"));

  /** The control store. */
  get store(): string {
    return join(this.folder, "world", "control.sqlite");
  }

  /** Makes the world as it would be at this instant (RFC 3339), with the history that the policy would have left. */
  async begin(now: string): Promise<void> {
    chmodSync(this.folder, 0o755); // PostgreSQL runs as another user when the tests run as root
    this.url = `http://127.0.0.1:${await freePort()}`;
    await this.start(now);
  }

  /** Ends it and starts it again at a later instant. */
  async travel(now: string): Promise<void> {
    await this.end();
    await this.start(now);
  }

  async remove(): Promise<void> {
    await this.end();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async start(now: string): Promise<void> {
    const options = ["demo", "--data", join(this.folder, "world"), "--listen", new URL(this.url).host, "--now", now];
    // Where a night was skipped on purpose, the notice that a site has no recent backup is what it should be.
    const env = { ...process.env, RUST_LOG: "error,server::adapters::log_notifier=off" };
    this.child = spawn(PROGRAM, options, { cwd: dirname(PROGRAM), env, stdio: ["ignore", "ignore", "inherit"] });
    await expect(async () => expect((await fetch(`${this.url}/health`)).status).toBe(200)).toPass({ timeout: 240_000, intervals: [100] });
  }

  /** As Ctrl-C would: its PostgreSQL ends with it. */
  private async end(): Promise<void> {
    const child = this.child;
    this.child = undefined;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await ended;
  }
}
