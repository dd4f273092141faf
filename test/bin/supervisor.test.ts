import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { createRunList } from "../../adapters/processes/run-list.ts";
import { createSupervisor } from "../../bin/up/supervisor.ts";
import type { Part, Supervisor } from "../../bin/up/supervisor.ts";
import { isAlive, scratchFolder, until } from "./process-kit.ts";

let folder: string;
let restarts: string[];
let supervisor: Supervisor;

beforeEach(() => {
  folder = scratchFolder();
  restarts = [];
  supervisor = createSupervisor({
    runList: createRunList(path.join(folder, "run")),
    logFolder: path.join(folder, "log"),
    onRestart: (part, sentence) => restarts.push(`${part}: ${sentence}`),
    firstBackOffMs: 50,
    lastBackOffMs: 200,
  });
});
afterEach(() => {
  supervisor.killAll();
  rmSync(folder, { recursive: true, force: true });
});

function part(name: string, script: string, stopLimitMs = 1_000): Part {
  return {
    name,
    command: process.execPath,
    args: ["-e", script],
    env: process.env,
    ports: [1234],
    stopLimitMs,
  };
}
const STAYS = "console.log('supervised=' + process.env.VESPER_SUPERVISED); setInterval(() => {}, 1000)";
const log = (name: string): string => readFileSync(path.join(folder, "log", `${name}.log`), "utf8");

test("a part is listed, logs into its file, and is told that it is supervised", async () => {
  supervisor.start(part("one", STAYS));
  await until(() => log("one").includes("supervised=1"), 5_000);
  const pid = supervisor.pidOf("one");
  expect(createRunList(path.join(folder, "run")).living()).toMatchObject([
    { part: "one", pid, ports: [1234] },
  ]);
});

test("a part that is killed is started again, with a line saying so; stopped, it stays down", async () => {
  supervisor.start(part("one", STAYS));
  const first = supervisor.pidOf("one")!;
  process.kill(first, "SIGKILL");
  await until(() => supervisor.pidOf("one") !== null && supervisor.pidOf("one") !== first, 5_000);
  expect(restarts).toEqual(["one: one ended (SIGKILL); it is started again in 0.05 s"]);
  const second = supervisor.pidOf("one")!;
  await supervisor.stop(["one"]);
  expect(isAlive(second)).toBe(false);
  expect(supervisor.pidOf("one")).toBeNull();
  expect(createRunList(path.join(folder, "run")).living()).toEqual([]);
  expect(restarts).toHaveLength(1);
});

test("one that cannot live is tried ever more slowly, to a limit", async () => {
  supervisor.start(part("bad", "process.exit(9)"));
  await until(() => restarts.length >= 5, 10_000);
  const waits = restarts.map((line) => Number(/in ([\d.]+) s/.exec(line)?.[1]));
  expect(waits.slice(0, 5)).toEqual([0.05, 0.1, 0.2, 0.2, 0.2]);
  expect(restarts[0]).toContain("exit code 9");
});

test("a program that is not there is tried again like any other", async () => {
  supervisor.start({ ...part("none", ""), command: "/nowhere/at/all" });
  await until(() => restarts.length >= 2, 5_000);
  expect(restarts[0]).toMatch(/none ended \(.*ENOENT\)/);
});

test("what a part leaves behind in its group is ended before it is started again", async () => {
  const mark = path.join(folder, "child.pid");
  writeFileSync(mark, "");
  supervisor.start(
    part(
      "parent",
      `const c = require("node:child_process").spawn(process.execPath, ["-e", "setInterval(()=>{},1000)"], { stdio: "ignore" });
       require("node:fs").writeFileSync(${JSON.stringify(mark)}, String(c.pid)); setInterval(() => {}, 1000)`,
    ),
  );
  await until(() => readFileSync(mark, "utf8") !== "", 5_000);
  const orphan = Number(readFileSync(mark, "utf8"));
  process.kill(supervisor.pidOf("parent")!, "SIGKILL");
  await until(() => !isAlive(orphan), 3_000);
});

test("one that does not stop in time is killed; the others stop at the same time", async () => {
  supervisor.start(
    part("stubborn", "process.on('SIGTERM', () => {}); console.log('on'); setInterval(() => {}, 1000)", 300),
  );
  supervisor.start(
    part(
      "polite",
      "process.on('SIGTERM', () => process.exit(0)); console.log('on'); setInterval(() => {}, 1000)",
    ),
  );
  await until(() => log("stubborn").includes("on") && log("polite").includes("on"), 5_000);
  const pids = ["stubborn", "polite"].map((name) => supervisor.pidOf(name)!);
  const before = Date.now();
  await supervisor.stop(["stubborn", "polite"]);
  expect(Date.now() - before).toBeLessThan(2_000);
  for (const pid of pids) expect(isAlive(pid)).toBe(false);
  expect(restarts).toEqual([]);
});

test("a frozen part stops all the same", async () => {
  supervisor.start(part("frozen", "console.log('on'); setInterval(() => {}, 1000)"));
  await until(() => log("frozen").includes("on"), 5_000);
  const pid = supervisor.pidOf("frozen")!;
  process.kill(pid, "SIGSTOP");
  await supervisor.stop(["frozen"]);
  expect(isAlive(pid)).toBe(false);
});

test("stopped while it waits to be started again, it is not started", async () => {
  supervisor.start(part("bad", "process.exit(1)"));
  await until(() => restarts.length >= 1, 5_000);
  await supervisor.stop(["bad"]);
  const count = restarts.length;
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(restarts).toHaveLength(count);
});
