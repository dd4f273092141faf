import path from "node:path";
import { expect, test } from "@jest/globals";
import { loadObservatory } from "../../adapters/config/observatory.ts";
import { createNightSkies } from "../../activities/planning/observability.ts";
import type { SequenceDetail } from "../../db/repositories/sequences.ts";

const observatory = loadObservatory(
  path.resolve(import.meta.dirname, "../../observatories/colibri.json"),
  {},
);
const duskMs = Date.UTC(2026, 10, 20, 18);
const dawnMs = Date.UTC(2026, 10, 21, 5);
/** A target that never rises there. */
const southern = {
  raDeg: 83.6,
  decDeg: -85,
  windowStartMs: duskMs - 86_400_000,
  windowEndMs: dawnMs + 86_400_000,
  constraints: { minAltDeg: 30, maxAirmass: null, minMoonSepDeg: 25, maxSunAltDeg: -12 },
} as unknown as SequenceDetail;

test("why a target has no window is worked out once in a night, and told in words and numbers", () => {
  const skyOf = createNightSkies();
  const night = skyOf(observatory, duskMs, dawnMs);
  expect(night.windowsOf(southern)).toEqual([]);
  const why = night.whyNever(southern);
  expect(why.text).toMatch(/^Not planned tonight: at its best its altitude/);
  expect(why.numbers.value).toBeLessThan(why.numbers.limit ?? Number.NaN);
  expect(skyOf(observatory, duskMs, dawnMs).whyNever({ ...southern })).toBe(why);
  // Another target, another answer.
  expect(night.whyNever({ ...southern, decDeg: -60 }).numbers.value).not.toBe(why.numbers.value);
});
