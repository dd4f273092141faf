import { expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { clockOffsetMs, isOurExposure } from "../../domain/safety/exposure-identity.ts";

const WANTED = { intendedStartMs: 1_000_000, durationS: 30 };

test.each([
  ["the one we started", { startMs: 1_000_200, durationS: 30 }, 0, true],
  ["started up to a second early by the camera's clock", { startMs: 999_000, durationS: 30 }, 0, true],
  ["the frame before", { startMs: 998_999, durationS: 30 }, 0, false],
  ["another duration", { startMs: 1_000_200, durationS: 31 }, 0, false],
  ["a duration rounded by the camera", { startMs: 1_000_200, durationS: 30.01 }, 0, true],
  ["none yet", null, 0, false],
  ["the one we started, by a clock 5 s behind", { startMs: 995_200, durationS: 30 }, -5_000, true],
  ["the frame before, by a clock 5 s ahead", { startMs: 1_002_000, durationS: 30 }, 5_000, false],
] as const)("%s", (_name, last, offsetMs, ours) => {
  expect(isOurExposure(last, WANTED, offsetMs)).toBe(ours);
});

test("a clock offset is measured only beyond a second of what the question's own duration allows", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -10_000, max: 10_000 }),
      fc.integer({ min: 0, max: 5_000 }),
      (trueMs, tookMs) => {
        const askedMs = 1_000_000;
        const measured = clockOffsetMs(askedMs + tookMs / 2 + trueMs, askedMs, askedMs + tookMs);
        if (Math.abs(trueMs) <= 1_000) expect(measured).toBe(0);
        if (measured !== 0) {
          expect(Math.sign(measured)).toBe(Math.sign(trueMs));
          expect(Math.abs(measured - trueMs)).toBeLessThanOrEqual(tookMs / 2);
        }
      },
    ),
  );
});
