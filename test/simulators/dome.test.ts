import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startSimulators } from "./support.ts";
import type { TestServer } from "./support.ts";

let sim: TestServer;

beforeAll(async () => {
  sim = await startSimulators({ rate: 100 });
});
afterAll(async () => {
  await sim.close();
});

test("opens and closes in 60 observatory seconds, never Open before it is", async () => {
  expect(await sim.read("dome/0/shutterstatus")).toBe(1);
  sim.atRate(5);
  const sentMs = sim.nowMs();
  await sim.command("dome/0/openshutter");
  expect(await sim.read("dome/0/shutterstatus")).toBe(2);
  expect(await sim.read("dome/0/slewing")).toBe(true);
  sim.skip(53);
  expect(await sim.read("dome/0/shutterstatus")).toBe(2);
  await sim.until("dome/0/shutterstatus", 0);
  const tookS = (sim.nowMs() - sentMs) / 1_000;
  expect(tookS).toBeGreaterThanOrEqual(60);
  expect(tookS).toBeLessThan(62);
  sim.atRate(100);
  expect(await sim.read("dome/0/slewing")).toBe(false);
  await sim.command("dome/0/closeshutter");
  expect(await sim.read("dome/0/shutterstatus")).toBe(3);
  await sim.until("dome/0/shutterstatus", 1);
});

test("turns back from half way in the time it took to get there", async () => {
  sim.atRate(1);
  await sim.command("dome/0/openshutter");
  sim.skip(20);
  await sim.command("dome/0/closeshutter");
  expect(await sim.read("dome/0/shutterstatus")).toBe(3);
  sim.skip(22);
  expect(await sim.read("dome/0/shutterstatus")).toBe(1);
});

test("stopped half way the shutter is neither open nor closed", async () => {
  await sim.command("dome/0/openshutter");
  sim.skip(20);
  await sim.command("dome/0/abortslew");
  sim.atRate(100);
  expect(await sim.read("dome/0/slewing")).toBe(false);
  expect(await sim.read("dome/0/shutterstatus")).toBe(4);
  await sim.command("dome/0/closeshutter");
  await sim.until("dome/0/shutterstatus", 1);
});

test("turns, parks, follows the telescope when slaved and refuses turns then", async () => {
  await sim.command("dome/0/slewtoazimuth", { Azimuth: 200 });
  expect(await sim.read("dome/0/slewing")).toBe(true);
  await sim.until("dome/0/slewing", false);
  expect(await sim.read("dome/0/azimuth")).toBeCloseTo(200, 3);
  expect((await sim.put("dome/0/slewtoazimuth", { Azimuth: 361 })).ErrorNumber).toBe(0x401);
  await sim.command("dome/0/slaved", { Slaved: true });
  expect((await sim.put("dome/0/slewtoazimuth", { Azimuth: 10 })).ErrorNumber).toBe(0x409);
  await sleep(700);
  await sim.until("dome/0/slewing", false);
  expect(await sim.read("dome/0/azimuth")).toBeCloseTo(await sim.read("telescope/0/azimuth"), 0);
  await sim.command("dome/0/abortslew");
  expect(await sim.read("dome/0/slaved")).toBe(false);
  await sim.command("dome/0/park");
  await sim.until("dome/0/atpark", true);
});

test("knows nothing of weather: rain alone closes nothing", async () => {
  await sim.command("dome/0/openshutter");
  await sim.until("dome/0/shutterstatus", 0);
  await sim.act("observingconditions/0", "sim:weather", { kind: "rain" });
  expect(await sim.read("safetymonitor/0/issafe")).toBe(false);
  await sleep(600);
  expect(await sim.read("dome/0/shutterstatus")).toBe(0);
  await sim.act("observingconditions/0", "sim:weather", { kind: "clear" });
});

test("stays open while the keep-alive comes, and closes by its dead-man without, which the log names", async () => {
  const sinceWallMs = Date.now();
  await sim.act("dome/0", "deadman:seconds", { seconds: 2 });
  for (let beat = 0; beat < 8; beat++) {
    await sim.act("dome/0", "dome:keepalive");
    await sleep(300);
    expect(await sim.read("dome/0/shutterstatus")).toBe(0);
  }
  await sim.act("dome/0", "dome:keepalive");
  const lastBeatWallMs = Date.now();
  // Slowly, so that the shutter is still closing when it is looked at.
  sim.atRate(10);
  await sim.until("dome/0/shutterstatus", 3);
  const silentMs = Date.now() - lastBeatWallMs;
  sim.atRate(100);
  expect(silentMs).toBeGreaterThan(1_900);
  expect(silentMs).toBeLessThan(4_000);
  await sim.until("dome/0/shutterstatus", 1);
  const log = await sim.act("dome/0", "sim:log", { sinceWallMs });
  expect(log.at(-1)).toMatchObject({
    device: "dome",
    command: "closeshutter",
    cause: "dead-man",
    clientId: 0,
  });
});

test("the dead-man takes an opening shutter too, and a fresh opening starts its time anew", async () => {
  await sim.command("dome/0/openshutter");
  await sim.until("dome/0/shutterstatus", 0);
  // From opening to closing the two seconds of the former test.
  await sim.until("dome/0/shutterstatus", 1);
  const log = await sim.act("dome/0", "sim:log");
  const [opening, closing] = log.slice(-2);
  expect([opening.command, closing.command, closing.cause]).toEqual([
    "openshutter",
    "closeshutter",
    "dead-man",
  ]);
  expect(closing.wallMs - opening.wallMs).toBeGreaterThan(1_900);
});

test("the log names client, command and both times, in the file and on the page, and outlives the process", async () => {
  const sinceWallMs = Date.now();
  const form = new URLSearchParams({ ClientID: "7102", ClientTransactionID: "9" });
  await sim.raw("PUT", "/api/v1/dome/0/closeshutter", form.toString());
  const [entry] = await sim.act("dome/0", "sim:log", { sinceWallMs });
  expect(entry).toMatchObject({
    device: "dome",
    command: "closeshutter",
    clientId: 7102,
    client: "guard",
    cause: "command",
  });
  expect(Math.abs(entry.observatoryMs - sim.nowMs())).toBeLessThan(60_000);
  expect(Math.abs(entry.wallMs - Date.now())).toBeLessThan(5_000);
  const lines = (await readFile(path.join(sim.home, "simulators", "commands.jsonl"), "utf8"))
    .trim()
    .split("\n");
  expect(JSON.parse(lines.at(-1) ?? "")).toEqual(entry);
  const page = await (await sim.raw("GET", "/setup/v1/dome/0/setup")).text();
  expect(page).toContain("guard");
  sim = await sim.again();
  expect(await sim.act("dome/0", "sim:log", { sinceWallMs })).toContainEqual(entry);
});

test("the shutter goes on where it is after a restart", async () => {
  await sim.command("dome/0/openshutter");
  sim = await sim.again();
  expect([0, 2]).toContain(await sim.read("dome/0/shutterstatus"));
  await sim.until("dome/0/shutterstatus", 0);
  sim = await sim.again();
  expect(await sim.read("dome/0/shutterstatus")).toBe(0);
});
