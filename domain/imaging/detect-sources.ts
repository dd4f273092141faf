import { madStd, median } from "./statistics.ts";

/** A star-like source. Places are FITS pixels: the centre of the first is (1, 1). */
export interface Source {
  readonly x: number;
  readonly y: number;
  /** Background-free sum within 3 sigma of the star's width, in the units of the image. */
  readonly flux: number;
  /** Highest pixel above the background. */
  readonly peak: number;
  /** Full width at half maximum, pixels. */
  readonly fwhmPx: number;
  /** Height of the smoothed peak over the noise. */
  readonly snr: number;
}

export interface DetectionOptions {
  /** Height of the smoothed peak over its noise; 5 by default. */
  readonly threshold?: number;
  /** Expected full width at half maximum in pixels; 3 by default. */
  readonly fwhmPx?: number;
  /** Size of the background mesh in pixels; 64 by default. */
  readonly meshPx?: number;
}

const SIGMA_PER_FWHM = 1 / (2 * Math.sqrt(2 * Math.log(2)));
const CENTROID_ITERATIONS = 10;

/**
 * Star-like sources of a frame, brightest first: background by the medians of a mesh, a Gaussian matched filter, local
 * maxima above the noise, windowed centroids and widths (Bertin & Arnouts 1996, A&AS 117, 393, simplified).
 * Spikes of one pixel (cosmic rays, hot pixels) are left out by their width.
 * @param pixels FITS order, `width` pixels a row
 */
export function detectSources(
  pixels: ArrayLike<number>,
  width: number,
  options: DetectionOptions = {},
): Source[] {
  const { threshold = 5, fwhmPx = 3, meshPx = 64 } = options;
  const height = pixels.length / width;
  const signal = withoutBackground(pixels, width, height, meshPx);
  const sigma = fwhmPx * SIGMA_PER_FWHM;
  const smooth = smoothed(signal, width, height, sigma);
  const noise = madStd(smooth);
  const sources: Source[] = [];
  for (let y = 2; y < height - 2; y += 1) {
    for (let x = 2; x < width - 2; x += 1) {
      const value = smooth[y * width + x] ?? 0;
      if (value > threshold * noise && isLocalMaximum(smooth, width, x, y)) {
        const source = measured(signal, width, height, x, y, sigma, value / noise);
        if (source !== null && source.fwhmPx > 0.5 * fwhmPx) {
          sources.push(source);
        }
      }
    }
  }
  return withoutDoubles(
    sources.sort((a, b) => b.flux - a.flux),
    fwhmPx,
  );
}

/** Median width of the sources of a frame, in pixels; null when there are none. */
export function medianFwhmPx(sources: readonly Source[]): number | null {
  return sources.length === 0 ? null : median(sources.map(({ fwhmPx }) => fwhmPx));
}

function withoutBackground(
  pixels: ArrayLike<number>,
  width: number,
  height: number,
  meshPx: number,
): Float32Array {
  const columns = Math.max(1, Math.round(width / meshPx));
  const rows = Math.max(1, Math.round(height / meshPx));
  const mesh = new Float32Array(columns * rows);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      mesh[row * columns + column] = meshLevel(
        pixels,
        width,
        height,
        column / columns,
        row / rows,
        1 / columns,
        1 / rows,
      );
    }
  }
  const signal = new Float32Array(pixels.length);
  for (let y = 0; y < height; y += 1) {
    const v = clamp(((y + 0.5) / height) * rows - 0.5, rows - 1);
    const row = Math.min(Math.floor(v), Math.max(0, rows - 2));
    for (let x = 0; x < width; x += 1) {
      const u = clamp(((x + 0.5) / width) * columns - 0.5, columns - 1);
      const column = Math.min(Math.floor(u), Math.max(0, columns - 2));
      const level = bilinear(mesh, columns, rows, column, row, u - column, v - row);
      const value = pixels[y * width + x] ?? Number.NaN;
      signal[y * width + x] = Number.isNaN(value) ? 0 : value - level;
    }
  }
  return signal;
}

function meshLevel(
  pixels: ArrayLike<number>,
  width: number,
  height: number,
  left: number,
  bottom: number,
  wide: number,
  high: number,
): number {
  const [x0, x1] = [Math.floor(left * width), Math.floor((left + wide) * width)];
  const [y0, y1] = [Math.floor(bottom * height), Math.floor((bottom + high) * height)];
  const values: number[] = [];
  for (let y = y0; y < y1; y += 1) {
    for (let x = x0; x < x1; x += 1) {
      values.push(pixels[y * width + x] ?? Number.NaN);
    }
  }
  // Once clipped, so that a bright star does not lift the level of its mesh.
  const centre = median(values);
  const reach = 3 * madStd(values);
  const level = median(values.filter((value) => Math.abs(value - centre) <= reach));
  return Number.isNaN(level) ? 0 : level;
}

function bilinear(
  mesh: Float32Array,
  columns: number,
  rows: number,
  i: number,
  j: number,
  u: number,
  v: number,
): number {
  const at = (column: number, row: number): number =>
    mesh[Math.min(row, rows - 1) * columns + Math.min(column, columns - 1)] ?? 0;
  return (
    at(i, j) * (1 - u) * (1 - v) +
    at(i + 1, j) * u * (1 - v) +
    at(i, j + 1) * (1 - u) * v +
    at(i + 1, j + 1) * u * v
  );
}

function smoothed(signal: Float32Array, width: number, height: number, sigma: number): Float32Array {
  const reach = Math.ceil(2.5 * sigma);
  const kernel = Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.exp(-((i - reach) ** 2) / (2 * sigma * sigma)),
  );
  const across = convolved(signal, width, height, kernel, 1, width);
  return convolved(across, height, width, kernel, width, 1);
}

/** One-dimensional convolution along lines of `length` elements `step` apart; the lines start `stride` apart. */
function convolved(
  source: Float32Array,
  length: number,
  lines: number,
  kernel: readonly number[],
  step: number,
  stride: number,
): Float32Array {
  const reach = (kernel.length - 1) / 2;
  const result = new Float32Array(source.length);
  for (let line = 0; line < lines; line += 1) {
    for (let i = 0; i < length; i += 1) {
      let sum = 0;
      const from = Math.max(-reach, -i);
      const to = Math.min(reach, length - 1 - i);
      for (let k = from; k <= to; k += 1) {
        sum += (kernel[k + reach] ?? 0) * (source[line * stride + (i + k) * step] ?? 0);
      }
      result[line * stride + i * step] = sum;
    }
  }
  return result;
}

function isLocalMaximum(smooth: Float32Array, width: number, x: number, y: number): boolean {
  const value = smooth[y * width + x] ?? 0;
  for (let dy = -1; dy <= 1; dy += 1) {
    for (let dx = -1; dx <= 1; dx += 1) {
      const other = smooth[(y + dy) * width + x + dx] ?? 0;
      const isBefore = dy < 0 || (dy === 0 && dx < 0);
      if ((dx !== 0 || dy !== 0) && (isBefore ? other >= value : other > value)) {
        return false;
      }
    }
  }
  return true;
}

/** Windowed centroid and width (a Gaussian window whose own width is taken out again), then the flux. */
function measured(
  signal: Float32Array,
  width: number,
  height: number,
  startX: number,
  startY: number,
  sigma: number,
  snr: number,
): Source | null {
  const window = 1.5 * sigma;
  const reach = Math.ceil(3 * window);
  let x = startX;
  let y = startY;
  let moment = 0;
  for (let iteration = 0; iteration < CENTROID_ITERATIONS; iteration += 1) {
    const sums = windowedSums(signal, width, height, x, y, window, reach);
    if (!(sums.weight > 0)) {
      return null;
    }
    // The window pulls the centroid inwards by half for a star as wide as itself, hence the factor 2 (SExtractor, XWIN).
    const stepX = (2 * sums.x) / sums.weight;
    const stepY = (2 * sums.y) / sums.weight;
    x += clampStep(stepX);
    y += clampStep(stepY);
    moment = sums.square / sums.weight / 2;
    if (Math.hypot(stepX, stepY) < 1e-3) {
      break;
    }
  }
  if (Math.hypot(x - startX, y - startY) > 2 * sigma + 1 || !(moment > 0)) {
    return null;
  }
  const inverse = 1 / moment - 1 / (window * window);
  const starSigma = inverse > 0 ? Math.sqrt(1 / inverse) : 3 * window;
  const aperture = apertureSum(signal, width, height, x, y, 3 * Math.min(starSigma, 2 * window));
  return {
    x: x + 1,
    y: y + 1,
    flux: aperture.flux,
    peak: aperture.peak,
    fwhmPx: starSigma / SIGMA_PER_FWHM,
    snr,
  };
}

function windowedSums(
  signal: Float32Array,
  width: number,
  height: number,
  centreX: number,
  centreY: number,
  window: number,
  reach: number,
): { weight: number; x: number; y: number; square: number } {
  const sums = { weight: 0, x: 0, y: 0, square: 0 };
  const [left, right] = [
    Math.max(0, Math.round(centreX) - reach),
    Math.min(width - 1, Math.round(centreX) + reach),
  ];
  const [bottom, top] = [
    Math.max(0, Math.round(centreY) - reach),
    Math.min(height - 1, Math.round(centreY) + reach),
  ];
  for (let y = bottom; y <= top; y += 1) {
    for (let x = left; x <= right; x += 1) {
      const [dx, dy] = [x - centreX, y - centreY];
      const square = dx * dx + dy * dy;
      const weight = (signal[y * width + x] ?? 0) * Math.exp(-square / (2 * window * window));
      sums.weight += weight;
      sums.x += weight * dx;
      sums.y += weight * dy;
      sums.square += weight * square;
    }
  }
  return sums;
}

function apertureSum(
  signal: Float32Array,
  width: number,
  height: number,
  centreX: number,
  centreY: number,
  radius: number,
): { flux: number; peak: number } {
  let flux = 0;
  let peak = 0;
  for (
    let y = Math.max(0, Math.floor(centreY - radius));
    y <= Math.min(height - 1, centreY + radius);
    y += 1
  ) {
    for (
      let x = Math.max(0, Math.floor(centreX - radius));
      x <= Math.min(width - 1, centreX + radius);
      x += 1
    ) {
      // The share of a border pixel, to first order.
      const share = Math.min(1, Math.max(0, radius + 0.5 - Math.hypot(x - centreX, y - centreY)));
      const value = signal[y * width + x] ?? 0;
      flux += share * value;
      peak = share > 0 ? Math.max(peak, value) : peak;
    }
  }
  return { flux, peak };
}

/** Of sources nearer than a star's width only the brightest stays. */
function withoutDoubles(sources: readonly Source[], fwhmPx: number): Source[] {
  const kept: Source[] = [];
  for (const source of sources) {
    if (!kept.some((other) => Math.hypot(other.x - source.x, other.y - source.y) < fwhmPx)) {
      kept.push(source);
    }
  }
  return kept;
}

function clamp(value: number, high: number): number {
  return Math.min(Math.max(value, 0), Math.max(0, high));
}

function clampStep(step: number): number {
  return Math.min(1, Math.max(-1, step));
}
