import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { performance } from "node:perf_hooks";
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

test("has neither image nor exposure times before the first exposure", async () => {
  expect(await sim.read("camera/0/imageready")).toBe(false);
  for (const member of ["lastexposurestarttime", "lastexposureduration", "imagearray"]) {
    expect((await sim.get(`camera/0/${member}`)).ErrorNumber).toBe(0x40b);
  }
  await sim.command("camera/0/abortexposure");
  await sim.command("camera/0/stopexposure");
  const bytes = await sim.raw("GET", "/api/v1/camera/0/imagearray", undefined, {
    accept: "application/imagebytes",
  });
  expect(bytes.headers.get("content-type")).toBe("application/imagebytes");
  await expect(sim.image()).rejects.toThrow("no image");
});

test("exposes, reads out for 4 s, then has the image; a second start is refused meanwhile", async () => {
  sim.atRate(1);
  const sentMs = sim.nowMs();
  await sim.command("camera/0/startexposure", { Duration: 60, Light: true });
  expect(await sim.read("camera/0/camerastate")).toBe(2);
  expect((await sim.put("camera/0/startexposure", { Duration: 1, Light: true })).ErrorNumber).toBe(0x40b);
  const started = Date.parse(`${await sim.read("camera/0/lastexposurestarttime")}Z`);
  expect(started - sentMs).toBeGreaterThanOrEqual(0);
  expect(started - sentMs).toBeLessThan(5_000);
  expect(await sim.read("camera/0/lastexposureduration")).toBe(60);
  sim.skip(30);
  const percent = await sim.read("camera/0/percentcompleted");
  expect(percent).toBeGreaterThanOrEqual(50);
  expect(percent).toBeLessThan(70);
  sim.skip(31);
  expect(await sim.read("camera/0/camerastate")).toBe(3);
  expect(await sim.read("camera/0/imageready")).toBe(false);
  sim.atRate(100);
  await sim.until("camera/0/imageready", true);
  expect((sim.nowMs() - started) / 1_000).toBeGreaterThanOrEqual(64);
  expect(await sim.read("camera/0/camerastate")).toBe(0);
  expect(await sim.read("camera/0/percentcompleted")).toBe(100);
});

test("answers others while frames are made", async () => {
  // The first frame makes the detector's maps.
  await sim.expose(1);
  const waits: number[] = [];
  await sim.command("camera/0/startexposure", { Duration: 1, Light: true });
  do {
    const sentAt = performance.now();
    await sim.get("dome/0/slewing");
    waits.push(performance.now() - sentAt);
    await sleep(2);
  } while (!(await sim.read("camera/0/imageready")));
  const sorted = waits.toSorted((a, b) => a - b);
  // The median: a busy machine may hold up one answer or another.
  expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThan(250);
});

test("abort throws the frame away, stop keeps what there is", async () => {
  // At rate 100 a busy machine could be past the end before the abort.
  sim.atRate(1);
  await sim.command("camera/0/startexposure", { Duration: 500, Light: true });
  await sim.command("camera/0/abortexposure");
  expect(await sim.read("camera/0/camerastate")).toBe(0);
  expect(await sim.read("camera/0/imageready")).toBe(false);
  await sim.command("camera/0/startexposure", { Duration: 500, Light: true });
  sim.skip(20);
  await sim.command("camera/0/stopexposure");
  sim.atRate(100);
  await sim.until("camera/0/imageready", true);
  const lasted = await sim.read("camera/0/lastexposureduration");
  expect(lasted).toBeGreaterThan(19);
  expect(lasted).toBeLessThan(30);
});

test("refuses what it cannot do", async () => {
  for (const [member, body] of [
    ["binx", { BinX: 0 }],
    ["binx", { BinX: 5 }],
    ["setccdtemperature", { SetCCDTemperature: -280 }],
    ["setccdtemperature", { SetCCDTemperature: 100 }],
    ["startexposure", { Duration: -1, Light: true }],
    ["startexposure", { Duration: 1e6, Light: true }],
    ["readoutmode", { ReadoutMode: 7 }],
  ] as const) {
    expect((await sim.put(`camera/0/${member}`, body)).ErrorNumber).toBe(0x401);
  }
});

test("cools a degree per 3 s to the set point, keeps it over a restart, and loses the running exposure there", async () => {
  sim.atRate(1);
  expect(await sim.read("camera/0/ccdtemperature")).toBeGreaterThan(9);
  await sim.command("camera/0/setccdtemperature", { SetCCDTemperature: -60 });
  await sim.command("camera/0/cooleron", { CoolerOn: true });
  expect(await sim.read("camera/0/coolerpower")).toBe(100);
  sim.skip(90);
  const onTheWay = await sim.read("camera/0/ccdtemperature");
  expect(onTheWay).toBeLessThan(-15);
  expect(onTheWay).toBeGreaterThan(-45);
  sim.skip(200);
  expect(await sim.read("camera/0/ccdtemperature")).toBeCloseTo(-60, 0);
  expect(await sim.read("camera/0/coolerpower")).toBeLessThan(100);
  await sim.command("camera/0/startexposure", { Duration: 100, Light: true });
  sim = await sim.again();
  sim.atRate(100);
  expect(await sim.read("camera/0/cooleron")).toBe(true);
  expect(await sim.read("camera/0/ccdtemperature")).toBeCloseTo(-60, 0);
  expect(await sim.read("camera/0/camerastate")).toBe(0);
  expect(await sim.read("camera/0/imageready")).toBe(false);
  expect((await sim.get("camera/0/lastexposurestarttime")).ErrorNumber).toBe(0x40b);
});

test("follows the clock when it is anchored anew in mid-exposure", async () => {
  await sim.command("camera/0/startexposure", { Duration: 3_000, Light: false });
  sim.skip(3_010);
  await sim.until("camera/0/imageready", true, 4_000);
});
