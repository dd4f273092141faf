import { numberOf, textOf } from "../fits/card.ts";
import type { Card } from "../fits/card.ts";

/** What must agree between a frame and what calibrates it: the detector, how it was read, how large and how cold it was. */
export interface DetectorSetup {
  readonly camera: string;
  readonly binning: string;
  readonly readoutMode: string;
  /** Pixels, e.g. "1024x1024". */
  readonly size: string;
  /** Set point of the cooler, Celsius; the measured temperature when there is none; null when neither is known. */
  readonly temperatureC: number | null;
}

/** What a frame is, as its header says. */
export interface FrameIdentity {
  readonly type: "bias" | "dark" | "flat" | "object";
  readonly setup: DetectorSetup;
  readonly exposureS: number;
  /** "" when the header names none. */
  readonly filter: string;
}

/** Detectors this close in temperature have the same dark current for our purpose. */
export const TEMPERATURE_TOLERANCE_C = 1;

const TYPES: Readonly<Record<string, FrameIdentity["type"]>> = {
  BIAS: "bias",
  ZERO: "bias",
  DARK: "dark",
  FLAT: "flat",
  OBJECT: "object",
  LIGHT: "object",
};

/**
 * What a frame is.
 * @returns the identity, or the reason in words why it cannot be told
 */
export function identityOf(cards: readonly Card[], axes: readonly number[]): FrameIdentity | string {
  const typeText = textOf(cards, "IMAGETYP") ?? "";
  const word = typeText
    .toUpperCase()
    .replace(/[ _-]*(FRAME|FIELD)$/, "")
    .trim();
  const type = TYPES[word];
  if (type === undefined) {
    return `IMAGETYP is "${typeText}": must be BIAS, DARK, FLAT or OBJECT`;
  }
  const exposureS =
    numberOf(cards, "EXPTIME") ?? numberOf(cards, "EXPOSURE") ?? (type === "bias" ? 0 : undefined);
  if (exposureS === undefined || !(exposureS >= 0)) {
    return `EXPTIME is ${exposureS ?? "missing"}: must be a number of seconds`;
  }
  if (type === "dark" && exposureS === 0) {
    return "EXPTIME of a dark is 0: must be more";
  }
  return { type, exposureS, filter: textOf(cards, "FILTER") ?? "", setup: setupOf(cards, axes) };
}

function setupOf(cards: readonly Card[], axes: readonly number[]): DetectorSetup {
  return setupOfValues(
    (keyword) => textOf(cards, keyword),
    (keyword) => numberOf(cards, keyword),
    axes,
  );
}

/** The detector set-up of a header as a database keeps it: keywords and values. */
export function setupOfRecord(
  header: Readonly<Record<string, unknown>>,
  axes: readonly number[],
): DetectorSetup {
  return setupOfValues(
    (keyword) => {
      const value = header[keyword];
      return typeof value === "string" ? value : undefined;
    },
    (keyword) => {
      const value = header[keyword];
      return typeof value === "number" ? value : undefined;
    },
    axes,
  );
}

function setupOfValues(
  text: (keyword: string) => string | undefined,
  number: (keyword: string) => number | undefined,
  axes: readonly number[],
): DetectorSetup {
  return {
    camera: [text("INSTRUME"), text("DETECTOR")].filter(Boolean).join(" "),
    binning: `${number("XBINNING") ?? 1}x${number("YBINNING") ?? 1}`,
    readoutMode: text("READOUTM") ?? "",
    size: axes.join("x"),
    temperatureC: number("SET-TEMP") ?? number("CCD-TEMP") ?? null,
  };
}

/** Whether frames of these set-ups may calibrate each other; a temperature that is not known agrees with any. */
export function sameSetup(a: DetectorSetup, b: DetectorSetup): boolean {
  const cold = a.temperatureC === null || b.temperatureC === null;
  return (
    a.camera === b.camera &&
    a.binning === b.binning &&
    a.readoutMode === b.readoutMode &&
    a.size === b.size &&
    (cold || Math.abs((a.temperatureC ?? 0) - (b.temperatureC ?? 0)) <= TEMPERATURE_TOLERANCE_C)
  );
}

/**
 * The dark for an exposure: of the same time; else the longest, whose noise sinks most when it is scaled down. When even
 * that is shorter than the exposure it must be scaled up, noise and all: the caller flags that.
 */
export function darkForExposure<D extends { readonly exposureS: number }>(
  darks: readonly D[],
  exposureS: number,
): D | undefined {
  const same = darks.find((dark) => Math.abs(dark.exposureS - exposureS) < 1e-6);
  const longestFirst = darks.toSorted((a, b) => b.exposureS - a.exposureS);
  return same ?? longestFirst[0];
}
