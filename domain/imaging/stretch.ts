import { finiteValues, medianInPlace } from "./statistics.ts";
import type { Values } from "./statistics.ts";
import { upsideDown } from "./orientation.ts";

/** The values shown as black and as white. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** A grey picture for the screen: 8 bits, rows from the TOP. */
export interface GreyImage {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array<ArrayBuffer>;
}

const SAMPLES = 1_000;
const CONTRAST = 0.25;
const REJECT_SIGMA = 2.5;
const MAX_REJECTED = 0.5;
const MIN_SAMPLES = 5;
const ITERATIONS = 5;

/**
 * Display limits by IRAF's zscale (numdisplay): a line is fitted through sorted samples with outliers rejected, and its
 * slope over the contrast gives the limits about the median.
 */
export function zscale(values: Values): Interval {
  const finite = finiteValues(values);
  const stride = Math.max(1, Math.floor(finite.length / SAMPLES));
  const samples = finite
    .filter((_, i) => i % stride === 0)
    .subarray(0, SAMPLES)
    .sort();
  const count = samples.length;
  const low = samples[0] ?? 0;
  const high = samples[count - 1] ?? 0;
  const least = Math.max(MIN_SAMPLES, Math.trunc(count * MAX_REJECTED));
  const slope = fittedSlope(samples, least);
  if (slope === null) {
    return { low, high };
  }
  const centre = Math.floor((count - 1) / 2);
  const middle = medianInPlace(samples.slice());
  const steep = slope / CONTRAST;
  return {
    low: Math.max(low, middle - (centre - 1) * steep),
    high: Math.min(high, middle + (count - centre) * steep),
  };
}

/**
 * Stretch that shows faint light and does not burn out stars: asinh(x / softening) scaled to 0..1 (Lupton et al. 2004).
 * @param x 0 to 1
 */
export function asinhStretch(x: number, softening = 0.1): number {
  return Math.asinh(x / softening) / Math.asinh(1 / softening);
}

/** How counts become grey: asinh shows faint and bright light at once, zscale (linear) the sky and what is faint in it. */
export const STRETCHES = ["asinh", "zscale"] as const;
export type Stretch = (typeof STRETCHES)[number];

/**
 * A frame as an 8-bit picture, rows turned so that the picture begins at the top. NaN is black.
 * @param pixels FITS order (bottom row first)
 */
export function stretched(pixels: Values, width: number, stretch: Stretch): GreyImage {
  return stretch === "asinh"
    ? greyPreview(pixels, width)
    : greyPreview(pixels, width, zscale(pixels), (x) => x);
}

/**
 * A frame as an 8-bit picture: limits, asinh, and rows turned so that the picture begins at the top. NaN is black.
 * @param pixels FITS order (bottom row first)
 * @param limits zscale with head room for stars, unless given
 * @param curve from 0..1 to 0..1
 */
export function greyPreview(
  pixels: Values,
  width: number,
  limits: Interval = previewLimits(pixels),
  curve: (x: number) => number = asinhStretch,
): GreyImage {
  const grey = new Uint8Array(pixels.length);
  const span = limits.high - limits.low || 1;
  for (let i = 0; i < grey.length; i += 1) {
    const x = Math.min(1, Math.max(0, ((pixels[i] ?? 0) - limits.low) / span));
    grey[i] = Number.isNaN(x) ? 0 : Math.round(255 * curve(x));
  }
  return { width, height: grey.length / width, pixels: upsideDown(grey, width) };
}

/** A smaller picture: the mean of blocks, so that no side is longer than `maxSide`. Stars stay visible, noise sinks. */
export function shrunk(image: GreyImage, maxSide: number): GreyImage {
  const factor = Math.ceil(Math.max(image.width, image.height) / maxSide);
  if (factor <= 1) {
    return image;
  }
  const width = Math.floor(image.width / factor);
  const height = Math.floor(image.height / factor);
  const pixels = new Uint8Array(width * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      let sum = 0;
      for (let k = 0; k < factor * factor; k += 1) {
        const row = y * factor + Math.floor(k / factor);
        sum += image.pixels[row * image.width + x * factor + (k % factor)] ?? 0;
      }
      pixels[y * width + x] = Math.round(sum / (factor * factor));
    }
  }
  return { width, height, pixels };
}

/** zscale ends little above the sky; four times its width above it keeps stars from being all white under asinh. */
export function previewLimits(pixels: Values): Interval {
  const { low, high } = zscale(pixels);
  return { low, high: high + 4 * (high - low) };
}

/** Slope of the line through the sorted samples, outliers rejected; null when too many were. */
function fittedSlope(samples: Float64Array, least: number): number | null {
  const count = samples.length;
  const grow = Math.max(1, Math.trunc(count * 0.01));
  let bad = new Uint8Array(count);
  let good = count;
  let lastGood = count + 1;
  let slope = 0;
  for (let i = 0; i < ITERATIONS && good < lastGood && good >= least; i += 1) {
    const line = fitLine(samples, bad);
    slope = line.slope;
    const residual = (k: number): number => (samples[k] ?? 0) - line.offset - line.slope * k;
    const threshold = REJECT_SIGMA * deviation(residual, bad);
    const rejected = bad.map((flag, k) => (flag === 1 || Math.abs(residual(k)) > threshold ? 1 : 0));
    bad = grown(rejected, grow);
    lastGood = good;
    good = bad.reduce((sum, flag) => sum + (1 - flag), 0);
  }
  return good >= least ? slope : null;
}

function fitLine(samples: Float64Array, bad: Uint8Array): { slope: number; offset: number } {
  let n = 0;
  let sumX = 0;
  let sumY = 0;
  let sumXX = 0;
  let sumXY = 0;
  samples.forEach((y, x) => {
    if (bad[x] === 0) {
      n += 1;
      sumX += x;
      sumY += y;
      sumXX += x * x;
      sumXY += x * y;
    }
  });
  const slope = (n * sumXY - sumX * sumY) / (n * sumXX - sumX * sumX || 1);
  return { slope, offset: (sumY - slope * sumX) / n };
}

function deviation(residual: (k: number) => number, bad: Uint8Array): number {
  let n = 0;
  let sum = 0;
  let sumOfSquares = 0;
  bad.forEach((flag, k) => {
    if (flag === 0) {
      const value = residual(k);
      n += 1;
      sum += value;
      sumOfSquares += value * value;
    }
  });
  return Math.sqrt(Math.max(0, sumOfSquares / n - (sum / n) ** 2));
}

/** Every sample within half of `width` of a bad one is bad. */
function grown(bad: Uint8Array, width: number): Uint8Array<ArrayBuffer> {
  const after = Math.floor((width - 1) / 2);
  const before = width - 1 - after;
  return Uint8Array.from(bad, (_, i) =>
    bad.subarray(Math.max(0, i - before), i + after + 1).includes(1) ? 1 : 0,
  );
}
