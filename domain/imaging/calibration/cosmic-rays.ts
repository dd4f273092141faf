import { percentiles } from "../statistics.ts";
import { PIXEL_FLAG } from "./pixel-mask.ts";

/** What the search for cosmic rays must know of the frame (adu, bias and dark taken off). */
export interface CosmicRayOptions {
  readonly gainEPerAdu: number;
  readonly readNoiseE: number;
  /** Laplacian over noise of a hit; 5 by default. */
  readonly sigma?: number;
  /** The same for the neighbours of a hit; 0.3 of `sigma` by default. */
  readonly neighbourFraction?: number;
  /** Contrast of a hit to what an undersampled star can show; 5 by default. */
  readonly contrast?: number;
  /** Pixels already known as bad, which are neither hits nor neighbours of one. */
  readonly known?: Uint8Array;
}

/**
 * Pixels hit by cosmic rays: edges too sharp for the optics (L.A.Cosmic, van Dokkum 2001, PASP 113, 1420), one pass.
 * The medians of the method are computed only where the Laplacian stands out, which makes it fast.
 * @param pixels `width` a row; NaN is never a hit
 */
export function cosmicRays(
  pixels: Float32Array,
  width: number,
  options: CosmicRayOptions,
): Uint8Array<ArrayBuffer> {
  const { sigma = 5, neighbourFraction = 0.3, contrast = 5, known } = options;
  const { gainEPerAdu, readNoiseE } = options;
  const height = pixels.length / width;
  const clean = pixels.map((value) => (value === value ? value : 0));
  const laplacian = positiveLaplacian(clean, width, height);
  const local = createNeighbourhoods(width, height);
  const noise = remembered(clean.length, (index) => {
    const level = local.median(index, 2, (i) => clean[i] ?? 0) * gainEPerAdu;
    return Math.sqrt((level > 0 ? level : 0) + readNoiseE ** 2) / gainEPerAdu;
  });
  const significance = remembered(clean.length, (index) => (laplacian[index] ?? 0) / (2 * noise(index)));
  // Sampling makes stars edgy over their whole width: what the neighbourhood shows as well is taken off.
  const sharpness = remembered(
    clean.length,
    (index) => significance(index) - local.median(index, 2, significance),
  );
  // What small symmetric things (stars) leave: median of 3 x 3 less the median of 7 x 7 of it.
  const narrow = remembered(clean.length, (index) => local.median(index, 1, (i) => clean[i] ?? 0));
  const fineStructure = (index: number): number =>
    Math.max(narrow(index) - local.median(index, 3, narrow), 0.01 * noise(index));
  // Hardly a pixel has less light around it than the darkest twentieth of the frame.
  const [darkest = 0] = percentiles(pixels, [0.05]);
  const leastNoise = Math.sqrt(Math.max(darkest, 0) * gainEPerAdu + readNoiseE ** 2) / gainEPerAdu;
  const mask = new Uint8Array(pixels.length);
  let hits: number[] = [];
  laplacian.forEach((value, index) => {
    if (
      // With the least noise of the frame the Laplacian alone bounds the significance from above, and it is cheap.
      value > 2 * sigma * leastNoise &&
      (known?.[index] ?? 0) === 0 &&
      significance(index) > sigma &&
      value / 2 > contrast * fineStructure(index) &&
      sharpness(index) > sigma
    ) {
      mask[index] = PIXEL_FLAG.cosmicRay;
      hits.push(index);
    }
  });
  // Hits grow twice: to neighbours as sharp as they are, then to fainter ones.
  for (const limit of [sigma, sigma * neighbourFraction]) {
    const added: number[] = [];
    for (const hit of hits) {
      local.visit(hit, 1, (index) => {
        if (mask[index] === 0 && (known?.[index] ?? 0) === 0 && sharpness(index) > limit) {
          mask[index] = PIXEL_FLAG.cosmicRay;
          added.push(index);
        }
      });
    }
    hits = [...hits, ...added];
  }
  return mask;
}

/**
 * Laplacian on a grid twice as fine, negative parts cut off, brought back to this grid: each of the four parts of a pixel
 * sees the pixel itself and the neighbours on its two outer sides.
 */
function positiveLaplacian(pixels: Float32Array, width: number, height: number): Float32Array {
  const result = new Float32Array(pixels.length);
  for (let y = 0; y < height; y += 1) {
    const up = y + 1 < height ? width : 0;
    const down = y > 0 ? width : 0;
    for (let x = 0; x < width; x += 1) {
      const index = y * width + x;
      const twice = 2 * (pixels[index] ?? 0);
      const left = twice - (pixels[x > 0 ? index - 1 : index] ?? 0);
      const right = twice - (pixels[x + 1 < width ? index + 1 : index] ?? 0);
      const above = pixels[index + up] ?? 0;
      const below = pixels[index - down] ?? 0;
      result[index] =
        (positive(left - above) +
          positive(left - below) +
          positive(right - above) +
          positive(right - below)) /
        4;
    }
  }
  return result;
}

function positive(value: number): number {
  return value > 0 ? value : 0;
}

/** A function of the pixel that is computed where it is asked for, once. */
function remembered(length: number, compute: (index: number) => number): (index: number) => number {
  const values = new Float32Array(length).fill(Number.NaN);
  return (index) => {
    const value = values[index] ?? Number.NaN;
    if (value === value) {
      return value;
    }
    return (values[index] = compute(index));
  };
}

/** Squares around a pixel, cut off at the edges of the frame. */
function createNeighbourhoods(width: number, height: number) {
  const visit = (index: number, reach: number, see: (index: number) => void): void => {
    const x = index % width;
    const y = (index - x) / width;
    const left = x > reach ? x - reach : 0;
    const right = x + reach < width ? x + reach : width - 1;
    const top = y + reach < height ? y + reach : height - 1;
    for (let ny = y > reach ? y - reach : 0; ny <= top; ny += 1) {
      for (let nx = left; nx <= right; nx += 1) {
        see(ny * width + nx);
      }
    }
  };
  return {
    visit,
    median(index: number, reach: number, value: (index: number) => number): number {
      // Of its own, because one median may ask for others.
      const sorted = new Float32Array((2 * reach + 1) ** 2);
      let count = 0;
      visit(index, reach, (i) => {
        const each = value(i);
        let at = count;
        while (at > 0 && (sorted[at - 1] ?? 0) > each) {
          sorted[at] = sorted[at - 1] ?? 0;
          at -= 1;
        }
        sorted[at] = each;
        count += 1;
      });
      return ((sorted[(count - 1) >> 1] ?? 0) + (sorted[count >> 1] ?? 0)) / 2;
    },
  };
}
