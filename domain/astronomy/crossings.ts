import type { Interval } from "./interval.ts";

/** An instant at which a smooth function of time passes a level. */
export interface Crossing {
  /** Unix time in ms. */
  readonly tMs: number;
  readonly rising: boolean;
}

/** A value of a function and when it has it. */
export interface Point {
  readonly tMs: number;
  readonly value: number;
}

/** A function of time sampled so densely that between two neighbours it is monotonic (extremes are among the points). */
export interface Curve {
  readonly at: (tMs: number) => number;
  readonly points: readonly Point[];
}

const EXTREME_MS = 500;
const CROSSING_MS = 0.5;

/**
 * Samples a smooth function and adds its extremes, so that a curve that only grazes a level between two samples is not missed.
 * @param stepMs must be well below half a period of the fastest wave in `at`
 */
export function sampled(at: (tMs: number) => number, fromMs: number, toMs: number, stepMs: number): Curve {
  const count = Math.max(2, Math.ceil((toMs - fromMs) / stepMs));
  const grid: Point[] = [];
  for (let i = 0; i <= count; i += 1) {
    const tMs = fromMs + ((toMs - fromMs) * i) / count;
    grid.push({ tMs, value: at(tMs) });
  }
  const points: Point[] = [];
  grid.forEach((point, i) => {
    points.push(point);
    const before = grid[i - 1];
    const after = grid[i + 1];
    if (before !== undefined && after !== undefined) {
      if (point.value > before.value && point.value >= after.value) {
        points.push(extreme(at, before.tMs, after.tMs, 1));
      } else if (point.value < before.value && point.value <= after.value) {
        points.push(extreme(at, before.tMs, after.tMs, -1));
      }
    }
  });
  // An extreme in the last or first step has no neighbour on one side; golden section finds the edge itself when there is none.
  const first = grid[0];
  const second = grid[1];
  const last = grid.at(-1);
  const previous = grid.at(-2);
  if (first !== undefined && second !== undefined && last !== undefined && previous !== undefined) {
    for (const sign of [1, -1] as const) {
      points.push(extreme(at, first.tMs, second.tMs, sign), extreme(at, previous.tMs, last.tMs, sign));
    }
  }
  return { at, points: points.sort((a, b) => a.tMs - b.tMs) };
}

/** All instants at which the curve passes `level`, in order, good to 1 ms of the function given. */
export function crossings(curve: Curve, level: number): Crossing[] {
  const found: Crossing[] = [];
  for (let i = 1; i < curve.points.length; i += 1) {
    const a = curve.points[i - 1];
    const b = curve.points[i];
    if (a !== undefined && b !== undefined && a.value >= level !== b.value >= level) {
      found.push({ tMs: crossingBetween(curve.at, a.tMs, b.tMs, level), rising: b.value >= level });
    }
  }
  return found;
}

/** The times at which the curve is at or above `level`. */
export function intervalsAbove(curve: Curve, level: number): Interval[] {
  const intervals: Interval[] = [];
  const first = curve.points[0];
  const last = curve.points.at(-1);
  if (first === undefined || last === undefined) {
    return intervals;
  }
  let startMs = first.value >= level ? first.tMs : null;
  for (const { tMs, rising } of crossings(curve, level)) {
    if (rising) {
      startMs = Math.ceil(tMs);
    } else if (startMs !== null) {
      intervals.push({ startMs, endMs: Math.floor(tMs) });
      startMs = null;
    }
  }
  if (startMs !== null) {
    intervals.push({ startMs, endMs: last.tMs });
  }
  return intervals.filter(({ startMs, endMs }) => startMs < endMs);
}

/** The lowest point of a curve. */
export function lowest(curve: Curve): Point {
  return curve.points.reduce((best, point) => (point.value < best.value ? point : best));
}

/** The highest point of a curve. */
export function highest(curve: Curve): Point {
  return curve.points.reduce((best, point) => (point.value > best.value ? point : best));
}

/** Golden-section search for the maximum (sign 1) or minimum (sign -1) of a function with one of them in [lowMs, highMs]. */
function extreme(at: (tMs: number) => number, lowMs: number, highMs: number, sign: 1 | -1): Point {
  const golden = (Math.sqrt(5) - 1) / 2;
  let low = lowMs;
  let high = highMs;
  let left = high - golden * (high - low);
  let right = low + golden * (high - low);
  let leftValue = sign * at(left);
  let rightValue = sign * at(right);
  while (high - low > EXTREME_MS) {
    if (leftValue > rightValue) {
      [high, right, rightValue] = [right, left, leftValue];
      left = high - golden * (high - low);
      leftValue = sign * at(left);
    } else {
      [low, left, leftValue] = [left, right, rightValue];
      right = low + golden * (high - low);
      rightValue = sign * at(right);
    }
  }
  const tMs = (low + high) / 2;
  return { tMs, value: at(tMs) };
}

/** Where a monotonic function passes the level: regula falsi (Illinois) kept honest by bisection. */
function crossingBetween(at: (tMs: number) => number, aMs: number, bMs: number, level: number): number {
  let low = aMs;
  let high = bMs;
  let lowValue = at(low) - level;
  let highValue = at(high) - level;
  for (let step = 0; step < 100 && high - low > CROSSING_MS; step += 1) {
    const guess = (low * highValue - high * lowValue) / (highValue - lowValue);
    const middle = step % 3 === 2 || !(guess > low && guess < high) ? (low + high) / 2 : guess;
    const value = at(middle) - level;
    if (Math.abs(value) < 1e-9) {
      return middle;
    }
    if (value >= 0 === highValue >= 0) {
      [high, highValue] = [middle, value];
      lowValue /= 2;
    } else {
      [low, lowValue] = [middle, value];
      highValue /= 2;
    }
  }
  return (low + high) / 2;
}
