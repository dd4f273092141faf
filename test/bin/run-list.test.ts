import { existsSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, afterEach, expect, test } from "@jest/globals";
import { processStart } from "../../adapters/processes/identity.ts";
import { createRunList, endProcess, isLiving } from "../../adapters/processes/run-list.ts";
import { firstLine, isAlive, killGroup, scratchFolder, spawnScript } from "./process-kit.ts";

const folder = scratchFolder();
const started: number[] = [];
afterEach(() => started.splice(0).forEach((pid) => killGroup(pid)));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function sleeper(script = "setInterval(() => {}, 1000); console.log('here')") {
  const child = spawnScript(script);
  started.push(child.pid);
  return child;
}

test("a process has one start time for its life, and none afterwards", async () => {
  const child = sleeper();
  await firstLine(child);
  const start = processStart(child.pid);
  expect(start).toMatch(/\d/);
  expect(processStart(child.pid)).toBe(start);
  expect(start).not.toBe(processStart(process.pid));
  child.kill("SIGKILL");
  await new Promise((resolve) => child.once("exit", resolve));
  expect(processStart(child.pid)).toBeNull();
});

test("what was listed is found again by another list on the same folder", async () => {
  const child = sleeper();
  await firstLine(child);
  createRunList(path.join(folder, "run")).add("worker-1", child.pid, [4000]);
  const [record] = createRunList(path.join(folder, "run")).living();
  expect(record).toMatchObject({ part: "worker-1", pid: child.pid, ports: [4000] });
  expect(await endProcess(record!, 2_000)).toBe(true);
  expect(isAlive(child.pid)).toBe(false);
  expect(createRunList(path.join(folder, "run")).living()).toEqual([]);
});

test("a record of another start of the same pid names nobody, and nobody is ended", async () => {
  const child = sleeper();
  await firstLine(child);
  const list = createRunList(path.join(folder, "stale"));
  list.add("temporal", child.pid, [1]);
  const file = path.join(folder, "stale", "temporal.json");
  const record = { part: "temporal", pid: child.pid, started: "another boot/1", ports: [1] };
  writeFileSync(file, JSON.stringify(record));
  expect(list.living()).toEqual([]);
  expect(existsSync(file)).toBe(false);
  expect(await endProcess(record, 100)).toBe(true);
  expect(isAlive(child.pid)).toBe(true);
});

test("a half-written record and a folder that is not there are no trouble", () => {
  const list = createRunList(path.join(folder, "half"));
  expect(list.living()).toEqual([]);
  list.add("up", process.pid, []);
  writeFileSync(path.join(folder, "half", "broken.json"), '{"part":');
  expect(list.living().map(({ part }) => part)).toEqual(["up"]);
});

test("a process that ignores SIGTERM, or is frozen, is ended too, with its whole group", async () => {
  const child = sleeper(
    "const c = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(()=>{},1000)']);" +
      "process.on('SIGTERM', () => {}); console.log(c.pid); setInterval(() => {}, 1000)",
  );
  const grandchild = Number(await firstLine(child));
  const list = createRunList(path.join(folder, "hard"));
  list.add("hard", child.pid, []);
  const [record] = list.living();
  process.kill(child.pid, "SIGSTOP");
  expect(await endProcess(record!, 300)).toBe(true);
  expect(isLiving(record!)).toBe(false);
  expect(isAlive(grandchild)).toBe(false);
});
