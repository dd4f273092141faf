import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { loadObservatory } from "../../adapters/config/observatory.ts";
import { projectFolder } from "../../adapters/config/read-settings.ts";
import { readClockFile } from "../../adapters/home/home-files.ts";
import { duskAfter, isDemoClock, resolveClock, writeClockFile } from "../../bin/up/clock.ts";
import { observatoryMs } from "../../domain/clock.ts";
import { scratchFolder } from "./process-kit.ts";

const observatory = loadObservatory(path.join(projectFolder, "observatories", "colibri.json"), {});
const WALL_MS = Date.UTC(2026, 10, 20, 12);
const DEMO = { mode: "demo", rate: 60, startMs: null } as const;
const folder = scratchFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the demonstration starts 15 observatory minutes before the coming dusk", () => {
  const { fact, reanchored } = resolveClock(null, DEMO, observatory, WALL_MS);
  const dusk = duskAfter(observatory, WALL_MS);
  expect(fact).toEqual({ startMs: dusk - 15 * 60_000, anchorMs: WALL_MS, rate: 60, epoch: 0 });
  expect(reanchored).toBe(false);
  // astropy puts the Sun's centre at -12 deg over the site at 01:36:52 UTC.
  expect(Math.abs(dusk - Date.UTC(2026, 10, 21, 1, 36, 52))).toBeLessThan(5_000);
  expect(observatoryMs(fact, WALL_MS + 15_000)).toBe(dusk);
});

test("a given start is taken, the real clock is the wall clock", () => {
  const startMs = Date.UTC(2030, 0, 1);
  const given = resolveClock(null, { ...DEMO, startMs }, observatory, WALL_MS).fact;
  expect(observatoryMs(given, WALL_MS)).toBe(startMs);
  const real = resolveClock(null, { mode: "real", rate: 1, startMs: null }, observatory, WALL_MS).fact;
  expect(observatoryMs(real, WALL_MS + 1234)).toBe(WALL_MS + 1234);
  expect([isDemoClock(given), isDemoClock(real)]).toEqual([true, false]);
});

test("a demonstration that was down for an hour goes on where it stood, in a new epoch", () => {
  const stored = { startMs: 1_000_000, anchorMs: WALL_MS, rate: 60, epoch: 4, lastTickMs: 1_600_000 };
  const later = WALL_MS + 3_600_000;
  const { fact, reanchored } = resolveClock(stored, DEMO, observatory, later);
  expect(reanchored).toBe(true);
  expect(fact).toEqual({ startMs: 1_600_000, anchorMs: later, rate: 60, epoch: 5 });
  expect(observatoryMs(fact, later)).toBe(1_600_000);
});

test("the real clock is never anchored anew: the sky did not wait", () => {
  const stored = { startMs: 0, anchorMs: 0, rate: 1, epoch: 0, lastTickMs: 5 };
  const { fact, reanchored } = resolveClock(
    stored,
    { mode: "real", rate: 1, startMs: null },
    observatory,
    WALL_MS,
  );
  expect(reanchored).toBe(false);
  expect(observatoryMs(fact, WALL_MS)).toBe(WALL_MS);
});

test("the environment decides once: another rate later is told, and not taken", () => {
  const stored = { startMs: 0, anchorMs: 0, rate: 600, epoch: 0, lastTickMs: 9 };
  const { fact, remark } = resolveClock(stored, DEMO, observatory, WALL_MS);
  expect(fact.rate).toBe(600);
  expect(remark).toContain("runs at 600 and goes on so; the rate 60");
});

test("the real sky is not begun where the demonstration, with its accounts, is stored; nor the other way round", () => {
  const demo = { startMs: 5, anchorMs: 0, rate: 60, epoch: 0, lastTickMs: 9 };
  const realWish = { mode: "real", rate: 1, startMs: null } as const;
  expect(() => resolveClock(demo, realWish, observatory, WALL_MS)).toThrow(
    /set VESPER_HOME to another folder/,
  );
  const real = { startMs: 0, anchorMs: 0, rate: 1, epoch: 0, lastTickMs: 5 };
  const { fact, remark } = resolveClock(real, DEMO, observatory, WALL_MS);
  expect([observatoryMs(fact, WALL_MS), remark]).toEqual([
    WALL_MS,
    expect.stringContaining("is the real one and stays so"),
  ]);
});

test("a site whose Sun stays up for long waits for the first dusk; one without any says what to do", () => {
  const arctic = { ...observatory, site: { ...observatory.site, latDeg: 69.65, lonDeg: 18.96 } };
  const dusk = duskAfter(arctic, Date.UTC(2026, 6, 1));
  expect(dusk).toBeGreaterThan(Date.UTC(2026, 6, 25));
  const pole = { ...observatory, site: { ...observatory.site, latDeg: 90, name: "the pole" } };
  expect(() => duskAfter(pole, Date.UTC(2026, 10, 20))).toThrow(
    /^At the pole the Sun does not set to -12 deg .*VESPER_CLOCK_START/,
  );
});

test("clock.json is read back; one that cannot be read is none", async () => {
  const fact = { startMs: 1, anchorMs: 2, rate: 60, epoch: 3 };
  writeClockFile(folder, fact);
  expect(await readClockFile(folder)).toEqual(fact);
  writeFileSync(path.join(folder, "clock.json"), '{"startMs":1,"anchorMs":2,"rate":0,"epoch":3}');
  expect(await readClockFile(folder)).toBeNull();
  writeFileSync(path.join(folder, "clock.json"), "{");
  expect(await readClockFile(folder)).toBeNull();
});
