import { execFileSync, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import net from "node:net";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { readClockFile } from "../../adapters/home/home-files.ts";
import { projectFolder } from "../../adapters/config/read-settings.ts";
import { ownDatabaseUrl } from "../../adapters/config/settings.ts";
import { createRunList, endProcess, isLiving } from "../../adapters/processes/run-list.ts";
import type { RunRecord } from "../../adapters/processes/run-list.ts";
import { isPortTaken } from "../../bin/up/ports.ts";
import { openDatabase } from "../../db/orm.ts";
import { observatoryMs } from "../../domain/clock.ts";
import { scratchFolder, until } from "./process-kit.ts";

// One real `vesper up` on ports of its own, through its whole life: start, a part dies, it is killed, it goes on, Ctrl-C.
const RATE = 60;
const UP_LIMIT_MS = 120_000;
const home = scratchFolder();
const ports: Record<string, string> = {};
let up: ChildProcess;
let output = "";

beforeAll(async () => {
  for (const name of [
    "PORT",
    "TEMPORAL_PORT",
    "TEMPORAL_UI_PORT",
    "POSTGRES_PORT",
    "ALPACA_PORT",
    "GUARD_PORT",
  ]) {
    ports[`VESPER_${name}`] = String(await freePort());
  }
});
afterAll(async () => {
  up?.kill("SIGKILL");
  await Promise.all(living().map((record) => endProcess(record, 3_000)));
  rmSync(home, { recursive: true, force: true });
}, 30_000);

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function vesper(...args: string[]): ChildProcess {
  const env = {
    ...process.env,
    ...ports,
    VESPER_HOME: home,
    VESPER_PASSWORD: "correct horse",
    VESPER_CLOCK_RATE: String(RATE),
  };
  return spawn(process.execPath, [path.join(projectFolder, "bin", "vesper.ts"), ...args], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function startUp(): Promise<void> {
  output = "";
  up = vesper("up");
  for (const stream of [up.stdout, up.stderr])
    stream?.on("data", (data: Buffer) => (output += data.toString()));
  await until(() => output.includes("Vesper is up:") || up.exitCode !== null, UP_LIMIT_MS);
  if (up.exitCode !== null) throw new Error(`vesper up ended: ${output}`);
}

function living(): RunRecord[] {
  return createRunList(path.join(home, "run")).living();
}

function pidOf(part: string): number | undefined {
  return living().find((record) => record.part === part)?.pid;
}

test(
  "starts everything, prints where to look, and each part leads a process group of its own",
  async () => {
    await startUp();
    expect(output).toContain(`http://127.0.0.1:${ports["VESPER_PORT"]}`);
    expect(output).toContain(`http://127.0.0.1:${ports["VESPER_TEMPORAL_UI_PORT"]}`);
    expect(output).toContain("admin@vesper.example");
    expect(output).not.toContain("correct horse");
    const ready = await fetch(`http://127.0.0.1:${ports["VESPER_PORT"]}/readyz`);
    expect(ready.status).toBe(200);
    expect(
      living()
        .map(({ part }) => part)
        .sort(),
    ).toEqual([
      "api",
      "guard",
      "postgres",
      "simulators",
      "temporal",
      "up",
      "worker-compute",
      "worker-control-1",
      "worker-control-2",
      "worker-feeds",
      "worker-site",
    ]);
    for (const { part, pid } of living()) {
      const group = execFileSync("ps", ["-o", "pgid=", "-p", String(pid)], { encoding: "utf8" });
      expect([part, Number(group) === pid]).toEqual([part, part !== "up"]);
    }
  },
  UP_LIMIT_MS + 10_000,
);

test("a second one in the same folder is refused, and the first goes on", async () => {
  const second = vesper("up");
  let words = "";
  second.stderr?.on("data", (data: Buffer) => (words += data.toString()));
  const code = await new Promise((resolve) => second.once("exit", resolve));
  expect(code).toBe(1);
  expect(words).toMatch(/^Vesper is running already in .* \(pid \d+\): stop it there with Ctrl-C first/);
  expect(up.exitCode).toBeNull();
}, 30_000);

test("a part that is killed is back within seconds, with a line in the journal", async () => {
  const killed = pidOf("worker-feeds");
  process.kill(killed ?? 0, "SIGKILL");
  await until(() => ![undefined, killed].includes(pidOf("worker-feeds")), 10_000);
  const password = readFileSync(path.join(home, "postgres.password"), "utf8").trim();
  const database = await openDatabase(ownDatabaseUrl(Number(ports["VESPER_POSTGRES_PORT"]), password));
  try {
    const lines = await database.journal.list({ module: "up/worker-feeds" });
    expect(lines.items[0]).toMatchObject({
      level: "warning",
      text: expect.stringContaining("worker-feeds ended (SIGKILL); it is started again in 1 s"),
    });
  } finally {
    await database.close();
  }
}, 30_000);

test(
  "killed with SIGKILL it leaves nothing running; started again, the clock goes on where it stood",
  async () => {
    const before = await readClockFile(home);
    const parts = living();
    up.kill("SIGKILL");
    const killedAtMs = observatoryMs(before!, Date.now());
    await until(() => !parts.some(isLiving), 10_000);
    for (const port of Object.values(ports))
      expect([port, await isPortTaken("127.0.0.1", Number(port))]).toEqual([port, false]);
    // Two minutes of the sky, had it not stood still.
    await sleep(2_000);
    await startUp();
    const after = await readClockFile(home);
    expect(after?.epoch).toBe(before!.epoch + 1);
    // The last tick was at most a second (and a slow database's write) old.
    expect(killedAtMs - after!.startMs).toBeGreaterThanOrEqual(0);
    expect(killedAtMs - after!.startMs).toBeLessThan(2_000 * RATE);
    expect(output).toMatch(/The clock goes on where it stood; [1-9]\d* open workflows were told/);
  },
  UP_LIMIT_MS + 30_000,
);

test("Ctrl-C stops all in order within 15 s and leaves nothing", async () => {
  const parts = living();
  const toldWallMs = Date.now();
  const exit = new Promise((resolve) => up.once("exit", resolve));
  up.kill("SIGINT");
  expect(await exit).toBe(0);
  expect(Date.now() - toldWallMs).toBeLessThan(15_000);
  expect(parts.filter(isLiving)).toEqual([]);
  expect(living()).toEqual([]);
  expect(output).toMatch(/Stopped\.\n$/);
}, 30_000);
