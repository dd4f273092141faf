import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "@jest/globals";
import { ConfigurationError } from "../../adapters/config/explain.ts";
import { loadObservatory } from "../../adapters/config/observatory.ts";

const COLIBRI = fileURLToPath(new URL("../../observatories/colibri.json", import.meta.url));
const folder = mkdtempSync(path.join(os.tmpdir(), "vesper-observatory-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Json = Record<string, any>;

/** Problems of colibri.json after a change. */
function problemsAfter(change: (observatory: Json) => void): readonly string[] {
  const observatory = JSON.parse(readFileSync(COLIBRI, "utf8")) as Json;
  change(observatory);
  const file = path.join(folder, "changed.json");
  writeFileSync(file, JSON.stringify(observatory));
  try {
    loadObservatory(file, {});
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return (error as ConfigurationError).problems;
  }
  return [];
}

const deviceNamed = (observatory: Json, id: string): Json =>
  observatory["devices"].find((device: Json) => device["id"] === id);
const wheelOf = (observatory: Json): Json => deviceNamed(observatory, "wheel-vis");

test("the default observatory is right, its addresses hold the port, and it cannot be changed", () => {
  const observatory = loadObservatory(COLIBRI, { VESPER_ALPACA_PORT: "23456" });
  expect(observatory.site.id).toBe("colibri");
  for (const device of observatory.devices) expect(device.address).toBe("http://127.0.0.1:23456");
  expect(() => {
    (observatory.site as { latDeg: number }).latDeg = 0;
  }).toThrow(TypeError);
});

test("a port that is not set has its default", () => {
  expect(loadObservatory(COLIBRI, {}).devices[0]?.address).toBe("http://127.0.0.1:11111");
});

test("every wrong field is told with its value and its rule", () => {
  const problems = problemsAfter((observatory) => {
    observatory["site"].latDeg = 95;
    observatory["telescope"].minAltDeg = "20";
    observatory["devices"][1].type = "roof";
    observatory["devices"][2].address = "127.0.0.1:80";
    observatory["weather"].maxHumidityPct = -1;
    delete observatory["night"].autoStart;
    observatory["night"].autostart = true;
    observatory["instruments"][0].filters = [];
  });
  expect(problems).toEqual(
    expect.arrayContaining([
      "site.latDeg is 95: must be a number from -90 to 90 (degrees, north positive)",
      'telescope.minAltDeg is "20": must be a number from 0 to 89 (degrees)',
      expect.stringMatching(/^devices\[1\]\.type is "roof": must be one of telescope, dome/),
      expect.stringMatching(/^devices\[2\]\.address is "127\.0\.0\.1:80": must be the base address/),
      "weather.maxHumidityPct is -1: must be a number from 0 to 100 (per cent)",
      "night.autoStart is missing: must be true or false",
      expect.stringMatching(/^night\.autostart is not a known field \(known: autoStart/),
      "instruments[0].filters is []: must be a list of at least one filter",
    ]),
  );
  expect(problems).toHaveLength(8);
});

test.each<[string, (observatory: Json) => void, string]>([
  [
    "two devices of one id",
    (o) => (o["devices"][1].id = o["devices"][0].id),
    'devices[1].id is "telescope": devices[0] has the same',
  ],
  [
    "two devices of one UniqueID",
    (o) => (o["devices"][1].uniqueId = o["devices"][0].uniqueId),
    "devices[1].uniqueId is",
  ],
  ["no dome", (o) => o["devices"].splice(1, 1), "devices has 0 of type dome: there must be exactly one"],
  [
    "two names for one device",
    (o) => (deviceNamed(o, "camera-nir").number = deviceNamed(o, "camera-vis").number),
    "is camera 0 at http://127.0.0.1:11111: devices[",
  ],
  [
    "a camera of no instrument",
    (o) => o["devices"].push({ ...deviceNamed(o, "camera-vis"), id: "spare", uniqueId: "spare", number: 7 }),
    'is the camera "spare": no instrument has it as its cameraId',
  ],
  [
    "a focus without a focuser",
    (o) => o["devices"].splice(o["devices"].indexOf(deviceNamed(o, "focuser")), 1),
    "telescope.focusSteps is 25000: devices has no focuser to move there",
  ],
  [
    "a dome that opens after the observation has begun",
    (o) => (o["night"].domeOpenSunAltDeg = -15),
    "night.domeOpenSunAltDeg is -15: must not be below observingSunAltDeg (-12)",
  ],
  [
    "a wheel on a camera that is not there",
    (o) => (wheelOf(o).boundTo = "camera-uv"),
    'boundTo is "camera-uv": a filter wheel is bound to the camera of an instrument or to the telescope',
  ],
  [
    "a camera that is not there",
    (o) => (o["instruments"][0].cameraId = "camera-x"),
    'instruments[0].cameraId is "camera-x"',
  ],
  [
    "a camera that is a dome",
    (o) => (o["instruments"][0].cameraId = "dome"),
    "must be the id of a device of type camera",
  ],
  ["a filter twice", (o) => (o["instruments"][0].filters = ["r", "r"]), 'instruments[0].filters[1] is "r"'],
  ["a zone that is not", (o) => (o["site"].timeZone = "Mars/Olympus"), 'site.timeZone is "Mars/Olympus"'],
  [
    "exposures the wrong way round",
    (o) => (o["instruments"][0].minExposureS = 2000),
    "must not be above maxExposureS (1200)",
  ],
  [
    "a wheel on nothing",
    (o) => delete wheelOf(o).boundTo,
    "boundTo is missing: a filter wheel is bound to the camera of an instrument or to the telescope",
  ],
  ["a wheel on the dome", (o) => (wheelOf(o).boundTo = "dome"), 'boundTo is "dome": a filter wheel is bound'],
  [
    "a bound dome",
    (o) => (o["devices"][1].boundTo = "telescope"),
    'devices[1].boundTo is "telescope": only devices of type filterwheel are bound',
  ],
  [
    "two wheels before one camera",
    (o) => (wheelOf(o).boundTo = "telescope"),
    "instruments[1] looks through wheel-vis, wheel-nir: there may be one filter wheel before a camera",
  ],
  [
    "filters without a wheel",
    (o) => o["devices"].splice(o["devices"].indexOf(wheelOf(o)), 1),
    "instruments[0].filters has 4: without a filter wheel there is exactly one",
  ],
  [
    "two focusers",
    (o) => o["devices"].push({ ...deviceNamed(o, "focuser"), id: "other", uniqueId: "other", number: 1 }),
    "devices has 2 of type focuser: there may be at most one",
  ],
  [
    "an unknown name in an address",
    (o) => (o["devices"][0].address = "http://${NOWHERE}:1"),
    "devices[0].address is",
  ],
])("%s", (_name, change, words) => {
  expect(problemsAfter(change).join("\n")).toContain(words);
});

test("a file that is not there, or no JSON, is told in one sentence", () => {
  expect(() => loadObservatory(path.join(folder, "none.json"), {})).toThrow(/cannot be read: ENOENT/);
  const file = path.join(folder, "broken.json");
  writeFileSync(file, "{");
  expect(() => loadObservatory(file, {})).toThrow(/broken\.json is not right:\n {2}- it cannot be read: /);
});
