/** The master that stands in when a group of calibration frames came to nothing. */
import { expect, test } from "@jest/globals";
import { createCalibrationActivities } from "../../activities/calibration.ts";
import type { PlannedGroup } from "../../domain/imaging/calibration/calibration-night.ts";
import { observatory } from "../api/support/web.ts";

const NIGHT = "2026-11-20";
const group: PlannedGroup = {
  key: "flat-r",
  kind: "flat",
  instrumentId: "vis",
  cameraId: "camera-vis",
  filter: "r",
  exposureS: 2,
  count: 7,
};

/** A flat of filter r on record. */
const flat = (calibrationId: string, nightDate: string, change: object = {}) => ({
  id: `${nightDate}-${calibrationId.at(-1)}-vis-flat-r`,
  calibrationId,
  kind: "flat",
  nightDate,
  filter: "r",
  exposureS: 12,
  grade: "good",
  camera: "CCD 231-42",
  binning: "1x1",
  readoutMode: "normal",
  size: "2048x2048",
  temperatureC: -90,
  path: "calibration/x.fits",
  sha256: "0".repeat(64),
  ...change,
});

async function olderOf(masters: readonly object[]): Promise<string | null> {
  const activities = createCalibrationActivities({
    database: {
      calibrations: { framesOf: async () => [] },
      masters: { between: async () => masters },
      journal: {},
    } as never,
    home: "/home",
    runJob: async () => {
      throw new Error("without frames nothing is combined");
    },
    wallMs: () => 0,
    nowMs: () => 0,
  });
  const run = { id: `colibri/${NIGHT}/2`, siteId: "colibri", date: NIGHT, run: 2 };
  const { masterId, olderMasterId, words } = await activities.makeGroupMaster({ observatory, run, group });
  expect([masterId, words]).toEqual([null, "no frame was taken"]);
  return olderMasterId;
}

test("the flat of an earlier run of the same night stands in, before one of an earlier night", async () => {
  const earlierRun = flat(`colibri/${NIGHT}/1`, NIGHT);
  const earlierNight = flat("colibri/2026-11-18/1", "2026-11-18");
  expect(await olderOf([earlierRun, earlierNight])).toBe("2026-11-20-1-vis-flat-r");
  expect(await olderOf([earlierNight])).toBe("2026-11-18-1-vis-flat-r");
});

test("one of another filter, one that is too old, or one of this run does not", async () => {
  expect(await olderOf([])).toBeNull();
  expect(await olderOf([flat("colibri/2026-11-18/1", "2026-11-18", { filter: "g" })])).toBeNull();
  expect(await olderOf([flat("colibri/2025-01-01/1", "2025-01-01")])).toBeNull();
  expect(await olderOf([flat(`colibri/${NIGHT}/2`, NIGHT)])).toBeNull();
});
