// A console of a test's own: `coffre serve` over two small databases, started in a moment. What would spoil the shared demonstration
// is done here: filling every slot, taking a database away, killing the server.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "@playwright/test";

const root = fileURLToPath(new URL("../..", import.meta.url));
export const PROGRAM = join(resolve(root, process.env.CARGO_TARGET_DIR ?? "target"), "debug", "coffre");

/** One password for everybody, as in the demonstration. */
const PASSWORD = "demo-coffre";

export class OwnConsole {
  /** Its address, once started. */
  url = "";
  private child?: ChildProcess;
  private readonly locks: ChildProcess[] = [];

  constructor(private readonly folder: string) {}

  /** The file of one of its databases: `compta` or `paie`. */
  book(name: "compta" | "paie"): string {
    return join(this.folder, "books", `${name}.sqlite`);
  }

  /** Asks the standard program to change one of its databases, or its control store. */
  change(file: string, sql: string): void {
    execFileSync("sqlite3", ["-cmd", ".timeout 5000", file], { input: sql });
  }

  get store(): string {
    return join(this.folder, "data", "control.sqlite");
  }

  /** Makes everything and starts: the site DUPONT with two databases, `megabytes` of accounting, and two people. */
  async begin(megabytes = 1): Promise<void> {
    mkdirSync(join(this.folder, "books"), { recursive: true });
    mkdirSync(join(this.folder, "data"));
    for (const name of ["compta", "paie"] as const) {
      const rows = name === "compta" ? megabytes * 10 : 1;
      const fill = `INSERT INTO entry SELECT value, randomblob(100000) FROM generate_series(1, ${rows});`;
      this.change(this.book(name), `CREATE TABLE entry (number INTEGER PRIMARY KEY, content BLOB); ${fill}`);
    }
    const port = await freePort();
    this.url = `http://127.0.0.1:${port}`;
    const [data, books] = ["data", "books"].map((name) => JSON.stringify(join(this.folder, name)));
    writeFileSync(
      this.config,
      `[web]\nlisten = "127.0.0.1:${port}"\nplain_http = true\n[storage]\ndata = ${data}\nsqlite_folders = [${books}]\n` +
        // As long as a story may hold a lock on a busy machine while it looks at what waits for it.
        "[work]\nlock_timeout_secs = 300\n",
    );
    const database = (name: "compta" | "paie", words: string, product: string) =>
      `{ id = "${name}", name = "${words}", product = "${product}", engine = "sqlite", path = ${JSON.stringify(this.book(name))} }`;
    writeFileSync(
      join(this.folder, "sites.toml"),
      `customers = [{ id = "dupont", name = "Dupont & Fils" }]
       [[sites]]
       id = "dupont"
       code = "DUPONT"
       name = "Dupont & Fils"
       customer = "dupont"
       zone = "Europe/Paris"
       night = { start = "${farFromNow()}", window_minutes = 15 }
       databases = [${database("compta", "Comptabilité", "Sage 100 Comptabilité")}, ${database("paie", "Paie", "Sage Paie")}]`,
    );
    await this.start(); // which makes the sites known that people belong to
    this.account("claire.morel@dupont.example", "Claire Morel", "client_admin", "--firm", "Dupont & Fils", "--site", "dupont");
    this.account("ines.caron@hebergeur.example", "Inès Caron", "operator", "--firm", "Nuage du Centre");
  }

  private get config(): string {
    return join(this.folder, "coffre.toml");
  }

  private account(email: string, name: string, role: string, ...more: string[]): void {
    const options = ["--config", this.config, "--email", email, "--name", name, "--role", role, ...more];
    execFileSync(PROGRAM, ["account", ...options], { input: `${PASSWORD}\n`, stdio: ["pipe", "ignore", "inherit"] });
  }

  /** Starts the server, again over the same data, and waits until it answers. */
  async start(): Promise<void> {
    const env = { ...process.env, RUST_LOG: "error" };
    this.child = spawn(PROGRAM, ["serve", "--config", this.config], { cwd: dirname(PROGRAM), env, stdio: ["ignore", "inherit", "inherit"] });
    await expect(async () => expect((await fetch(`${this.url}/health`)).status).toBe(200)).toPass({ timeout: 30_000, intervals: [50] });
  }

  /** Ends the server without warning, as a power cut would. */
  async kill(): Promise<void> {
    const child = this.child;
    this.child = undefined;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  }

  /** Holds a database alone, so that whoever wants to read it waits; the answer lets go. */
  async lock(name: "compta" | "paie"): Promise<() => Promise<void>> {
    const holder = spawn("sqlite3", [this.book(name)], { stdio: ["pipe", "pipe", "inherit"] });
    this.locks.push(holder);
    const held = new Promise((resolve) => holder.stdout?.once("data", resolve));
    holder.stdin?.write("BEGIN EXCLUSIVE;\n.shell echo held\n");
    await held;
    const ended = new Promise<void>((resolve) => holder.once("exit", () => resolve()));
    return async () => {
      holder.stdin?.end("COMMIT;\n");
      await ended;
    };
  }

  async remove(): Promise<void> {
    for (const holder of this.locks) holder.kill("SIGKILL");
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A time in Paris at least five hours away: a night that came during a story would be a row that it does not expect. */
function farFromNow(): string {
  const hour = new Date().getUTCHours();
  return hour >= 8 && hour < 20 ? "03:00" : "15:00";
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
