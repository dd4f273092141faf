/** What a test needs of images: a gnomonic projection of its own, and star finding. */
import type { PixelImage } from "../../protocol/image-bytes.ts";
import { PIXEL_ARCSEC } from "./support.ts";

export interface Place {
  readonly raDeg: number;
  readonly decDeg: number;
}

export interface Spot {
  readonly x: number;
  readonly y: number;
  /** Electrons are not known here: sum above the background, ADU. */
  readonly flux: number;
}

const DEG = Math.PI / 180;

/** Pixel (0 is the centre of the first, top left) of a place, north up, east left, the pointing at the middle. */
export function pixelOf(place: Place, centre: Place, size = 1_024): { x: number; y: number } {
  const [a, d, a0, d0] = [place.raDeg, place.decDeg, centre.raDeg, centre.decDeg].map((deg) => deg * DEG) as [
    number,
    number,
    number,
    number,
  ];
  const denominator = Math.sin(d0) * Math.sin(d) + Math.cos(d0) * Math.cos(d) * Math.cos(a - a0);
  const xi = (Math.cos(d) * Math.sin(a - a0)) / denominator;
  const eta = (Math.cos(d0) * Math.sin(d) - Math.sin(d0) * Math.cos(d) * Math.cos(a - a0)) / denominator;
  const perRad = 3_600 / DEG / PIXEL_ARCSEC;
  return { x: (size - 1) / 2 - xi * perRad, y: (size - 1) / 2 - eta * perRad };
}

export function median(values: Iterable<number>): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Background and its scatter, from the whole frame, unmoved by stars. */
export function background(image: PixelImage): { level: number; sigma: number } {
  const stride = 37;
  const sample = Float64Array.from(
    { length: Math.floor(image.pixels.length / stride) },
    (_, index) => image.pixels[index * stride] ?? 0,
  );
  const level = median(sample);
  return { level, sigma: 1.4826 * median(sample.map((value) => Math.abs(value - level))) };
}

/** Sum above the local background within 4 pixels, and its centroid. */
export function measure(image: PixelImage, x0: number, y0: number): Spot {
  const ring: number[] = [];
  const around = 12;
  const at = (x: number, y: number): number => image.pixels[y * image.width + x] ?? 0;
  const cx = Math.round(x0);
  const cy = Math.round(y0);
  for (let y = cy - around; y <= cy + around; y++) {
    for (let x = cx - around; x <= cx + around; x++) {
      if (Math.hypot(x - cx, y - cy) > 8) ring.push(at(x, y));
    }
  }
  const level = median(ring);
  let [flux, sumX, sumY] = [0, 0, 0];
  for (let y = cy - 4; y <= cy + 4; y++) {
    for (let x = cx - 4; x <= cx + 4; x++) {
      if (Math.hypot(x - cx, y - cy) > 4) continue;
      const value = at(x, y) - level;
      flux += value;
      sumX += value * x;
      sumY += value * y;
    }
  }
  return { x: sumX / flux, y: sumY / flux, flux };
}

/** Spots of several pixels (so no hot pixel) that stand out by `sigmas` from the background. */
export function findSpots(image: PixelImage, sigmas = 12): Spot[] {
  const { level, sigma } = background(image);
  const threshold = level + sigmas * sigma;
  const at = (x: number, y: number): number => image.pixels[y * image.width + x] ?? 0;
  const spots: Spot[] = [];
  for (let y = 14; y < image.height - 14; y++) {
    for (let x = 14; x < image.width - 14; x++) {
      const value = at(x, y);
      if (value < threshold) continue;
      const neighbours = [
        [-1, -1],
        [0, -1],
        [1, -1],
        [-1, 0],
        [1, 0],
        [-1, 1],
        [0, 1],
        [1, 1],
      ].map(([dx = 0, dy = 0]) => at(x + dx, y + dy));
      const isPeak = neighbours.every((other, index) => (index < 4 ? value > other : value >= other));
      const isWide = neighbours.filter((other) => other > level + (value - level) * 0.2).length >= 3;
      if (isPeak && isWide) spots.push(measure(image, x, y));
    }
  }
  return spots;
}

export function nearest(spots: readonly Spot[], x: number, y: number): number {
  return Math.min(...spots.map((spot) => Math.hypot(spot.x - x, spot.y - y)));
}
