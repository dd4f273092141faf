import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { separationDeg } from "../../domain/units.ts";
import { apparentOf, directionOf, directionOfApparent, placeOf } from "../../simulators/sky/directions.ts";
import { startSimulators } from "./support.ts";
import type { TestServer } from "./support.ts";

const RATE = 100;
let sim: TestServer;

beforeAll(async () => {
  sim = await startSimulators({ rate: RATE });
});
afterAll(async () => {
  await sim.close();
});

async function place(): Promise<[number, number]> {
  return [(await sim.read("telescope/0/rightascension")) * 15, await sim.read("telescope/0/declination")];
}

test("starts parked, and refuses to move until unparked and tracking", async () => {
  expect(await sim.read("telescope/0/atpark")).toBe(true);
  const target = { RightAscension: 3, Declination: 20 };
  expect((await sim.put("telescope/0/slewtocoordinatesasync", target)).ErrorNumber).toBe(0x408);
  expect((await sim.put("telescope/0/tracking", { Tracking: true })).ErrorNumber).toBe(0x408);
  expect((await sim.put("telescope/0/moveaxis", { Axis: 0, Rate: 1 })).ErrorNumber).toBe(0x408);
  expect((await sim.put("telescope/0/abortslew")).ErrorNumber).toBe(0x408);
  await sim.command("telescope/0/unpark");
  await sim.command("telescope/0/unpark");
  expect(await sim.read("telescope/0/atpark")).toBe(false);
  expect((await sim.put("telescope/0/slewtocoordinatesasync", target)).ErrorNumber).toBe(0x40b);
  expect((await sim.get("telescope/0/targetrightascension")).ErrorNumber).toBe(0x402);
  await sim.command("telescope/0/tracking", { Tracking: true });
  expect((await sim.put("telescope/0/slewtoaltazasync", { Azimuth: 90, Altitude: 60 })).ErrorNumber).toBe(
    0x40b,
  );
  for (const bad of [
    { RightAscension: 24, Declination: 0 },
    { RightAscension: -0.1, Declination: 0 },
    { RightAscension: 1, Declination: 90.1 },
  ]) {
    expect((await sim.put("telescope/0/slewtocoordinatesasync", bad)).ErrorNumber).toBe(0x401);
  }
});

test("a slew of 90 degrees takes its observatory seconds and reads Slewing until then", async () => {
  await sim.command("telescope/0/slewtocoordinatesasync", { RightAscension: 2, Declination: 0 });
  await sim.until("telescope/0/slewing", false);
  // Slowly, so that the answers of a busy machine do not count: 90/4 s at speed, 2 s for speeding up and slowing
  // down, 3 s of settling are 27.5 s.
  sim.atRate(5);
  const sentMs = sim.nowMs();
  await sim.command("telescope/0/slewtocoordinatesasync", { RightAscension: 8, Declination: 0 });
  expect(await sim.read("telescope/0/slewing")).toBe(true);
  sim.skip(20);
  expect(await sim.read("telescope/0/slewing")).toBe(true);
  await sim.until("telescope/0/slewing", false);
  const tookS = (sim.nowMs() - sentMs) / 1_000;
  expect(tookS).toBeGreaterThanOrEqual(27.4);
  expect(tookS).toBeLessThan(29);
  sim.atRate(RATE);
  const [raDeg, decDeg] = await place();
  expect(separationDeg(raDeg, decDeg, 120, 0)).toBeLessThan(1e-6);
});

test("is on the way in between, and stops where it is when aborted", async () => {
  sim.atRate(1);
  await sim.command("telescope/0/slewtocoordinatesasync", { RightAscension: 2, Declination: 0 });
  sim.skip(13);
  await sim.command("telescope/0/abortslew");
  expect(await sim.read("telescope/0/slewing")).toBe(false);
  const [raDeg, decDeg] = await place();
  const wentDeg = separationDeg(raDeg, decDeg, 120, 0);
  expect(wentDeg).toBeGreaterThan(20);
  expect(wentDeg).toBeLessThan(89);
  sim.skip(100);
  const [laterRaDeg, laterDecDeg] = await place();
  expect(separationDeg(raDeg, decDeg, laterRaDeg, laterDecDeg)).toBeLessThan(1e-6);
  sim.atRate(RATE);
});

test("a second slew takes over from the first", async () => {
  await sim.command("telescope/0/slewtocoordinatesasync", { RightAscension: 8, Declination: 0 });
  await sim.command("telescope/0/slewtocoordinatesasync", { RightAscension: 5, Declination: 30 });
  await sim.until("telescope/0/slewing", false);
  const [raDeg, decDeg] = await place();
  expect(separationDeg(raDeg, decDeg, 75, 30)).toBeLessThan(1e-6);
  expect(await sim.read("telescope/0/targetrightascension")).toBe(5);
});

test("without tracking it stays on the ground while the sky turns; with tracking on the star", async () => {
  const [raDeg] = await place();
  sim.skip(600);
  expect((await place())[0]).toBeCloseTo(raDeg, 6);
  await sim.command("telescope/0/tracking", { Tracking: false });
  const azDeg = await sim.read("telescope/0/azimuth");
  sim.skip(600);
  expect(await sim.read("telescope/0/azimuth")).toBeCloseTo(azDeg, 4);
  expect((await place())[0] - raDeg).toBeGreaterThan(2.4);
  await sim.command("telescope/0/slewtoaltazasync", { Azimuth: 120, Altitude: 55 });
  await sim.until("telescope/0/slewing", false);
  expect(await sim.read("telescope/0/altitude")).toBeCloseTo(55, 3);
  expect(await sim.read("telescope/0/azimuth")).toBeCloseTo(120, 3);
});

test("moves an axis until told to stop, guides, drifts at the rates given", async () => {
  await sim.command("telescope/0/tracking", { Tracking: true });
  sim.atRate(1);
  const [, before] = await place();
  await sim.command("telescope/0/moveaxis", { Axis: 1, Rate: -0.5 });
  expect(await sim.read("telescope/0/slewing")).toBe(true);
  sim.skip(4);
  await sim.command("telescope/0/moveaxis", { Axis: 1, Rate: 0 });
  expect(await sim.read("telescope/0/slewing")).toBe(false);
  expect((await place())[1]).toBeLessThan(before - 1.9);
  expect((await sim.put("telescope/0/moveaxis", { Axis: 0, Rate: 9 })).ErrorNumber).toBe(0x401);

  const [, beforePulse] = await place();
  await sim.command("telescope/0/pulseguide", { Direction: 0, Duration: 5_000 });
  expect(await sim.read("telescope/0/ispulseguiding")).toBe(true);
  sim.atRate(RATE);
  await sim.until("telescope/0/ispulseguiding", false);
  expect(((await place())[1] - beforePulse) * 3_600).toBeCloseTo(7.52 * 5, 0);

  const [, beforeDrift] = await place();
  const driftFromMs = sim.nowMs();
  await sim.command("telescope/0/declinationrate", { DeclinationRate: 0.1 });
  sim.skip(1_000);
  await sim.command("telescope/0/declinationrate", { DeclinationRate: 0 });
  const driftS = (sim.nowMs() - driftFromMs) / 1_000;
  expect(((await place())[1] - beforeDrift) * 3_600).toBeCloseTo(0.1 * driftS, -1);
});

test("synchronising changes what is reported, not where it points", async () => {
  const altDeg = await sim.read("telescope/0/altitude");
  const [raDeg, decDeg] = await place();
  await sim.command("telescope/0/synctocoordinates", {
    RightAscension: raDeg / 15,
    Declination: decDeg + 0.5,
  });
  expect((await place())[1]).toBeCloseTo(decDeg + 0.5, 6);
  expect(await sim.read("telescope/0/altitude")).toBeCloseTo(altDeg, 0);
  await sim.command("telescope/0/synctocoordinates", { RightAscension: raDeg / 15, Declination: decDeg });
});

test("parks and says so only when it is there; twice is once", async () => {
  sim.atRate(1);
  await sim.command("telescope/0/park");
  await sim.command("telescope/0/park");
  expect(await sim.read("telescope/0/atpark")).toBe(false);
  expect(await sim.read("telescope/0/slewing")).toBe(true);
  sim.atRate(RATE);
  await sim.until("telescope/0/atpark", true);
  expect(await sim.read("telescope/0/slewing")).toBe(false);
  expect(await sim.read("telescope/0/tracking")).toBe(false);
  expect(await sim.read("telescope/0/altitude")).toBeCloseTo(45, 3);
});

test("finds home", async () => {
  await sim.command("telescope/0/unpark");
  sim.atRate(1);
  await sim.command("telescope/0/findhome");
  expect(await sim.read("telescope/0/athome")).toBe(false);
  sim.atRate(RATE);
  await sim.until("telescope/0/athome", true);
});

test("position, parking and tracking outlive the process; so does a slew under way", async () => {
  await sim.command("telescope/0/tracking", { Tracking: true });
  await sim.command("telescope/0/slewtocoordinatesasync", { RightAscension: 4, Declination: 40 });
  sim = await sim.again();
  expect(await sim.read("telescope/0/tracking")).toBe(true);
  expect(await sim.read("telescope/0/atpark")).toBe(false);
  await sim.until("telescope/0/slewing", false);
  const [raDeg, decDeg] = await place();
  expect(separationDeg(raDeg, decDeg, 60, 40)).toBeLessThan(1e-6);
  await sim.command("telescope/0/park");
  await sim.until("telescope/0/atpark", true);
  sim = await sim.again();
  expect(await sim.read("telescope/0/atpark")).toBe(true);
});

test("apparent places agree with those of ERFA to 0.1 arcsec, and the way back is exact", () => {
  // TETE places by astropy 8.0 (ERFA).
  for (const [raDeg, decDeg, utc, apparentRaDeg, apparentDecDeg] of [
    [10, 25, "2026-11-10T06:00:00Z", 10.362264358539791, 25.15129222323339],
    [200, -40, "2026-05-10T06:00:00Z", 200.38627975900067, -40.14204027138906],
    [300, 80, "2030-01-10T06:00:00Z", 299.52141658811877, 80.08524333311749],
  ] as const) {
    const atMs = Date.parse(utc);
    const apparent = apparentOf(directionOf({ raDeg, decDeg }), atMs);
    const errorDeg = separationDeg(apparent.raDeg, apparent.decDeg, apparentRaDeg, apparentDecDeg);
    expect(errorDeg * 3_600).toBeLessThan(0.1);
    const back = placeOf(directionOfApparent(apparent, atMs));
    expect(separationDeg(back.raDeg, back.decDeg, raDeg, decDeg) * 3_600).toBeLessThan(1e-4);
  }
});
