/** One line for each activity in the Temporal UI. */
import { expect, test } from "@jest/globals";
import { summaryOf } from "../../workflows/summaries.ts";

const frame = {
  target: { name: "M 31", raDeg: 10.68, decDeg: 41.27 },
  instrumentId: "vis",
  filter: "r",
  exposureS: 60,
  n: 42,
  attempt: 1,
};

test("a frame is named by target, filter, time and number; a second try says so", () => {
  expect(summaryOf("startExposure", [frame])).toBe("M 31 r 60 s #42 on vis");
  expect(summaryOf("fetchExposure", [{ ...frame, attempt: 2 }])).toBe("M 31 r 60 s #42 on vis, try 2");
});

test("a calibration frame has no target: its kind stands there", () => {
  const calibration = { calibrationId: "2026-11-20/1", kind: "flat" };
  expect(summaryOf("fetchCalibrationFrame", [{ ...frame, calibration }])).toBe("flat r 60 s #42 on vis");
});

test("what a name says by itself has no summary", () => {
  expect(summaryOf("closeDome", [{ limitS: 120 }])).toBeUndefined();
  expect(summaryOf("noSuchActivity", [])).toBeUndefined();
});

test("a long line ends where the server would refuse more", () => {
  const summary = summaryOf("journal", [{ text: "x".repeat(1_000) }]) ?? "";
  expect(summary).toHaveLength(120);
  expect(summary.endsWith("x…")).toBe(true);
});
