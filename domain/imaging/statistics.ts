/** Numbers of any array; NaN means "no value" and never counts. */
export type Values = ArrayLike<number>;

/** Standard deviation of a Gaussian over its median absolute deviation: 1 / Phi^-1(3/4). */
const SIGMA_PER_MAD = 1.482602218505602;

/** What a frame is like at a glance. */
export interface ImageStatistics {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly median: number;
  /** Robust standard deviation, from the median absolute deviation. */
  readonly madStd: number;
  readonly p01: number;
  readonly p99: number;
}

/** The values that are numbers, in an array of their own. */
export function finiteValues(values: Values): Float64Array<ArrayBuffer> {
  const kept = new Float64Array(values.length);
  let count = 0;
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] ?? Number.NaN;
    if (Number.isFinite(value)) {
      kept[count] = value;
      count += 1;
    }
  }
  return kept.subarray(0, count);
}

/** Median; NaN when there is no value. */
export function median(values: Values): number {
  return medianInPlace(finiteValues(values));
}

/** Robust standard deviation: 1.4826 times the median absolute deviation from the median; NaN when there is no value. */
export function madStd(values: Values): number {
  const kept = finiteValues(values);
  const centre = medianInPlace(kept);
  for (let i = 0; i < kept.length; i += 1) {
    kept[i] = Math.abs((kept[i] ?? 0) - centre);
  }
  return SIGMA_PER_MAD * medianInPlace(kept);
}

/**
 * Values at fractions of the sorted list, between neighbours in proportion.
 * @param fractions each from 0 (the least) to 1 (the greatest)
 */
export function percentiles(values: Values, fractions: readonly number[]): number[] {
  const kept = finiteValues(values);
  return fractions.map((fraction) => {
    const place = fraction * (kept.length - 1);
    const below = Math.floor(place);
    const lower = selectInPlace(kept, below);
    const upper = below + 1 < kept.length ? selectInPlace(kept, below + 1) : lower;
    return lower + (place - below) * (upper - lower);
  });
}

/** Mean of the values within `sigma` robust standard deviations of the median, and how many they are. */
export function clippedMean(
  values: Values,
  sigma: number,
): { readonly mean: number; readonly count: number } {
  const kept = finiteValues(values);
  const centre = median(kept);
  const reach = sigma * madStd(kept);
  let sum = 0;
  let count = 0;
  for (const value of kept) {
    if (Math.abs(value - centre) <= reach) {
      sum += value;
      count += 1;
    }
  }
  return { mean: count === 0 ? Number.NaN : sum / count, count };
}

/**
 * Standard deviation of the values within 6 robust ones of the median. Counts are whole numbers, and so is their median
 * absolute deviation: for a noise of a few counts that is far too coarse a measure, this is not.
 */
export function clippedStd(values: Values): number {
  const kept = finiteValues(values);
  const centre = median(kept);
  const reach = 6 * madStd(kept) || Infinity;
  let sum = 0;
  let squares = 0;
  let count = 0;
  for (const value of kept) {
    const offset = value - centre;
    if (Math.abs(offset) <= reach) {
      sum += offset;
      squares += offset * offset;
      count += 1;
    }
  }
  return count === 0 ? Number.NaN : Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2));
}

/** Statistics of a whole frame. NaN everywhere when it has no value. */
export function imageStatistics(values: Values): ImageStatistics {
  const kept = finiteValues(values);
  let sum = 0;
  let min = Infinity;
  let max = -Infinity;
  for (const value of kept) {
    sum += value;
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  if (kept.length === 0) {
    const nothing = Number.NaN;
    return {
      min: nothing,
      max: nothing,
      mean: nothing,
      median: nothing,
      madStd: nothing,
      p01: nothing,
      p99: nothing,
    };
  }
  const [p01 = Number.NaN, p50 = Number.NaN, p99 = Number.NaN] = percentiles(kept, [0.01, 0.5, 0.99]);
  return { min, max, mean: sum / kept.length, median: p50, madStd: madStd(kept), p01, p99 };
}

/** Median of an array whose order may be destroyed and that holds no NaN. */
export function medianInPlace(values: Float64Array | Float32Array): number {
  const count = values.length;
  if (count === 0) {
    return Number.NaN;
  }
  const upper = selectInPlace(values, count >> 1);
  if (count % 2 === 1) {
    return upper;
  }
  // After the selection everything before the middle is no greater: the lower of the two middle values is the greatest of it.
  let lower = -Infinity;
  for (let i = 0; i < count >> 1; i += 1) {
    lower = Math.max(lower, values[i] ?? -Infinity);
  }
  return (lower + upper) / 2;
}

/** The value that would stand at `index` of the sorted array (Hoare's quickselect, pivot by the median of three). */
function selectInPlace(values: Float64Array | Float32Array, index: number): number {
  let left = 0;
  let right = values.length - 1;
  while (left < right) {
    const pivot = middleOfThree(values[left] ?? 0, values[(left + right) >> 1] ?? 0, values[right] ?? 0);
    let i = left - 1;
    let j = right + 1;
    for (;;) {
      do {
        i += 1;
      } while ((values[i] ?? 0) < pivot);
      do {
        j -= 1;
      } while ((values[j] ?? 0) > pivot);
      if (i >= j) {
        break;
      }
      const swap = values[i] ?? 0;
      values[i] = values[j] ?? 0;
      values[j] = swap;
    }
    if (index <= j) {
      right = j;
    } else {
      left = j + 1;
    }
  }
  return values[index] ?? Number.NaN;
}

function middleOfThree(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}

/** How often values occur, in bins of equal width. */
export interface Histogram {
  readonly low: number;
  readonly high: number;
  readonly counts: readonly number[];
}

/** A histogram of all but the outermost of the values: one in 500 below and above is left out. */
export function histogramOf(values: Values, bins: number): Histogram {
  const [low = 0, high = 0] = percentiles(values, [0.002, 0.998]);
  const counts = Array.from({ length: bins }, () => 0);
  const scale = bins / (high - low || 1);
  for (let i = 0; i < values.length; i += 1) {
    const place = Math.floor(((values[i] ?? Number.NaN) - low) * scale);
    // The highest value belongs to the last bin.
    const bin = values[i] === high ? bins - 1 : place;
    if (bin >= 0 && bin < bins) counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { low, high, counts };
}
