import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { altazCommand } from "../../bin/commands/altaz.ts";
import { nightCommand } from "../../bin/commands/night.ts";

const SITE = ["--lat", "-29.2563", "--lon", "-70.738", "--height", "2400"];
let out: string[] = [];
let err: string[] = [];

beforeEach(() => {
  out = [];
  err = [];
  jest.spyOn(console, "log").mockImplementation((line: unknown) => void out.push(String(line)));
  jest.spyOn(console, "error").mockImplementation((line: unknown) => void err.push(String(line)));
});

afterEach(() => {
  jest.restoreAllMocks();
});

test("night prints the almanac, negative coordinates included", async () => {
  expect(await nightCommand([...SITE, "--date=2026-11-20"])).toBe(0);
  const night = JSON.parse(out.join("\n"));
  expect(night.date).toBe("2026-11-20");
  expect(night.sun_state).toBe("crosses");
  expect(night.sunset < night.civil_end && night.civil_end < night.astronomical_end).toBe(true);
});

test("altaz prints place, air mass, sidereal time and distance to the Moon", async () => {
  const place = ["--ra", "05:34:31.94", "--dec", "-22:00:52", "--time", "2026-11-20T05:00:00Z"];
  expect(await altazCommand([...SITE, ...place])).toBe(0);
  const answer = JSON.parse(out.join("\n"));
  expect(Object.keys(answer)).toEqual(["altDeg", "azDeg", "airmass", "lastDeg", "moonSepDeg"]);
  expect(answer.altDeg).toBeGreaterThan(60);
  expect(answer.airmass).toBeLessThan(1.2);
});

test.each([
  [
    ["--lat", "91", "--lon", "0", "--height", "0", "--date", "2026-11-20"],
    /--lat: "91" must be a number from -90 to 90/,
  ],
  [["--lat", "9x", "--lon", "0", "--height", "0", "--date", "2026-11-20"], /--lat: "9x"/],
  [["--lat", "--lon", "0"], /--lat: its value is missing/],
  [["--lon", "0", "--height", "0", "--date", "2026-11-20"], /--lat: missing/],
  [[...SITE, "--date", "2026-13-01"], /--date: date is "2026-13-01"/],
  [[...SITE, "--date", "2026-02-30"], /--date: date is "2026-02-30"/],
  [[...SITE, "--date", "1900-01-01"], /--date: date is "1900-01-01"/],
  [[...SITE, "--day", "2026-11-20"], /--day: unknown/],
  [[...SITE, ...SITE], /--lat: given twice/],
  [["today"], /"today": unexpected/],
])("night refuses %j", async (args, message) => {
  expect(await nightCommand(args)).toBe(2);
  expect(err).toHaveLength(1);
  expect(err[0]).toMatch(message);
  expect(out).toEqual([]);
});

test.each([
  ["400", "0", "2026-11-20T05:00:00Z", /--ra: .*"400/],
  ["10.5", "95", "2026-11-20T05:00:00Z", /--dec: .*-90 to \+90/],
  ["10.5", "5", "yesterday", /--time: "yesterday"/],
])("altaz refuses %s %s %s", async (ra, dec, time, message) => {
  expect(await altazCommand([...SITE, "--ra", ra, "--dec", dec, "--time", time])).toBe(2);
  expect(err[0]).toMatch(message);
});
