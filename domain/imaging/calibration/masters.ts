import { median } from "../statistics.ts";
import { combineClipped, typicalScatter } from "./combine.ts";
import type { Combined } from "./combine.ts";

/** A dark frame without bias, and the exposure time it is for. */
export interface MasterDark {
  readonly pixels: Float32Array;
  readonly exposureS: number;
}

const FLAT_SIGMA = 5;
/** Least scatter of a pixel of the flat, in units of the typical one. */
const FLAT_LEAST_SCATTER = 0.7;

/** Master bias: clipped mean of bias frames. */
export function masterBias(frames: readonly Float32Array[]): Combined {
  return combineClipped(frames);
}

/** Master dark: clipped mean of dark frames of one exposure time, each without the master bias. */
export function masterDark(frames: readonly Float32Array[], bias: Float32Array): Combined {
  return combineClipped(frames.map((frame) => darkSubtracted(frame, { bias })));
}

/**
 * Master flat: each frame without bias and dark, brought to the same level by its median, clipped mean, and in the end
 * divided by its own median, so that calibrated frames keep their counts.
 * @param exposuresS exposure time of each frame, for scaling the dark
 */
export function masterFlat(
  frames: readonly Float32Array[],
  exposuresS: readonly number[],
  bias: Float32Array,
  dark: MasterDark | undefined,
): Combined {
  const levelled = frames.map((frame, k) => {
    const flat = darkSubtracted(frame, { bias, ...darkFor(dark, exposuresS[k] ?? 0) });
    const level = median(flat);
    return flat.map((value) => value / level);
  });
  // All pixels of a flat are about as noisy: a MAD far below the others' is chance, and would clip good values.
  const combined = combineClipped(levelled, FLAT_SIGMA, FLAT_LEAST_SCATTER * typicalScatter(levelled));
  const level = median(combined.pixels);
  return { ...combined, pixels: combined.pixels.map((value) => value / level) };
}

/** What is taken from a frame: bias, and dark current times a factor. */
export interface Offsets {
  readonly bias?: Float32Array;
  readonly dark?: Float32Array;
  /** Exposure of the frame over that of the dark. */
  readonly darkScale?: number;
}

/** A dark with the factor for an exposure. */
export function darkFor(dark: MasterDark | undefined, exposureS: number): Offsets {
  return dark === undefined ? {} : { dark: dark.pixels, darkScale: exposureS / dark.exposureS };
}

/** A response below this is no response: dividing by it would only make noise. */
const LEAST_RESPONSE = 0.05;

/**
 * A science frame without bias and dark, divided by the flat: counts (adu) as a perfect detector would have given them.
 * Pixels with hardly any response become NaN.
 */
export function calibrated(
  raw: Float32Array,
  offsets: Offsets,
  flat?: Float32Array,
): Float32Array<ArrayBuffer> {
  const { bias, dark, darkScale = 1 } = offsets;
  checkSizes(raw, { flat, bias, dark });
  if (bias === undefined || dark === undefined || flat === undefined) {
    const pixels = darkSubtracted(raw, offsets);
    return flat === undefined ? pixels : divided(pixels, flat);
  }
  // The usual case without arrays in between.
  const pixels = new Float32Array(raw.length);
  for (let i = 0; i < pixels.length; i += 1) {
    pixels[i] = ((raw[i] ?? 0) - (bias[i] ?? 0) - darkScale * (dark[i] ?? 0)) / (flat[i] ?? 0);
  }
  for (const i of unlitPixels(flat)) pixels[i] = Number.NaN;
  return pixels;
}

const unlit = new WeakMap<Float32Array, readonly number[]>();

/** Pixels of a flat that see no light. One flat corrects many frames: looked for once. Asking each pixel doubles the time of a frame. */
function unlitPixels(flat: Float32Array): readonly number[] {
  let found = unlit.get(flat);
  if (found === undefined) {
    const indexes: number[] = [];
    for (let i = 0; i < flat.length; i += 1) if (!((flat[i] ?? 0) > LEAST_RESPONSE)) indexes.push(i);
    unlit.set(flat, (found = indexes));
  }
  return found;
}

function divided(pixels: Float32Array<ArrayBuffer>, flat: Float32Array): Float32Array<ArrayBuffer> {
  for (let i = 0; i < pixels.length; i += 1) {
    const response = flat[i] ?? 0;
    pixels[i] = response > LEAST_RESPONSE ? (pixels[i] ?? 0) / response : Number.NaN;
  }
  return pixels;
}

function darkSubtracted(
  raw: Float32Array,
  { bias, dark, darkScale = 1 }: Offsets,
): Float32Array<ArrayBuffer> {
  checkSizes(raw, { bias, dark });
  const pixels = new Float32Array(raw);
  if (bias !== undefined && dark !== undefined) {
    for (let i = 0; i < pixels.length; i += 1) {
      pixels[i] = (raw[i] ?? 0) - (bias[i] ?? 0) - darkScale * (dark[i] ?? 0);
    }
    return pixels;
  }
  subtract(pixels, bias, 1);
  subtract(pixels, dark, darkScale);
  return pixels;
}

function subtract(pixels: Float32Array, offset: Float32Array | undefined, factor: number): void {
  if (offset !== undefined) {
    for (let i = 0; i < pixels.length; i += 1) {
      pixels[i] = (pixels[i] ?? 0) - factor * (offset[i] ?? 0);
    }
  }
}

function checkSizes(raw: Float32Array, masters: Readonly<Record<string, Float32Array | undefined>>): void {
  for (const [name, master] of Object.entries(masters)) {
    if (master !== undefined && master.length !== raw.length) {
      throw new RangeError(
        `the ${name} has ${master.length} pixels, the frame ${raw.length}: they must be equal`,
      );
    }
  }
}
