import { describe, expect, test } from "@jest/globals";
import { airmass, altAz, altitudeOfAirmass, lastDeg } from "../../domain/astronomy/alt-az.ts";
import {
  apparentFrame,
  fromTopocentricEquatorial,
  toTopocentricEquatorial,
} from "../../domain/astronomy/apparent.ts";
import { moonPosition, moonSeparationDeg, sunPosition } from "../../domain/astronomy/sun-moon.ts";
import { separationDeg, wrap180 } from "../../domain/units.ts";
import { sharedJson } from "./shared.ts";

// Computed with astropy 8 (ERFA), COLIBRI 2026-01-16T07:41:51Z; airmass by Kasten & Young.
const FIXTURE = {
  sites: [{ code: "COLIBRI", lat_deg: 31.0442, lon_deg_east: -115.4637, height_m: 2800 }],
  targets: [
    { id: "Polaris", ra_deg: 37.95456067, dec_deg: 89.26410897 },
    { id: "Vega", ra_deg: 279.23473479, dec_deg: 38.78368896 },
    { id: "Sirius", ra_deg: 101.28715533, dec_deg: -16.71611586 },
  ],
  sets: [
    {
      site: "COLIBRI",
      utc: "2026-01-16T07:41:51Z",
      last_deg: 115.76243,
      moon_alt: -65.8726,
      moon_az: 90.7629,
      sun_alt: -79.6399,
      sun_az: 347.3304,
      alt: [31.2632, -18.5196, 40.307],
      az: [359.3213, 13.349, 197.9118],
      airmass_ky: [1.9219, null, 1.5436],
      moon_sep: [118.8437, 68.0164, 133.0224],
    },
  ],
};

const reference = sharedJson("scheduling/altaz.json") ?? FIXTURE;

describe("places in the sky agree with the reference", () => {
  const sets: any[] = reference.sets;
  test.each(sets.map((set) => [`${set.site} ${set.utc}`, set]))("%s", (_, set: any) => {
    const { lat_deg, lon_deg_east, height_m } = reference.sites.find(({ code }: any) => code === set.site);
    const site = { latDeg: lat_deg, lonDeg: lon_deg_east, heightM: height_m };
    const tMs = Date.parse(set.utc);
    const frame = apparentFrame(tMs);
    expect(Math.abs(wrap180(lastDeg(site, tMs) - set.last_deg))).toBeLessThan(0.002);
    const sun = sunPosition(site, tMs);
    expect(separationDeg(sun.azDeg, sun.altDeg, set.sun_az, set.sun_alt)).toBeLessThan(0.003);
    const moon = moonPosition(site, tMs);
    expect(separationDeg(moon.azDeg, moon.altDeg, set.moon_az, set.moon_alt)).toBeLessThan(0.003);
    reference.targets.forEach(({ id, ra_deg, dec_deg }: any, i: number) => {
      const place = altAz(site, ra_deg, dec_deg, tMs, frame);
      const apart = separationDeg(place.azDeg, place.altDeg, set.az[i], set.alt[i]);
      expect([id, apart, apart < 0.003]).toEqual([id, apart, true]);
      const moonApart = Math.abs(moonSeparationDeg(site, ra_deg, dec_deg, tMs) - set.moon_sep[i]);
      expect([id, moonApart, moonApart < 0.01]).toEqual([id, moonApart, true]);
      const air = airmass(place.altDeg);
      if (set.airmass_ky[i] !== null && set.alt[i] > 10) {
        expect(Math.abs((air ?? 0) / set.airmass_ky[i] - 1)).toBeLessThan(1e-3);
      } else if (set.alt[i] < 0) {
        expect(air).toBeNull();
      }
    });
  });
});

test("the air mass is 1 at the zenith and inverts", () => {
  expect(airmass(90)).toBeCloseTo(1, 3);
  expect(airmass(0)).toBeNull();
  for (const value of [1.1, 2, 5]) {
    expect(airmass(altitudeOfAirmass(value))).toBeCloseTo(value, 7);
  }
  expect(() => altitudeOfAirmass(0.9)).toThrow(/maxAirmass is 0.9/);
});

test("the apparent place differs from the catalogue place by precession and returns exactly", () => {
  const tMs = Date.parse("2026-11-20T03:00:00Z");
  for (const [ra, dec] of [
    [0, 0],
    [359.999, 22],
    [83.633, 22.0145],
    [279.2, -89.9],
    [120, 90],
  ] as const) {
    const seen = toTopocentricEquatorial(ra, dec, tMs);
    const apart = separationDeg(ra, dec, seen.raDeg, seen.decDeg);
    expect(apart).toBeGreaterThan(0.1);
    expect(apart).toBeLessThan(0.5);
    const back = fromTopocentricEquatorial(seen.raDeg, seen.decDeg, tMs);
    expect(separationDeg(ra, dec, back.raDeg, back.decDeg)).toBeLessThan(1e-9);
  }
});

test("the apparent place of Sirius agrees with astropy", () => {
  // astropy 8: SkyCoord(101.28715533, -16.71611586, ICRS) to TETE at 2026-11-20T03:00:00 UTC, geocentric.
  const seen = toTopocentricEquatorial(101.28715533, -16.71611586, Date.parse("2026-11-20T03:00:00Z"));
  expect(separationDeg(seen.raDeg, seen.decDeg, 101.5936776, -16.7417575) * 3600).toBeLessThan(1);
});
