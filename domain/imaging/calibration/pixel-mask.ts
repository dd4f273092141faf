import { madStd, median } from "../statistics.ts";

/** Why a pixel is not to be trusted; the bits of a mask. */
export const PIXEL_FLAG = { hot: 1, dead: 2, saturated: 4, cosmicRay: 8 } as const;

/** More dark current than this is a hot pixel, electrons per second ... */
const HOT_E_PER_S = 1;
/** ... and so is a dark this many sigma over the others, but only when it matters at all. */
const HOT_SIGMA = 8;
/** A response below half of the median is a dead pixel. */
const DEAD_RESPONSE = 0.5;

/** Pixels with too much dark current, from a master dark (adu, bias taken off). */
export function hotPixels(
  dark: Float32Array,
  exposureS: number,
  gainEPerAdu: number,
): Uint8Array<ArrayBuffer> {
  const centre = median(dark);
  const sigma = madStd(dark);
  const rateLimit = (HOT_E_PER_S * exposureS) / gainEPerAdu;
  const limit = Math.min(rateLimit, centre + HOT_SIGMA * sigma);
  return flagged(dark, (value) => value > limit, PIXEL_FLAG.hot);
}

/** Pixels with too little response, from a master flat (median 1). */
export function deadPixels(flat: Float32Array): Uint8Array<ArrayBuffer> {
  return flagged(flat, (value) => !(value >= DEAD_RESPONSE), PIXEL_FLAG.dead);
}

/** Saturated pixels of a raw frame. */
export function saturatedPixels(raw: Float32Array, saturationAdu: number): Uint8Array<ArrayBuffer> {
  return flagged(raw, (value) => value >= saturationAdu, PIXEL_FLAG.saturated);
}

/** One mask of several of the same size. */
export function unitedMask(
  length: number,
  masks: readonly (Uint8Array | undefined)[],
): Uint8Array<ArrayBuffer> {
  const united = new Uint8Array(length);
  for (const mask of masks) {
    mask?.forEach((flags, i) => {
      united[i] = (united[i] ?? 0) | flags;
    });
  }
  return united;
}

/** How many pixels carry a flag. */
export function countFlag(mask: Uint8Array, flag: number): number {
  return mask.reduce((count, flags) => count + ((flags & flag) === 0 ? 0 : 1), 0);
}

function flagged(
  values: Float32Array,
  isBad: (value: number) => boolean,
  flag: number,
): Uint8Array<ArrayBuffer> {
  const mask = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i += 1) {
    if (isBad(values[i] ?? Number.NaN)) {
      mask[i] = flag;
    }
  }
  return mask;
}
