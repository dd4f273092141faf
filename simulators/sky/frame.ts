/** Draws one frame: stars where the telescope looked, sky, lamp, dark current, bias and noise. */
import { RAD_PER_DEG, separationDeg } from "../../domain/units.ts";
import type { Catalogue } from "./catalogue.ts";
import { magnitudeIn } from "./catalogue.ts";
import type { DetectorMaps, DetectorModel } from "./detector.ts";
import { createRandom, normal } from "./random.ts";
import { transientMagnitude } from "./transients.ts";
import type { Transient } from "./transients.ts";

/** A stretch of the exposure during which the telescope looked at one place. */
export interface PointingSample {
  readonly raDeg: number;
  readonly decDeg: number;
  readonly atMs: number;
  /** Seconds of exposure, times the share of the light that came through dome, cover, cloud and air. */
  readonly lightS: number;
}

export interface FrameJob {
  /** Seed of this frame's noise. */
  readonly seed: number;
  readonly detector: DetectorModel;
  readonly exposureS: number;
  readonly samples: readonly PointingSample[];
  readonly band: string;
  /** Electrons per second of a star of magnitude 0. */
  readonly zeroPointES: number;
  readonly pixelScaleArcsec: number;
  /** Position angle of the detector's up direction, from north through east, degrees. */
  readonly rotationDeg: number;
  readonly fwhmPx: number;
  /** Electrons per pixel from the sky, and from the flat-field lamp. */
  readonly skyE: number;
  readonly lampE: number;
  readonly transients: readonly Transient[];
  /** Dark current of a good pixel at the present temperature, electrons per second. */
  readonly darkES: number;
  readonly binX: number;
  readonly binY: number;
  /** The part read out, in unbinned pixels. */
  readonly region: {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  };
}

/** Pixels of the frame by rows, (0, 0) top left, binned. */
export function drawFrame(job: FrameJob, maps: DetectorMaps, catalogue: Catalogue): Uint16Array {
  const light = new Float32Array(job.detector.width * job.detector.height);
  drawSources(light, job, catalogue);
  return readOut(light, job, maps);
}

/** Where a sky position falls on the detector (gnomonic projection), pixels from the centre of pixel (0, 0). */
export function projectToPixel(
  job: Pick<FrameJob, "detector" | "pixelScaleArcsec" | "rotationDeg">,
  pointing: { readonly raDeg: number; readonly decDeg: number },
  raDeg: number,
  decDeg: number,
): { readonly x: number; readonly y: number } | undefined {
  const d0 = pointing.decDeg * RAD_PER_DEG;
  const d = decDeg * RAD_PER_DEG;
  const dRa = (raDeg - pointing.raDeg) * RAD_PER_DEG;
  const cosDistance = Math.sin(d0) * Math.sin(d) + Math.cos(d0) * Math.cos(d) * Math.cos(dRa);
  if (cosDistance <= 0) return undefined;
  const xi = (Math.cos(d) * Math.sin(dRa)) / cosDistance;
  const eta = (Math.cos(d0) * Math.sin(d) - Math.sin(d0) * Math.cos(d) * Math.cos(dRa)) / cosDistance;
  const perRad = 3_600 / RAD_PER_DEG / job.pixelScaleArcsec;
  const pa = job.rotationDeg * RAD_PER_DEG;
  // Up has position angle `rotationDeg`; right is 90 degrees from it towards west: the sky seen from inside.
  const right = eta * Math.sin(pa) - xi * Math.cos(pa);
  const up = eta * Math.cos(pa) + xi * Math.sin(pa);
  return {
    x: (job.detector.width - 1) / 2 + right * perRad,
    y: (job.detector.height - 1) / 2 - up * perRad,
  };
}

/** Beyond this the telescope slewed while it exposed: the stars of the whole way at once would be millions. */
const FARTHEST_TOGETHER_DEG = 0.5;

function drawSources(light: Float32Array, job: FrameJob, catalogue: Catalogue): void {
  const { detector, samples } = job;
  const [first] = samples;
  if (first === undefined) return;
  const halfDiagonalDeg =
    (Math.hypot(detector.width, detector.height) * job.pixelScaleArcsec) / 2 / 3_600 + 0.02;
  const reachDeg = samples.reduce(
    (most, sample) => Math.max(most, separationDeg(first.raDeg, first.decDeg, sample.raDeg, sample.decDeg)),
    0,
  );
  const aroundAll =
    reachDeg <= FARTHEST_TOGETHER_DEG
      ? catalogue.around(first.raDeg, first.decDeg, reachDeg + halfDiagonalDeg)
      : null;
  for (const sample of samples) {
    if (sample.lightS <= 0) continue;
    const stars = aroundAll ?? catalogue.around(sample.raDeg, sample.decDeg, halfDiagonalDeg);
    const electronsOf = (mag: number): number => job.zeroPointES * 10 ** (-0.4 * mag) * sample.lightS;
    for (const star of stars) {
      const place = projectToPixel(job, sample, star.raDeg, star.decDeg);
      if (place !== undefined) {
        addSource(light, detector, place.x, place.y, electronsOf(magnitudeIn(star, job.band)), job.fwhmPx);
      }
    }
    for (const transient of job.transients) {
      const mag = transientMagnitude(transient, sample.atMs);
      const place = projectToPixel(job, sample, transient.raDeg, transient.decDeg);
      if (mag !== undefined && place !== undefined) {
        addSource(light, detector, place.x, place.y, electronsOf(mag), job.fwhmPx);
      }
    }
  }
}

/** Adds a point source: 90 % of the light in a Gaussian core, 10 % in one three times as wide, integrated over pixels. */
function addSource(
  light: Float32Array,
  detector: DetectorModel,
  x: number,
  y: number,
  electrons: number,
  fwhmPx: number,
): void {
  const sigma = fwhmPx / 2.3548;
  addGaussian(light, detector, x, y, 0.9 * electrons, sigma);
  addGaussian(light, detector, x, y, 0.1 * electrons, 3 * sigma);
}

/** Less than this on a pixel is not drawn, electrons. */
const FAINTEST_E = 0.02;
/** Farthest a Gaussian is drawn, in sigma. */
const FARTHEST = 6;

function addGaussian(
  light: Float32Array,
  { width, height }: DetectorModel,
  x: number,
  y: number,
  electrons: number,
  sigma: number,
): void {
  const peak = electrons / (2 * Math.PI * sigma ** 2);
  if (peak <= FAINTEST_E) return;
  const radius = sigma * Math.min(FARTHEST, Math.sqrt(2 * Math.log(peak / FAINTEST_E)));
  const x0 = Math.max(0, Math.floor(x - radius));
  const x1 = Math.min(width - 1, Math.ceil(x + radius));
  const y0 = Math.max(0, Math.floor(y - radius));
  const y1 = Math.min(height - 1, Math.ceil(y + radius));
  if (x0 > x1 || y0 > y1) return;
  const profile = profileOf(sigma);
  const across = profile.startAt(x, x0);
  const along = profile.startAt(y, y0);
  const { shares } = profile;
  for (let row = y0; row <= y1; row++) {
    const rowElectrons = electrons * shares[along + row - y0]!;
    const start = row * width;
    for (let column = x0; column <= x1; column++) {
      light[start + column]! += rowElectrons * shares[across + column - x0]!;
    }
  }
}

/** Places within a pixel for which shares are kept: positions are right to 0.004 pixel. */
const SUBPIXELS = 128;

interface Profile {
  /** Shares of a Gaussian on the pixels of a line, one stretch for each place within the central pixel. */
  readonly shares: Float64Array;
  /** Index in `shares` of the pixel `first` for a source at `centre`. */
  readonly startAt: (centre: number, first: number) => number;
}

const profiles = new Map<number, Profile>();

function profileOf(sigma: number): Profile {
  const known = profiles.get(sigma);
  if (known !== undefined) return known;
  if (profiles.size > 50) profiles.clear();
  // As far out as any source is drawn, and a pixel more on either side.
  const reach = Math.ceil(FARTHEST * sigma) + 2;
  const stretch = 2 * reach + 1;
  const shares = new Float64Array(SUBPIXELS * stretch);
  const scale = 1 / (sigma * Math.SQRT2);
  for (let place = 0; place < SUBPIXELS; place++) {
    const centre = (place + 0.5) / SUBPIXELS - 0.5;
    let below = errorFunction((-reach - 0.5 - centre) * scale);
    for (let pixel = -reach; pixel <= reach; pixel++) {
      const above = errorFunction((pixel + 0.5 - centre) * scale);
      shares[place * stretch + pixel + reach] = (above - below) / 2;
      below = above;
    }
  }
  const profile: Profile = {
    shares,
    startAt: (centre, first) => {
      const nearest = Math.floor(centre + 0.5);
      const place = Math.min(SUBPIXELS - 1, Math.floor((centre + 0.5 - nearest) * SUBPIXELS));
      return place * stretch + (first - nearest) + reach;
    },
  };
  profiles.set(sigma, profile);
  return profile;
}

/** erf to 1.5e-7 (Abramowitz and Stegun 7.1.26). */
function errorFunction(x: number): number {
  const t = 1 / (1 + 0.327_591_1 * Math.abs(x));
  const series =
    t *
    (0.254_829_592 + t * (-0.284_496_736 + t * (1.421_413_741 + t * (-1.453_152_027 + t * 1.061_405_429))));
  return Math.sign(x) * (1 - series * Math.exp(-x * x));
}

const NORMALS = 65_536;
let normals: Float32Array | undefined;

/** A table of normal deviates: drawing from it is ten times faster than making each. */
function normalTable(): Float32Array {
  if (normals === undefined) {
    const random = createRandom(20_161_120);
    normals = Float32Array.from({ length: NORMALS }, () => normal(random));
  }
  return normals;
}

function readOut(light: Float32Array, job: FrameJob, maps: DetectorMaps): Uint16Array {
  const { detector, region, binX, binY } = job;
  const width = Math.floor(region.width / binX);
  const height = Math.floor(region.height / binY);
  const pixels = new Uint16Array(width * height);
  const table = normalTable();
  const even = job.skyE + job.lampE;
  const darkE = job.darkES * job.exposureS;
  const wellE = detector.fullWellE * binX * binY;
  const noise2 = detector.readNoiseE ** 2;
  let state = job.seed | 0 || 1;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      let mean = 0;
      let bias = 0;
      for (let dy = 0; dy < binY; dy++) {
        const start = (region.y + row * binY + dy) * detector.width + region.x + column * binX;
        for (let dx = 0; dx < binX; dx++) {
          const index = start + dx;
          mean += (light[index]! + even) * maps.response[index]! + darkE * maps.dark[index]!;
          bias = maps.bias[index]!;
        }
      }
      // xorshift32 (Marsaglia 2003), written out for speed.
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      const signal = Math.min(mean, wellE);
      let electrons: number;
      if (signal < 20) {
        electrons =
          poissonOf(signal, (state >>> 0) / 4_294_967_296) +
          Math.sqrt(noise2) * table[(state >>> 7) & 0xffff]!;
      } else {
        electrons = signal + Math.sqrt(signal + noise2) * table[(state >>> 7) & 0xffff]!;
      }
      const adu = Math.round(bias + electrons / detector.gainEPerAdu);
      pixels[row * width + column] = adu < 0 ? 0 : adu > 65_535 ? 65_535 : adu;
    }
  }
  return pixels;
}

/** Poisson deviate of a small mean by inversion of one uniform deviate. */
function poissonOf(mean: number, uniform: number): number {
  let term = Math.exp(-mean);
  let rest = uniform - term;
  let count = 0;
  while (rest >= 0 && count < 100) {
    count += 1;
    term *= mean / count;
    rest -= term;
  }
  return count;
}
