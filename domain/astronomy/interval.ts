/** A span of time [startMs, endMs), Unix times in ms. */
export interface Interval {
  readonly startMs: number;
  readonly endMs: number;
}

/** What two lists of intervals have in common; both sorted and free of overlaps, and so is the result. */
export function intersection(a: readonly Interval[], b: readonly Interval[]): Interval[] {
  const common: Interval[] = [];
  let i = 0;
  let j = 0;
  for (let left = a[i], right = b[j]; left !== undefined && right !== undefined; left = a[i], right = b[j]) {
    const startMs = Math.max(left.startMs, right.startMs);
    const endMs = Math.min(left.endMs, right.endMs);
    if (startMs < endMs) {
      common.push({ startMs, endMs });
    }
    if (left.endMs < right.endMs) {
      i += 1;
    } else {
      j += 1;
    }
  }
  return common;
}

/** The same times with touching and overlapping intervals joined; the list must be sorted by start. */
export function joined(intervals: readonly Interval[]): Interval[] {
  const result: Interval[] = [];
  for (const interval of intervals) {
    const last = result.at(-1);
    if (last !== undefined && interval.startMs <= last.endMs) {
      result[result.length - 1] = {
        startMs: last.startMs,
        endMs: Math.max(last.endMs, interval.endMs),
      };
    } else if (interval.startMs < interval.endMs) {
      result.push(interval);
    }
  }
  return result;
}

/** Sum of the lengths in ms. */
export function totalMs(intervals: readonly Interval[]): number {
  return intervals.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
}
