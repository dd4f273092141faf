import { medianInPlace, percentiles } from "../statistics.ts";
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
  const frame = createFrame(pixels, width);
  const noiseAt = (x: number, y: number): number => {
    const level = Math.max(frame.medianAround(x, y, 2), 0) * options.gainEPerAdu;
    return Math.sqrt(level + options.readNoiseE ** 2) / options.gainEPerAdu;
  };
  const significance = (x: number, y: number): number => frame.laplacian(x, y) / (2 * noiseAt(x, y));
  // Sampling makes stars edgy over their whole width: what the neighbourhood shows as well is taken off.
  const sharpness = (x: number, y: number): number =>
    significance(x, y) - medianOf(frame.around(x, y, 2, significance));
  const isKnown = (x: number, y: number): boolean => (known?.[y * width + x] ?? 0) !== 0;
  // Hardly a pixel has less light around it than the darkest twentieth of the frame.
  const [darkest = 0] = percentiles(pixels, [0.05]);
  const leastNoise =
    Math.sqrt(Math.max(darkest, 0) * options.gainEPerAdu + options.readNoiseE ** 2) / options.gainEPerAdu;
  const isHit = (x: number, y: number): boolean =>
    // With the least noise of the frame the Laplacian alone bounds the significance from above, and it is cheap.
    frame.laplacian(x, y) > 2 * sigma * leastNoise &&
    !isKnown(x, y) &&
    significance(x, y) > sigma &&
    sharpness(x, y) > sigma &&
    frame.laplacian(x, y) / 2 > contrast * Math.max(frame.fineStructure(x, y), 0.01 * noiseAt(x, y));
  const mask = new Uint8Array(pixels.length);
  let hits: [number, number][] = [];
  for (let y = 0; y < frame.height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (isHit(x, y)) {
        mask[y * width + x] = PIXEL_FLAG.cosmicRay;
        hits.push([x, y]);
      }
    }
  }
  // Hits grow twice: to neighbours as sharp as they are, then to fainter ones.
  for (const limit of [sigma, sigma * neighbourFraction]) {
    const added: [number, number][] = [];
    for (const [x, y] of hits) {
      frame.neighbours(x, y, (nx, ny) => {
        if (mask[ny * width + nx] === 0 && !isKnown(nx, ny) && sharpness(nx, ny) > limit) {
          mask[ny * width + nx] = PIXEL_FLAG.cosmicRay;
          added.push([nx, ny]);
        }
      });
    }
    hits = [...hits, ...added];
  }
  return mask;
}

function createFrame(pixels: Float32Array, width: number) {
  const height = pixels.length / width;
  const at = (x: number, y: number): number => {
    const value = pixels[clamp(y, height - 1) * width + clamp(x, width - 1)] ?? 0;
    return Number.isNaN(value) ? 0 : value;
  };
  const around = (
    x: number,
    y: number,
    reach: number,
    value: (x: number, y: number) => number,
  ): Float32Array => {
    const values = new Float32Array((2 * reach + 1) ** 2);
    let count = 0;
    for (let ny = Math.max(0, y - reach); ny <= Math.min(height - 1, y + reach); ny += 1) {
      for (let nx = Math.max(0, x - reach); nx <= Math.min(width - 1, x + reach); nx += 1) {
        values[count] = value(nx, ny);
        count += 1;
      }
    }
    return values.subarray(0, count);
  };
  const medianAround = (x: number, y: number, reach: number): number => medianOf(around(x, y, reach, at));
  return {
    height,
    around,
    medianAround,
    /**
     * Laplacian on a grid twice as fine, negative parts cut off, brought back to this grid: each of the four parts of a
     * pixel sees the pixel itself and the neighbours on its two outer sides.
     */
    laplacian(x: number, y: number): number {
      const centre = at(x, y);
      let sum = 0;
      for (const dx of [-1, 1]) {
        for (const dy of [-1, 1]) {
          sum += Math.max(0, 2 * centre - at(x + dx, y) - at(x, y + dy));
        }
      }
      return sum / 4;
    },
    /** What small symmetric things (stars) leave: median of 3 x 3 less the median of 7 x 7 of it. */
    fineStructure(x: number, y: number): number {
      const narrow = (nx: number, ny: number): number => medianAround(nx, ny, 1);
      return narrow(x, y) - medianOf(around(x, y, 3, narrow));
    },
    neighbours(x: number, y: number, visit: (x: number, y: number) => void): void {
      for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny += 1) {
        for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx += 1) {
          visit(nx, ny);
        }
      }
    },
  };
}

function medianOf(values: Float32Array): number {
  return medianInPlace(values.slice());
}

function clamp(value: number, high: number): number {
  return Math.min(Math.max(value, 0), high);
}
