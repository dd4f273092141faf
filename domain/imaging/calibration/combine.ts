import { median } from "../statistics.ts";

/** A stack of frames made one. */
export interface Combined {
  readonly pixels: Float32Array<ArrayBuffer>;
  /** Share of all values that were left out as outliers, 0 to 1. */
  readonly rejectedFraction: number;
}

/** Standard deviation of a Gaussian over its median absolute deviation. */
const SIGMA_PER_MAD = 1.482602218505602;

/**
 * Mean of each pixel over a stack, without the values further than `sigma` robust standard deviations (1.4826 MAD) from
 * the median of that pixel; one pass. This is the combination recommended by the astropy CCD reduction guide.
 * NaN is no value; a pixel without values is NaN.
 * @param frames all of the same length
 * @param leastScatter a standard deviation below which none is believed: the MAD of few values is sometimes tiny by chance
 */
export function combineClipped(frames: readonly Float32Array[], sigma = 5, leastScatter = 0): Combined {
  const length = frames[0]?.length ?? 0;
  if (frames.some((frame) => frame.length !== length)) {
    throw new RangeError(
      `frames of a stack have ${frames.map((frame) => frame.length).join(", ")} pixels: must be equal`,
    );
  }
  const pixels = new Float32Array(length);
  const sorted = new Float64Array(frames.length);
  const reach = sigma * SIGMA_PER_MAD;
  let values = 0;
  let kept = 0;
  for (let p = 0; p < length; p += 1) {
    const count = sortPixel(frames, p, sorted);
    const middle = (count - 1) >> 1;
    const centre = ((sorted[middle] ?? 0) + (sorted[count >> 1] ?? 0)) / 2;
    const limit = Math.max(reach * sortedMad(sorted, count, centre), sigma * leastScatter);
    let sum = 0;
    let used = 0;
    for (let k = 0; k < count; k += 1) {
      const value = sorted[k] ?? 0;
      if (Math.abs(value - centre) <= limit) {
        sum += value;
        used += 1;
      }
    }
    pixels[p] = used > 0 ? sum / used : Number.NaN;
    values += count;
    kept += used;
  }
  return { pixels, rejectedFraction: values === 0 ? 0 : 1 - kept / values };
}

/** Typical robust standard deviation of a pixel over a stack: the median of that of some ten thousand pixels. */
export function typicalScatter(frames: readonly Float32Array[]): number {
  const length = frames[0]?.length ?? 0;
  const step = Math.max(1, Math.floor(length / 10_000));
  const sorted = new Float64Array(frames.length);
  const scatters: number[] = [];
  for (let p = 0; p < length; p += step) {
    const count = sortPixel(frames, p, sorted);
    if (count > 0) {
      const middle = ((sorted[(count - 1) >> 1] ?? 0) + (sorted[count >> 1] ?? 0)) / 2;
      scatters.push(SIGMA_PER_MAD * sortedMad(sorted, count, middle));
    }
  }
  return scatters.length === 0 ? 0 : median(scatters);
}

/** Median of each pixel over a stack: what a good frame of the stack should look like. */
export function combineMedian(frames: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const length = frames[0]?.length ?? 0;
  const pixels = new Float32Array(length);
  const sorted = new Float64Array(frames.length);
  for (let p = 0; p < length; p += 1) {
    const count = sortPixel(frames, p, sorted);
    pixels[p] = count === 0 ? Number.NaN : ((sorted[(count - 1) >> 1] ?? 0) + (sorted[count >> 1] ?? 0)) / 2;
  }
  return pixels;
}

/** Insertion sort of one pixel's values, NaN left out: stacks are short, and often nearly in order. */
function sortPixel(frames: readonly Float32Array[], p: number, sorted: Float64Array): number {
  let count = 0;
  for (const frame of frames) {
    const value = frame[p] ?? Number.NaN;
    if (value === value) {
      let at = count;
      while (at > 0 && (sorted[at - 1] ?? 0) > value) {
        sorted[at] = sorted[at - 1] ?? 0;
        at -= 1;
      }
      sorted[at] = value;
      count += 1;
    }
  }
  return count;
}

/** Median absolute deviation of sorted values: the deviations grow on both sides of the median, so they are merged, not sorted. */
function sortedMad(sorted: Float64Array, count: number, median: number): number {
  let left = (count - 1) >> 1;
  let right = left + 1;
  let before = 0;
  let deviation = 0;
  for (let taken = 0; taken <= count >> 1; taken += 1) {
    before = deviation;
    const down = left >= 0 ? median - (sorted[left] ?? 0) : Infinity;
    const up = right < count ? (sorted[right] ?? 0) - median : Infinity;
    if (down <= up) {
      deviation = down;
      left -= 1;
    } else {
      deviation = up;
      right += 1;
    }
  }
  return count % 2 === 1 ? deviation : (before + deviation) / 2;
}
