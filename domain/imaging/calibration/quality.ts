import { clippedStd, median } from "../statistics.ts";
import { combineMedian } from "./combine.ts";

/** A calibration frame to be judged among its like (same type, set-up, exposure, filter). */
export interface Candidate {
  readonly name: string;
  readonly pixels: Float32Array;
}

/** What the detector is said to do; unknown values are not judged. */
export interface DetectorNumbers {
  readonly gainEPerAdu?: number;
  readonly readNoiseE?: number;
  readonly saturationAdu?: number;
}

/** The verdict on one frame, with the numbers that decided. */
export interface FrameVerdict {
  readonly name: string;
  readonly accepted: boolean;
  /** Why not, in words; empty when accepted. */
  readonly reasons: readonly string[];
  readonly levelAdu: number;
  /** Robust scatter about the median of its like. */
  readonly scatterAdu: number;
  /** Share of pixels further than 6 sigma from the median of its like, 0 to 1. */
  readonly deviantFraction: number;
}

/** Verdicts on a group, and whether enough is left for a master. */
export interface GroupVerdict {
  readonly frames: readonly FrameVerdict[];
  /** "good" with 5 or more accepted frames, "degraded" with 3 or 4, "insufficient" below. */
  readonly grade: "good" | "degraded" | "insufficient";
}

/** A flat below this share of saturation is too noisy, above the other it is no longer linear. */
const FLAT_LEVELS = { least: 0.1, most: 0.85 } as const;
const MAX_DEVIANT_FRACTION = 0.05;
const DEVIANT_SIGMA = 6;
/** A frame's scatter may exceed that of its like by this factor. */
const MAX_SCATTER_RATIO = 1.5;
/** Bias and dark levels may differ from their like by this many read noises. */
const MAX_LEVEL_READ_NOISES = 3;
const READ_NOISE_TOLERANCE = 0.2;
const GOOD_COUNT = 5;
const DEGRADED_COUNT = 3;

/**
 * Judges the frames of one group against each other and against the detector: level, saturation, scatter, and the share of
 * deviant pixels (the 5 % at 6 sigma rule that LCO's pipeline uses against its last master).
 */
export function judgeGroup(
  type: "bias" | "dark" | "flat",
  candidates: readonly Candidate[],
  detector: DetectorNumbers,
): GroupVerdict {
  const levels = candidates.map(({ pixels }) => median(pixels));
  const groupLevel = median(levels);
  // Flats come with lamps and skies of any brightness; their shape is what must agree.
  const shapes = candidates.map(({ pixels }, k) =>
    type === "flat" ? pixels.map((value) => value / (levels[k] || 1)) : pixels,
  );
  const typical = combineMedian(shapes);
  const offsets = shapes.map((shape, k) => (type === "flat" ? 0 : (levels[k] ?? 0) - groupLevel));
  const scatters = shapes.map((shape, k) => scatterAbout(typical, shape, offsets[k] ?? 0));
  const groupScatter = median(scatters);
  const frames = candidates.map(({ name }, k) => {
    const level = levels[k] ?? Number.NaN;
    const scatter = scatters[k] ?? Number.NaN;
    const deviant = deviantFraction(typical, shapes[k] ?? typical, groupScatter);
    const reasons = [
      ...levelReasons(type, level, groupLevel, detector),
      ...(scatter > MAX_SCATTER_RATIO * groupScatter
        ? [
            `scatter ${shown(scatter)} is more than ${MAX_SCATTER_RATIO} times the ${shown(groupScatter)} of its like`,
          ]
        : []),
      ...(deviant > MAX_DEVIANT_FRACTION
        ? [
            `${(100 * deviant).toFixed(1)} % of the pixels deviate by more than ${DEVIANT_SIGMA} sigma, the limit is ${100 * MAX_DEVIANT_FRACTION} %`,
          ]
        : []),
    ];
    const scatterAdu = type === "flat" ? scatter * level : scatter;
    return {
      name,
      accepted: reasons.length === 0,
      reasons,
      levelAdu: level,
      scatterAdu,
      deviantFraction: deviant,
    };
  });
  return { frames, grade: gradeOf(frames.filter(({ accepted }) => accepted).length) };
}

/** Grade of a master made of so many good frames. */
export function gradeOf(count: number): GroupVerdict["grade"] {
  return count >= GOOD_COUNT ? "good" : count >= DEGRADED_COUNT ? "degraded" : "insufficient";
}

/** Read noise measured from pairs of bias frames, electrons: scatter of the differences over the root of 2, median of the pairs. */
export function measuredReadNoiseE(biases: readonly Float32Array[], gainEPerAdu: number): number {
  const noises: number[] = [];
  for (let k = 0; k + 1 < biases.length; k += 1) {
    const [first, second] = [biases[k], biases[k + 1]];
    if (first !== undefined && second !== undefined) {
      noises.push(
        (clippedStd(first.map((value, i) => value - (second[i] ?? Number.NaN))) / Math.SQRT2) * gainEPerAdu,
      );
    }
  }
  return median(noises);
}

/** A complaint when the measured read noise is not what the header says; null when it is, within 20 %. */
export function readNoiseComplaint(measuredE: number, saidE: number): string | null {
  const off = Math.abs(measuredE / saidE - 1);
  return off <= READ_NOISE_TOLERANCE
    ? null
    : `read noise is ${shown(measuredE)} e-, the header says ${shown(saidE)}: more than ${100 * READ_NOISE_TOLERANCE} % off`;
}

function levelReasons(
  type: "bias" | "dark" | "flat",
  level: number,
  groupLevel: number,
  { gainEPerAdu, readNoiseE, saturationAdu }: DetectorNumbers,
): string[] {
  if (type === "flat") {
    if (saturationAdu === undefined) {
      return [];
    }
    const [least, most] = [FLAT_LEVELS.least * saturationAdu, FLAT_LEVELS.most * saturationAdu];
    return level >= least && level <= most
      ? []
      : [`level ${shown(level)} adu is outside ${shown(least)} to ${shown(most)} adu`];
  }
  if (gainEPerAdu === undefined || readNoiseE === undefined) {
    return [];
  }
  const limit = (MAX_LEVEL_READ_NOISES * readNoiseE) / gainEPerAdu;
  return Math.abs(level - groupLevel) <= limit
    ? []
    : [
        `level ${shown(level)} adu is more than ${shown(limit)} adu from the ${shown(groupLevel)} of its like`,
      ];
}

function scatterAbout(typical: Float32Array, frame: Float32Array, offset: number): number {
  return clippedStd(frame.map((value, i) => value - (typical[i] ?? Number.NaN) - offset));
}

function deviantFraction(typical: Float32Array, frame: Float32Array, scatter: number): number {
  const limit = DEVIANT_SIGMA * scatter;
  let deviant = 0;
  for (let i = 0; i < frame.length; i += 1) {
    if (Math.abs((frame[i] ?? 0) - (typical[i] ?? 0)) > limit) {
      deviant += 1;
    }
  }
  return deviant / frame.length;
}

function shown(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
