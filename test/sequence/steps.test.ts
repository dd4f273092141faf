/** The order of a sequence on several arms, and its dithers. */
import { expect, test } from "@jest/globals";
import * as fc from "fast-check";
import {
  ditherOffset,
  ditherPosition,
  ditherToleranceArcsec,
  MAX_DITHER_POSITIONS,
  offsetPlace,
} from "../../domain/sequence/dither.ts";
import { stepsOf } from "../../domain/sequence/steps.ts";
import { ARCSEC_PER_DEG, separationDeg } from "../../domain/units.ts";

const plan = (filter: string, count: number) => ({
  filter,
  count,
  frames: Array.from({ length: count }, (_, index) => index + 1),
});
const vis = { name: "vis", plans: [plan("g", 2), plan("r", 4)] };
const nir = { name: "nir", plans: [plan("r", 2), plan("J", 2)] };

/** `vis g1,2 | nir J1` per step. */
function written(options: Parameters<typeof stepsOf>[1]): string[] {
  return stepsOf<(typeof vis)["plans"][number], typeof vis>([vis, nir], options).map(
    ({ sharedFilter, position, shares }) =>
      `${sharedFilter ?? "-"}@${position}: ` +
      shares
        .map(
          ({ album, runs }) => `${album.name} ${runs.map((run) => run.plan.filter + run.frames).join(" ")}`,
        )
        .join(" | "),
  );
}

test("without dither and shared wheel there is one step: each arm goes its own way", () => {
  expect(written({ sharesWheel: false, dither: null })).toEqual(["-@0: vis g1,2 r1,2,3,4 | nir r1,2 J1,2"]);
});

test("a wheel on the telescope makes one step per filter, turned once for all arms", () => {
  expect(written({ sharesWheel: true, dither: null })).toEqual([
    "g@0: vis g1,2",
    "r@0: vis r1,2,3,4 | nir r1,2",
    "J@0: nir J1,2",
  ]);
});

test("a dither divides the frames of each plan evenly among its positions", () => {
  expect(written({ sharesWheel: false, dither: { stepArcsec: 10, positions: 2 } })).toEqual([
    "-@0: vis g1 r1,2 | nir r1 J1",
    "-@1: vis g2 r3,4 | nir r2 J2",
  ]);
});

test("what is left of a sequence is taken where it would have been taken; empty steps are left out", () => {
  const left = { name: "vis", plans: [{ filter: "r", count: 4, frames: [4] }] };
  expect(
    stepsOf<(typeof left)["plans"][number], typeof left>([left], {
      sharesWheel: false,
      dither: { stepArcsec: 10, positions: 4 },
    }),
  ).toMatchObject([{ position: 3, shares: [{ runs: [{ frames: [4] }] }] }]);
});

test("every frame is in exactly one step, and within the positions of its dither", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({ filter: fc.constantFrom("g", "r", "J"), count: fc.integer({ min: 1, max: 30 }) }),
        {
          minLength: 1,
          maxLength: 4,
        },
      ),
      fc.option(fc.integer({ min: 2, max: MAX_DITHER_POSITIONS })),
      fc.boolean(),
      (plans, positions, sharesWheel) => {
        const dither = positions === null ? null : { stepArcsec: 10, positions };
        const album = { plans: plans.map(({ filter, count }) => plan(filter, count)) };
        type P = ReturnType<typeof plan>;
        const steps = stepsOf<P, { plans: P[] }>([album], { sharesWheel, dither });
        const taken = new Map<P, number[]>();
        for (const step of steps) {
          expect(step.position).toBeLessThan(positions ?? 1);
          for (const run of step.shares.flatMap(({ runs }) => runs)) {
            taken.set(run.plan, [...(taken.get(run.plan) ?? []), ...run.frames]);
          }
        }
        for (const each of album.plans) expect(taken.get(each)).toEqual(each.frames);
      },
    ),
  );
});

test("offsets are distances on the sky, at any declination and across 0 h", () => {
  const dither = { stepArcsec: 30, positions: 9 };
  for (const place of [
    { raDeg: 10, decDeg: 0 },
    { raDeg: 0.0001, decDeg: 60 },
    { raDeg: 200, decDeg: -89.9 },
  ]) {
    for (let position = 0; position < 9; position += 1) {
      const offset = ditherOffset(dither, position);
      const there = offsetPlace(place, offset);
      const arcsec = separationDeg(place.raDeg, place.decDeg, there.raDeg, there.decDeg) * ARCSEC_PER_DEG;
      expect(arcsec).toBeCloseTo(Math.hypot(offset.eastArcsec, offset.northArcsec), 3);
      expect(there.raDeg).toBeGreaterThanOrEqual(0);
      expect(there.raDeg).toBeLessThan(360);
    }
  }
  expect(offsetPlace({ raDeg: 10, decDeg: 0 }, ditherOffset(dither, 1))).toMatchObject({
    raDeg: expect.closeTo(10 + 30 / 3_600, 6),
    decDeg: expect.closeTo(30 / 3_600, 6),
  });
});

test("no two positions of the pattern are one, and the tolerance tells them apart", () => {
  const dither = { stepArcsec: 10, positions: 9 };
  const places = Array.from({ length: 9 }, (_, position) => ditherOffset(dither, position));
  expect(new Set(places.map((offset) => JSON.stringify(offset))).size).toBe(9);
  expect(ditherToleranceArcsec(dither)).toBeLessThan(dither.stepArcsec / 2);
  expect(ditherPosition(null, 7, 9)).toBe(0);
  expect([1, 2, 3, 4, 5].map((n) => ditherPosition({ stepArcsec: 1, positions: 2 }, n, 5))).toEqual([
    0, 0, 0, 1, 1,
  ]);
});
