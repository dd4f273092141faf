import { expect, test } from "@jest/globals";
import * as fc from "fast-check";
import {
  clip,
  difference,
  firstAtOrAfter,
  intersection,
  lastAtOrBefore,
  longest,
  measure,
  nearest,
  startsOf,
  union,
  type IntervalSet,
} from "../intervals.ts";

const SPAN = 40;
const anyIntervals = fc.array(
  fc.record({ startMs: fc.integer({ min: 0, max: SPAN }), endMs: fc.integer({ min: 0, max: SPAN }) }),
  { maxLength: 6 },
);
const anySet = anyIntervals.map((intervals) => union(intervals));
const point = fc.integer({ min: -3, max: SPAN + 3 });

/** The integers in a set, and the unit steps it covers: together they are the set. */
function pointsOf(set: IntervalSet): { points: number[]; steps: number[] } {
  const points: number[] = [];
  const steps: number[] = [];
  for (let at = -5; at <= SPAN + 5; at++) {
    if (set.some(({ startMs, endMs }) => startMs <= at && at <= endMs)) points.push(at);
    if (set.some(({ startMs, endMs }) => startMs <= at && at + 1 <= endMs)) steps.push(at);
  }
  return { points, steps };
}

function isNormal(set: IntervalSet): boolean {
  return set.every(
    ({ startMs, endMs }, k) => startMs <= endMs && (k === 0 || (set[k - 1]?.endMs ?? 0) < startMs),
  );
}

test("a union covers what any of its intervals covers, in order and apart", () => {
  fc.assert(
    fc.property(anyIntervals, (intervals) => {
      const set = union(intervals);
      expect(isNormal(set)).toBe(true);
      expect(pointsOf(set).points).toEqual(pointsOf(intervals).points);
      expect(union(set)).toEqual(set);
      expect(union(intervals.toReversed())).toEqual(set);
    }),
  );
});

test("an intersection covers what both cover", () => {
  fc.assert(
    fc.property(anySet, anySet, (a, b) => {
      const [ofA, ofB] = [pointsOf(a), pointsOf(b)];
      const both = pointsOf(intersection(a, b));
      expect(both.points).toEqual(ofA.points.filter((at) => ofB.points.includes(at)));
      expect(both.steps).toEqual(ofA.steps.filter((at) => ofB.steps.includes(at)));
      expect(intersection(b, a)).toEqual(intersection(a, b));
    }),
  );
});

test("a difference leaves out the inside of the holes and keeps their borders", () => {
  fc.assert(
    fc.property(anySet, anySet, (set, holes) => {
      const rest = pointsOf(difference(set, holes));
      const inside = (at: number): boolean => holes.some(({ startMs, endMs }) => startMs < at && at < endMs);
      expect(rest.steps).toEqual(pointsOf(set).steps.filter((at) => !pointsOf(holes).steps.includes(at)));
      expect(rest.points).toEqual(pointsOf(set).points.filter((at) => !inside(at)));
    }),
  );
});

test("measures add up: what is cut away and what stays", () => {
  fc.assert(
    fc.property(anySet, anySet, (a, b) => {
      expect(measure(a)).toBe(measure(intersection(a, b)) + measure(difference(a, b)));
      expect(longest(a)).toBeLessThanOrEqual(measure(a));
      expect(measure(a)).toBe(pointsOf(a).steps.length);
    }),
  );
});

test("clipping is meeting one interval", () => {
  fc.assert(
    fc.property(anySet, point, point, (set, startMs, endMs) => {
      const wanted = startMs <= endMs ? intersection(set, [{ startMs, endMs }]) : [];
      expect(clip(set, startMs, endMs).filter((piece) => piece.startMs <= piece.endMs)).toEqual(wanted);
    }),
  );
});

test("starts are exactly those from which a block stays inside one piece", () => {
  fc.assert(
    fc.property(anySet, fc.integer({ min: 1, max: SPAN }), (set, lengthMs) => {
      const allowed = pointsOf(set).points.filter((at) =>
        set.some(({ startMs, endMs }) => startMs <= at && at + lengthMs <= endMs),
      );
      expect(pointsOf(startsOf(set, lengthMs)).points).toEqual(allowed);
    }),
  );
});

test("first, last and nearest points are those a search through all finds", () => {
  fc.assert(
    fc.property(anySet, point, point, fc.integer({ min: -10, max: 2 * SPAN }), (set, fromMs, toMs, twice) => {
      const { points } = pointsOf(set);
      expect(firstAtOrAfter(set, fromMs)).toBe(points.find((at) => at >= fromMs) ?? null);
      expect(lastAtOrBefore(set, toMs)).toBe(points.findLast((at) => at <= toMs) ?? null);
      // The target may be half an integer.
      const target = twice / 2;
      let best: number | null = null;
      for (const at of points) {
        if (at < fromMs || at > toMs) continue;
        if (best === null || Math.abs(at - target) < Math.abs(best - target)) best = at;
      }
      expect(nearest(set, fromMs, toMs, target)).toBe(best);
    }),
    { numRuns: 1_000 },
  );
});
