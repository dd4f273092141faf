import { describe, expect, test } from "@jest/globals";
import { altAz } from "../../domain/astronomy/alt-az.ts";
import { nightOf } from "../../domain/astronomy/night.ts";
import { observabilityWindows, skyOfNight, whyNotObservable } from "../../domain/astronomy/observability.ts";
import type { ObservingConstraints } from "../../domain/astronomy/observability.ts";
import { moonPosition } from "../../domain/astronomy/sun-moon.ts";
import { sharedJson } from "./shared.ts";

const COLIBRI = { latDeg: 31.0442, lonDeg: -115.4637, heightM: 2800 };

// Computed with astropy 8 (ERFA): Polaris, Vega and Sirius above 30 deg.
const FIXTURE = {
  sites: [{ code: "COLIBRI", lat_deg: 31.0442, lon_deg_east: -115.4637, height_m: 2800 }],
  targets: [
    { id: "Polaris", ra_deg: 37.95456067, dec_deg: 89.26410897 },
    { id: "Vega", ra_deg: 279.23473479, dec_deg: 38.78368896 },
    { id: "Sirius", ra_deg: 101.28715533, dec_deg: -16.71611586 },
  ],
  windows30: [
    {
      site: "COLIBRI",
      date: "2026-03-20",
      per_target: [
        { above: [["2026-03-20T19:41:51Z", "2026-03-21T19:41:51Z"]], max_alt: 31.666, min_alt: 30.423 },
        { above: [["2026-03-21T09:25:27Z", "2026-03-21T19:20:56Z"]], max_alt: 82.244, min_alt: -20.156 },
        { above: [["2026-03-21T00:03:01Z", "2026-03-21T05:04:17Z"]], max_alt: 42.209, min_alt: -75.702 },
      ],
    },
  ],
};

const reference = sharedJson("scheduling/altaz.json") ?? FIXTURE;

describe("windows above 30 deg agree with the reference", () => {
  const nights: any[] = reference.windows30;
  test.each(nights.map((night) => [`${night.site} ${night.date}`, night]))("%s", (_, night: any) => {
    const { lat_deg, lon_deg_east, height_m } = reference.sites.find(({ code }: any) => code === night.site);
    const site = { latDeg: lat_deg, lonDeg: lon_deg_east, heightM: height_m };
    const { windowStartMs, windowEndMs } = nightOf(site, night.date);
    const sky = skyOfNight(site, windowStartMs, windowEndMs);
    reference.targets.forEach(({ id, ra_deg, dec_deg }: any, i: number) => {
      const { above, max_alt, min_alt } = night.per_target[i];
      if (Math.min(Math.abs(max_alt - 30), Math.abs(min_alt - 30)) < 0.05) {
        return;
      }
      const target = { raDeg: ra_deg, decDeg: dec_deg };
      const windows = observabilityWindows(site, target, windowStartMs, windowEndMs, { minAltDeg: 30 }, sky);
      const apart = windows
        .flatMap(({ startMs, endMs }) => [startMs, endMs])
        .map((ms, k) => Math.abs(ms - Date.parse(above.flat()[k])) / 1_000);
      expect([id, windows.length]).toEqual([id, above.length]);
      expect([id, apart, apart.every((s) => s < 2)]).toEqual([id, apart, true]);
    });
  });
});

const CONSTRAINTS: ObservingConstraints = {
  minAltDeg: 25,
  maxAltDeg: 85,
  maxAirmass: 2,
  minMoonSepDeg: 40,
  maxSunAltDeg: -12,
  horizon: [
    { azDeg: 0, altDeg: 35 },
    { azDeg: 90, altDeg: 20 },
    { azDeg: 200, altDeg: 50 },
    { azDeg: 270, altDeg: 30 },
  ],
};

test("a target is observable inside its windows, breaks a constraint outside, and the edges are sharp to a second", () => {
  const { windowStartMs, windowEndMs } = nightOf(COLIBRI, "2026-11-20");
  const sky = skyOfNight(COLIBRI, windowStartMs, windowEndMs);
  let edges = 0;
  for (let k = 0; k < 60; k += 1) {
    const target = { raDeg: (k * 137.5) % 360, decDeg: -40 + ((k * 41) % 120) };
    const windows = observabilityWindows(COLIBRI, target, windowStartMs, windowEndMs, CONSTRAINTS, sky);
    const inside = (tMs: number): boolean =>
      windows.some(({ startMs, endMs }) => startMs <= tMs && tMs < endMs);
    const brokenAt = (tMs: number): number => whyNotObservable(COLIBRI, target, tMs, CONSTRAINTS).length;
    for (const { startMs, endMs } of windows) {
      for (const edge of [startMs, endMs]) {
        if (edge > windowStartMs && edge < windowEndMs) {
          edges += 1;
          const sides = [brokenAt(edge - 1_000) > 0, brokenAt(edge + 1_000) > 0];
          expect([k, ...sides]).toEqual(edge === startMs ? [k, true, false] : [k, false, true]);
        }
      }
    }
    for (let tMs = windowStartMs + 7_000; tMs < windowEndMs; tMs += 600_000) {
      expect([k, tMs, brokenAt(tMs) === 0]).toEqual([k, tMs, inside(tMs)]);
    }
  }
  expect(edges).toBeGreaterThan(30);
});

test("what is broken is said with its numbers", () => {
  const night = nightOf(COLIBRI, "2026-11-20");
  const noonMs = night.windowStartMs;
  const moon = moonPosition(COLIBRI, noonMs);
  const unmet = whyNotObservable(COLIBRI, moon, noonMs, {
    minAltDeg: 89,
    minMoonSepDeg: 30,
    maxSunAltDeg: -18,
  });
  expect(unmet.map(({ constraint }) => constraint)).toEqual(["minAlt", "minMoonSep", "maxSunAlt"]);
  expect(unmet[0]?.value).toBeCloseTo(altAz(COLIBRI, moon.raDeg, moon.decDeg, noonMs).altDeg, 9);
  expect(unmet[0]?.text).toMatch(/^altitude -?\d+\.\d\d deg is below the limit 89.00 deg$/);
});

test("windows of several days are those of each day, joined", () => {
  const { windowStartMs } = nightOf(COLIBRI, "2026-11-20");
  const target = { raDeg: 30, decDeg: 10 };
  const limits = { minAltDeg: 30, maxSunAltDeg: -18 };
  const days = [0, 1, 2].map((day) => windowStartMs + day * 86_400_000);
  const apart = days.flatMap((ms) => observabilityWindows(COLIBRI, target, ms, ms + 86_400_000, limits));
  const together = observabilityWindows(
    COLIBRI,
    target,
    windowStartMs,
    windowStartMs + 3 * 86_400_000,
    limits,
  );
  expect(together).toHaveLength(apart.length);
  together.forEach(({ startMs, endMs }, i) => {
    expect(Math.abs(startMs - (apart[i]?.startMs ?? 0))).toBeLessThan(20);
    expect(Math.abs(endMs - (apart[i]?.endMs ?? 0))).toBeLessThan(20);
  });
});

test("a circumpolar star at the pole is always up, its opposite never", () => {
  const { windowStartMs, windowEndMs } = nightOf(COLIBRI, "2026-11-20");
  const limits = { minAltDeg: 29 };
  const pole = observabilityWindows(COLIBRI, { raDeg: 0, decDeg: 90 }, windowStartMs, windowEndMs, limits);
  expect(pole).toEqual([{ startMs: windowStartMs, endMs: windowEndMs }]);
  const south = observabilityWindows(COLIBRI, { raDeg: 0, decDeg: -90 }, windowStartMs, windowEndMs, limits);
  expect(south).toEqual([]);
});

test("300 targets of a night take moments", () => {
  const { windowStartMs, windowEndMs } = nightOf(COLIBRI, "2026-11-20");
  const sky = skyOfNight(COLIBRI, windowStartMs, windowEndMs);
  const limits = { minAltDeg: 30, minMoonSepDeg: 30, maxSunAltDeg: -12 };
  const start = performance.now();
  for (let k = 0; k < 300; k += 1) {
    const target = { raDeg: (k * 137.5) % 360, decDeg: -40 + ((k * 41) % 120) };
    observabilityWindows(COLIBRI, target, windowStartMs, windowEndMs, limits, sky);
  }
  expect(performance.now() - start).toBeLessThan(10_000);
});
