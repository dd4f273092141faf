import type { Interval } from "./problem.ts";

/**
 * Algebra of sets of closed integer intervals. A set is a list sorted by start, without overlap;
 * intervals that touch in one point or more are one.
 */
export type IntervalSet = readonly Interval[];

/** The set of all points in any of `intervals`, which may be in any order and overlap; reversed ones are dropped. */
export function union(intervals: readonly Interval[]): IntervalSet {
  const sorted = intervals
    .filter((interval) => interval.startMs <= interval.endMs)
    .sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
  const merged: { startMs: number; endMs: number }[] = [];
  for (const { startMs, endMs } of sorted) {
    const last = merged.at(-1);
    if (last !== undefined && startMs <= last.endMs) last.endMs = Math.max(last.endMs, endMs);
    else merged.push({ startMs, endMs });
  }
  return merged;
}

/** The part of `set` inside [startMs, endMs]. */
export function clip(set: IntervalSet, startMs: number, endMs: number): IntervalSet {
  return intersection(set, [{ startMs, endMs }]);
}

/** Points in both sets. */
export function intersection(a: IntervalSet, b: IntervalSet): IntervalSet {
  const common: Interval[] = [];
  let i = 0;
  let j = 0;
  for (let x = a[i], y = b[j]; x !== undefined && y !== undefined; x = a[i], y = b[j]) {
    const startMs = Math.max(x.startMs, y.startMs);
    const endMs = Math.min(x.endMs, y.endMs);
    if (startMs <= endMs) common.push({ startMs, endMs });
    if (x.endMs < y.endMs) i++;
    else j++;
  }
  return common;
}

/**
 * `set` without the *inside* of `holes`: a block may end exactly where a hole starts, so the borders stay.
 * A hole without inside (one point) takes nothing away.
 */
export function difference(set: IntervalSet, holes: IntervalSet): IntervalSet {
  const rest: Interval[] = [];
  let first = 0;
  for (const { startMs, endMs } of set) {
    while (first < holes.length && (holes[first]?.endMs ?? 0) <= startMs) first++;
    let from = startMs;
    for (let h = first; h < holes.length; h++) {
      const hole = holes[h];
      if (hole === undefined || hole.startMs >= endMs) break;
      if (hole.startMs === hole.endMs) continue;
      if (hole.startMs >= from) rest.push({ startMs: from, endMs: hole.startMs });
      from = Math.max(from, hole.endMs);
    }
    if (from <= endMs) rest.push({ startMs: from, endMs });
  }
  return rest;
}

/** Starts at which a block of `lengthMs` lies wholly inside one interval of `set`. */
export function startsOf(set: IntervalSet, lengthMs: number): IntervalSet {
  const starts: Interval[] = [];
  for (const { startMs, endMs } of set) {
    if (endMs - startMs >= lengthMs) starts.push({ startMs, endMs: endMs - lengthMs });
  }
  return starts;
}

/** Earliest point of `set` at or after `atMs`; null when there is none. */
export function firstAtOrAfter(set: IntervalSet, atMs: number): number | null {
  for (const { startMs, endMs } of set) {
    if (endMs >= atMs) return Math.max(startMs, atMs);
  }
  return null;
}

/** Latest point of `set` at or before `atMs`; null when there is none. */
export function lastAtOrBefore(set: IntervalSet, atMs: number): number | null {
  for (let k = set.length - 1; k >= 0; k--) {
    const interval = set[k];
    if (interval !== undefined && interval.startMs <= atMs) return Math.min(interval.endMs, atMs);
  }
  return null;
}

/**
 * Integer point of `set` inside [fromMs, toMs] nearest to `targetMs` (which may be half an integer: the middle of an odd block),
 * the earlier of two equally near; null when there is none.
 */
export function nearest(set: IntervalSet, fromMs: number, toMs: number, targetMs: number): number | null {
  if (fromMs > toMs) return null;
  const wanted = Math.min(Math.max(targetMs, fromMs), toMs);
  const before = lastAtOrBefore(set, Math.floor(wanted));
  const after = firstAtOrAfter(set, Math.ceil(wanted));
  const left = before !== null && before >= fromMs ? before : null;
  const right = after !== null && after <= toMs ? after : null;
  if (left === null || right === null) return left ?? right;
  return targetMs - left <= right - targetMs ? left : right;
}

/** Total length of `set`. */
export function measure(set: IntervalSet): number {
  let total = 0;
  for (const { startMs, endMs } of set) total += endMs - startMs;
  return total;
}

/** Length of the longest interval of `set`; 0 for the empty set. */
export function longest(set: IntervalSet): number {
  let length = 0;
  for (const { startMs, endMs } of set) length = Math.max(length, endMs - startMs);
  return length;
}
