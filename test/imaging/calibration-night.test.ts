import { expect, test } from "@jest/globals";
import { loadObservatory } from "../../adapters/config/observatory.ts";
import {
  DEFAULT_CALIBRATION_RULES,
  flatExposureS,
  groupId,
  plannedGroups,
} from "../../domain/imaging/calibration/calibration-night.ts";
import {
  chooseMasters,
  nightsBetween,
  type MasterFacts,
} from "../../domain/imaging/calibration/choose-masters.ts";
import { stopsCalibration } from "../../domain/safety/holds.ts";

const observatory = loadObservatory(
  new URL("../../observatories/colibri.json", import.meta.url).pathname,
  {},
);

test("bias for every camera, darks for each exposure time used, longest first, flats for each filter used", () => {
  const used = [
    { cameraId: "camera-vis", filter: "r", exposureS: 60 },
    { cameraId: "camera-vis", filter: "i", exposureS: 120 },
    { cameraId: "camera-vis", filter: "r", exposureS: 120 },
    { cameraId: "camera-vis", filter: "r", exposureS: 0.5 },
  ];
  const vis = plannedGroups(observatory, used).filter(({ cameraId }) => cameraId === "camera-vis");
  expect(vis.map(({ key }) => key)).toEqual(["bias", "dark-120s", "dark-60s", "flat-r", "flat-i"]);
  expect(vis.every(({ count }) => count === DEFAULT_CALIBRATION_RULES.frames)).toBe(true);
  const others = plannedGroups(observatory, used).filter(({ cameraId }) => cameraId !== "camera-vis");
  expect(others.every(({ key }) => key === "bias")).toBe(true);
});

test("the same group of two runs has two names", () => {
  const group = { instrumentId: "vis", key: "dark-60s" };
  expect(groupId({ date: "2026-11-20", run: 1 }, group)).toBe("2026-11-20-1-vis-dark-60s");
  expect(groupId({ date: "2026-11-20", run: 2 }, group)).not.toBe(
    groupId({ date: "2026-11-20", run: 1 }, group),
  );
});

test("the exposure of flats follows from a test frame; a dark lamp has none", () => {
  const instrument = { saturationAdu: 60_000, minExposureS: 0.1, maxExposureS: 1_200 };
  const rules = { flatLevel: 0.4 };
  // 2 s gave 4000 adu of light: 23000 adu of light (24000 less the bias) take 11.5 s.
  expect(flatExposureS({ exposureS: 2, levelAdu: 5_000 }, 1_000, instrument, rules)).toBeCloseTo(11.5, 6);
  expect(flatExposureS({ exposureS: 2, levelAdu: 1_010 }, 1_000, instrument, rules)).toBeNull();
  expect(flatExposureS({ exposureS: 2, levelAdu: Number.NaN }, 1_000, instrument, rules)).toBeNull();
  // A weak lamp is not exposed for without end, a bright one not below what the camera can.
  expect(flatExposureS({ exposureS: 2, levelAdu: 1_030 }, 1_000, instrument, rules)).toBe(120);
  expect(flatExposureS({ exposureS: 0.1, levelAdu: 5_000_000 }, 1_000, instrument, rules)).toBe(0.1);
});

const setup = { camera: "vis cam", binning: "1x1", readoutMode: "", size: "96x96", temperatureC: -60 };

function master(change: Partial<MasterFacts> & Pick<MasterFacts, "id" | "kind">): MasterFacts {
  const filter = change.kind === "flat" ? "r" : "";
  return { nightDate: "2026-11-20", filter, exposureS: 0, setup, grade: "good", ...change };
}

const frame = { setup, exposureS: 60, filter: "r" };

test("the newest night counts, darks by exposure time, and what is older is flagged", () => {
  const masters = [
    master({ id: "b19", kind: "bias", nightDate: "2026-11-19" }),
    master({ id: "b20", kind: "bias" }),
    master({ id: "d20-60", kind: "dark", exposureS: 60 }),
    master({ id: "d20-120", kind: "dark", exposureS: 120 }),
    master({ id: "f18", kind: "flat", nightDate: "2026-11-18" }),
    master({ id: "f20-g", kind: "flat", filter: "g" }),
  ];
  const chosen = chooseMasters(frame, "2026-11-20", masters, 30);
  expect(chosen.masters.map(({ id }) => id)).toEqual(["b20", "d20-60", "f18"]);
  expect(chosen.used.find(({ id }) => id === "f18")?.nightsOld).toBe(2);
  expect(chosen.warnings).toEqual(["the master flat f18 is 2 nights old"]);
});

test("too old, of a later night, of another temperature or binning: not used", () => {
  const others = [
    master({ id: "old", kind: "bias", nightDate: "2026-10-01" }),
    master({ id: "later", kind: "bias", nightDate: "2026-11-21" }),
    master({ id: "warm", kind: "bias", setup: { ...setup, temperatureC: -55 } }),
    master({ id: "binned", kind: "bias", setup: { ...setup, binning: "2x2" } }),
  ];
  expect(chooseMasters(frame, "2026-11-20", others, 30).masters).toEqual([]);
});

test("of two runs of one night the later one counts", () => {
  const masters = [
    master({ id: "2026-11-20-1-vis-bias", kind: "bias" }),
    master({ id: "2026-11-20-2-vis-bias", kind: "bias" }),
  ];
  expect(chooseMasters(frame, "2026-11-20", masters, 30).masters[0]?.id).toBe("2026-11-20-2-vis-bias");
});

test("nights are counted over the end of a month", () => {
  expect(nightsBetween("2026-11-30", "2026-12-02")).toBe(2);
});

test("rain does not stop calibrations; a person, the interlock and a needed device do", () => {
  expect(stopsCalibration("weather", ["camera-vis"])).toBe(false);
  for (const kind of ["operator", "maintenance", "safety", "guard", "device:camera-vis"] as const) {
    expect(stopsCalibration(kind, ["camera-vis"])).toBe(true);
  }
  expect(stopsCalibration("device:telescope", ["camera-vis"])).toBe(false);
});
