import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { projectFolder } from "../../adapters/config/read-settings.ts";
import { ownDatabaseUrl } from "../../adapters/config/settings.ts";
import { createRunList, endProcess, isLiving } from "../../adapters/processes/run-list.ts";
import { administratorToken, createObserver, type Observed } from "./observed.ts";
import { freePort } from "./postgres.ts";
import { freeze, thaw, withDescendants } from "./processes.ts";

/** What `vesper up` is started with; the rest are its defaults. */
export interface StackOptions {
  /** Observatory seconds per second. */
  readonly rate: number;
  /** ISO instant the clock starts at; 15 observatory minutes before dusk when absent. */
  readonly start?: string;
  /** Further settings. */
  readonly env?: Readonly<Record<string, string>>;
}

/** One real `vesper up` in a folder and on ports of its own. */
export interface Stack extends Observed {
  /** Address of the web. */
  readonly url: string;
  /** Password of the people of the demonstration. */
  readonly password: string;
  /** Pid of a running part, from home/run. */
  pid(part: string): number;
  /** Names of the parts that run now. */
  parts(): string[];
  /** Freezes parts with SIGSTOP, each with its children, while `run` runs; they are thawed whatever happens. */
  frozen<T>(parts: readonly string[], run: () => Promise<T>): Promise<T>;
  /** Ends `up` as Ctrl-C does. @returns wall ms it took, and what was left running. */
  interrupt(): Promise<{ readonly tookMs: number; readonly left: readonly string[] }>;
  /** Runs another command of `vesper` with the settings of this stack. @returns exit code and all it printed */
  vesper(...args: string[]): Promise<{ readonly code: number | null; readonly printed: string }>;
  /** Starts `up` again on the same folder. */
  startAgain(): Promise<void>;
  /** What `up` printed. */
  output(): string;
  /** Ends everything and removes the folder. */
  stop(): Promise<void>;
}

const UP_LIMIT_MS = 300_000;
const DOWN_LIMIT_MS = 30_000;
const PORTS = ["PORT", "TEMPORAL_PORT", "TEMPORAL_UI_PORT", "POSTGRES_PORT", "ALPACA_PORT", "GUARD_PORT"];
const PASSWORD = "correct horse battery";
const WEBHOOK_SECRET = `whsec_${Buffer.alloc(24, "vesper").toString("base64")}`;

/**
 * Starts everything as a person does, `node bin/vesper.mjs up`, with a folder and free ports of its own. Ready when this
 * returns. With VESPER_TEST_KEEP=1 the folder with its logs stays.
 * @throws Error with what `up` printed when it does not become ready
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const home = mkdtempSync(path.join(tmpdir(), "vesper-stack-"));
  const ports = new Map<string, number>();
  for (const name of PORTS) ports.set(name, await freePort());
  const portOf = (name: string): number => ports.get(name) ?? 0;
  const env: NodeJS.ProcessEnv = {
    ...outerEnvironment(),
    ...Object.fromEntries([...ports].map(([name, port]) => [`VESPER_${name}`, String(port)])),
    ...options.env,
    VESPER_HOME: home,
    VESPER_PASSWORD: PASSWORD,
    VESPER_WEBHOOK_SECRET: WEBHOOK_SECRET,
    VESPER_CLOCK: "demo",
    VESPER_CLOCK_RATE: String(options.rate),
    ...(options.start === undefined ? {} : { VESPER_CLOCK_START: options.start }),
    // As under `npm start`: `up` ends when whoever started it is gone, so that a killed test leaves nothing running.
    npm_lifecycle_event: "start",
  };
  const runList = createRunList(path.join(home, "run"));
  let up: ChildProcess | null = null;
  let printed = "";
  let token = "";
  const databaseUrl = (): string =>
    ownDatabaseUrl(
      portOf("POSTGRES_PORT"),
      readFileSync(path.join(home, "postgres.password"), "utf8").trim(),
    );
  const observer = createObserver({
    home,
    web: `http://127.0.0.1:${portOf("PORT")}`,
    alpacaPort: portOf("ALPACA_PORT"),
    temporalAddress: `127.0.0.1:${portOf("TEMPORAL_PORT")}`,
    webhookSecret: WEBHOOK_SECRET,
    databaseUrl,
    token: () => token,
  });

  function vesper(...args: string[]): ChildProcess {
    return spawn(process.execPath, [path.join(projectFolder, "bin", "vesper.mjs"), ...args], {
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  async function startUp(): Promise<void> {
    const child = vesper("up");
    up = child;
    printed = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (data: Buffer) => (printed += data.toString()));
    }
    const untilMs = Date.now() + UP_LIMIT_MS;
    while (!printed.includes("Vesper is up:")) {
      if (child.exitCode !== null) throw new Error(`vesper up ended with ${child.exitCode}: ${printed}`);
      if (Date.now() > untilMs) throw new Error(`vesper up was not ready in ${UP_LIMIT_MS} ms: ${printed}`);
      await sleep(50);
    }
  }

  function pid(part: string): number {
    const record = runList.living().find((living) => living.part === part);
    if (record === undefined) throw new Error(`${part} is not running`);
    return record.pid;
  }

  async function frozen<T>(parts: readonly string[], run: () => Promise<T>): Promise<T> {
    const pids = parts.flatMap((part) => withDescendants(pid(part)));
    try {
      await freeze(pids);
      return await run();
    } finally {
      thaw(pids);
    }
  }

  async function interrupt() {
    const child = up;
    if (child === null) throw new Error("vesper up is not running");
    await observer.disconnect();
    const parts = runList.living();
    const startedMs = Date.now();
    const exited = new Promise<boolean>((resolve) => {
      if (child.exitCode !== null) resolve(true);
      child.once("exit", () => resolve(true));
    });
    child.kill("SIGINT");
    const ended = await Promise.race([exited, sleep(DOWN_LIMIT_MS, false, { ref: false })]);
    if (!ended) throw new Error(`vesper up did not end within ${DOWN_LIMIT_MS} ms: ${printed}`);
    up = null;
    return {
      tookMs: Date.now() - startedMs,
      left: parts.filter(isLiving).map((record) => record.part),
    };
  }

  async function stop(): Promise<void> {
    await observer.close();
    try {
      if (up !== null) await interrupt();
    } finally {
      up?.kill("SIGKILL");
      await Promise.all(runList.living().map((record) => endProcess(record, 3_000)));
      if (process.env["VESPER_TEST_KEEP"] === "1") console.log(`kept: ${home}`);
      else rmSync(home, { recursive: true, force: true });
    }
  }

  try {
    await startUp();
    token = await administratorToken({ ...env, DATABASE_URL: databaseUrl() });
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    ...observer,
    url: `http://127.0.0.1:${portOf("PORT")}`,
    password: PASSWORD,
    token,
    pid,
    parts: () => runList.living().map((record) => record.part),
    frozen,
    interrupt,
    vesper: async (...args) => {
      const child = vesper(...args);
      let said = "";
      for (const stream of [child.stdout, child.stderr]) {
        stream?.on("data", (data: Buffer) => (said += data.toString()));
      }
      const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
      return { code, printed: said };
    },
    startAgain: startUp,
    output: () => printed,
    stop,
  };
}

/** Our environment without anybody's settings; only where the Temporal CLI is counts here too. */
export function outerEnvironment(): NodeJS.ProcessEnv {
  const foreign = new Set(["DATABASE_URL", "TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE"]);
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([key]) => key === "VESPER_TEMPORAL_CLI" || !(key.startsWith("VESPER_") || foreign.has(key)),
    ),
  );
}

/**
 * Waits until `look` gives something other than null, undefined or false.
 * @param what named in the error, with the last thing seen
 * @throws Error after `limitMs`
 */
export async function waitFor<T>(
  what: string,
  limitMs: number,
  look: () => Promise<T | null | undefined | false>,
  seen: () => Promise<unknown> = async () => "",
): Promise<T> {
  const untilMs = Date.now() + limitMs;
  for (let problem: unknown = null; ;) {
    try {
      const found = await look();
      if (found !== null && found !== undefined && found !== false) return found;
      problem = null;
    } catch (error) {
      // A part that restarts does not answer for a moment; it counts as not yet.
      problem = error;
    }
    if (Date.now() > untilMs) {
      const last = await seen().catch((error: unknown) => error);
      throw new Error(`${what}: not within ${limitMs} ms; last seen ${JSON.stringify(last)}`, {
        cause: problem,
      });
    }
    await sleep(50);
  }
}
