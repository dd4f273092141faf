import { describe, expect, test } from "@jest/globals";
import { nightJson } from "../../bin/commands/night.ts";
import { nightDateAt, nightOf, sunCrossings } from "../../domain/astronomy/night.ts";
import { sunAltDeg } from "../../domain/astronomy/sun-moon.ts";
import { sharedJson } from "./shared.ts";

const COLIBRI = { latDeg: 31.0442, lonDeg: -115.4637, heightM: 2800 };
const TROMSO = { latDeg: 69.6492, lonDeg: 18.9553, heightM: 50 };

// Two nights computed with astropy 8 (ERFA ephemeris).
const FIXTURE = {
  sites: [
    { code: "COLIBRI", lat_deg: 31.0442, lon_deg_east: -115.4637, height_m: 2800 },
    { code: "TROMSO", lat_deg: 69.6492, lon_deg_east: 18.9553, height_m: 50 },
  ],
  nights: [
    {
      site: "COLIBRI",
      date: "2026-01-15",
      window_start_utc: "2026-01-15T19:41:51Z",
      window_end_utc: "2026-01-16T19:41:51Z",
      sun_min_alt_deg: -79.8685,
      sun_max_alt_deg: 38.083,
      sunset: "2026-01-16T01:02:21Z",
      sunrise: "2026-01-16T14:40:24Z",
      sun_state: "crosses",
      civil_end: "2026-01-16T01:28:29Z",
      civil_start: "2026-01-16T14:14:19Z",
      civil_state: "crosses",
      nautical_end: "2026-01-16T01:58:09Z",
      nautical_start: "2026-01-16T13:44:41Z",
      nautical_state: "crosses",
      astronomical_end: "2026-01-16T02:27:17Z",
      astronomical_start: "2026-01-16T13:15:36Z",
      astronomical_state: "crosses",
      midnight_utc: "2026-01-16T07:41:51Z",
      moon_illumination: 0.0614,
      moon_alt_deg: -65.8726,
      moon_az_deg: 90.7629,
      sun_alt_at_midnight_deg: -79.6399,
      moon_events: [
        { event: "set", utc: "2026-01-15T22:13:38Z" },
        { event: "rise", utc: "2026-01-16T13:17:08Z" },
      ],
    },
    {
      site: "TROMSO",
      date: "2026-12-21",
      window_start_utc: "2026-12-21T10:44:11Z",
      window_end_utc: "2026-12-22T10:44:11Z",
      sun_min_alt_deg: -43.79,
      sun_max_alt_deg: -3.088,
      sunset: null,
      sunrise: null,
      sun_state: "always_below",
      civil_end: "2026-12-21T12:53:10Z",
      civil_start: "2026-12-22T08:31:45Z",
      civil_state: "crosses",
      nautical_end: "2026-12-21T14:37:42Z",
      nautical_start: "2026-12-22T06:47:13Z",
      nautical_state: "crosses",
      astronomical_end: "2026-12-21T15:56:05Z",
      astronomical_start: "2026-12-22T05:28:50Z",
      astronomical_state: "crosses",
      midnight_utc: "2026-12-21T22:44:11Z",
      moon_illumination: 0.9321,
      moon_alt_deg: 40.5418,
      moon_az_deg: 221.9566,
      sun_alt_at_midnight_deg: -43.7893,
      moon_events: [],
    },
  ],
};

// Against the reference, in seconds: 1 s of disagreement between codes, 0.5 s of rounding on each side.
const TIMES = [
  "sunset",
  "sunrise",
  "civil_end",
  "civil_start",
  "nautical_end",
  "nautical_start",
  "astronomical_end",
  "astronomical_start",
] as const;
const EXACT = [
  "date",
  "window_start_utc",
  "window_end_utc",
  "midnight_utc",
  "sun_state",
  "civil_state",
  "nautical_state",
  "astronomical_state",
];
const DEGREES = [
  ["sun_min_alt_deg", 0.003],
  // The reference has the highest point of a coarse grid, ours is the true one.
  ["sun_max_alt_deg", 0.01],
  ["sun_alt_at_midnight_deg", 0.003],
  ["moon_alt_deg", 0.003],
  ["moon_az_deg", 0.01],
] as const;

const reference = sharedJson("scheduling/nights.json") ?? FIXTURE;
const nights: any[] = reference.nights;

function secondsApart(a: string | null, b: string | null): number {
  if (a === null || b === null) {
    return a === b ? 0 : Infinity;
  }
  return Math.abs(Date.parse(a) - Date.parse(b)) / 1_000;
}

describe("a night's almanac agrees with the reference", () => {
  test.each(nights.map((night) => [`${night.site} ${night.date}`, night]))("%s", (_, night: any) => {
    const place =
      reference.sites?.find(({ code }: any) => code === night.site) ??
      reference.meta.sites.find(({ code }: any) => code === night.site);
    const site = { latDeg: place.lat_deg, lonDeg: place.lon_deg_east, heightM: place.height_m };
    const ours: any = nightJson(nightOf(site, night.date));
    expect(Object.keys(ours).sort()).toEqual(Object.keys(night).sort());
    for (const field of EXACT) {
      expect([field, ours[field]]).toEqual([field, night[field]]);
    }
    const sunTolerance = Math.abs(site.latDeg) < 60 ? 2 : 4;
    for (const field of TIMES) {
      const apart = secondsApart(ours[field], night[field]);
      expect([field, apart, apart <= sunTolerance]).toEqual([field, apart, true]);
    }
    for (const [field, tolerance] of DEGREES) {
      const apart = Math.abs(ours[field] - night[field]);
      expect([field, apart, apart <= tolerance]).toEqual([field, apart, true]);
    }
    expect(Math.abs(ours.moon_illumination - night.moon_illumination)).toBeLessThan(0.002);
    expect(ours.moon_events.map(({ event }: any) => event)).toEqual(
      night.moon_events.map(({ event }: any) => event),
    );
    ours.moon_events.forEach(({ utc }: any, i: number) => {
      expect(secondsApart(utc, night.moon_events[i].utc)).toBeLessThanOrEqual(3);
    });
  });
});

test("the Sun is at the twilight's altitude when the twilight ends", () => {
  const night = nightOf(COLIBRI, "2026-11-20");
  for (const twilight of [night.sun, night.civil, night.nautical, night.astronomical]) {
    expect(sunAltDeg(COLIBRI, twilight.eveningMs ?? 0)).toBeCloseTo(twilight.altDeg, 5);
    expect(sunAltDeg(COLIBRI, twilight.morningMs ?? 0)).toBeCloseTo(twilight.altDeg, 5);
  }
});

test("the date of an instant is that of the local mean noon before it", () => {
  const { windowStartMs, windowEndMs } = nightOf(COLIBRI, "2026-11-20");
  expect(nightDateAt(COLIBRI, windowStartMs)).toBe("2026-11-20");
  expect(nightDateAt(COLIBRI, windowEndMs - 1)).toBe("2026-11-20");
  expect(nightDateAt(COLIBRI, windowStartMs - 1)).toBe("2026-11-19");
  expect(nightDateAt(COLIBRI, windowEndMs)).toBe("2026-11-21");
});

test("a longitude is the same counted east through 360 or west", () => {
  const { site: _a, ...counted } = nightOf({ ...COLIBRI, lonDeg: COLIBRI.lonDeg + 360 }, "2026-11-20");
  const { site: _b, ...usual } = nightOf(COLIBRI, "2026-11-20");
  expect(counted.windowStartMs).toBe(usual.windowStartMs);
  expect(Math.abs((counted.sun.eveningMs ?? 0) - (usual.sun.eveningMs ?? 1e9))).toBeLessThan(5);
});

test("the Sun passes an altitude twice a day, going down and coming up in turn", () => {
  const { windowStartMs } = nightOf(COLIBRI, "2026-11-20");
  const passes = sunCrossings(COLIBRI, windowStartMs, windowStartMs + 3 * 86_400_000, -10);
  expect(passes.map(({ rising }) => rising)).toEqual([false, true, false, true, false, true]);
});

test("in the polar night no sunset happens and the twilights still do", () => {
  const night = nightOf(TROMSO, "2026-12-21");
  expect(night.sun).toEqual({ altDeg: -50 / 60, state: "always_below", eveningMs: null, morningMs: null });
  expect(night.civil.state).toBe("crosses");
});

test.each([
  [{ ...COLIBRI, latDeg: 91 }, "2026-11-20", /latDeg is 91/],
  [{ ...COLIBRI, lonDeg: Number.NaN }, "2026-11-20", /lonDeg is NaN/],
  [COLIBRI, "2026-02-30", /date is "2026-02-30"/],
  [COLIBRI, "20/11/2026", /date is "20\/11\/2026"/],
])("refuses what is no site or no date (%#)", (site, date, message) => {
  expect(() => nightOf(site, date)).toThrow(message);
});
