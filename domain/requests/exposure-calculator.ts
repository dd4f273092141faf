import {
  electronRate,
  exposureForSnr,
  rateForSnr,
  signalToNoise,
  type CcdMeasurement,
} from "../imaging/signal-to-noise.ts";
import type { InstrumentDescription, Observatory } from "../observatory.ts";
import { ARCSEC_PER_DEG, RAD_PER_DEG } from "../units.ts";
import type { FieldError } from "./build.ts";

/** A band with what the calculator assumes in it; each may be changed in the form. */
export interface Band {
  readonly id: string;
  readonly lambdaNm: number;
  readonly widthNm: number;
  /** Magnitudes per airmass at a mountain site. */
  readonly extinctionMag: number;
  /** Moonless zenith sky, AB magnitude of a square arcsecond. */
  readonly skyMag: number;
}

/**
 * Bands: SDSS and Pan-STARRS griz, Johnson-Cousins BVRI, 2MASS YJH in AB (Vega + 0.63, 0.91, 1.39). Skies and extinctions are
 * those usual of a dark mountain site.
 */
export const BANDS: readonly Band[] = [
  { id: "g", lambdaNm: 477, widthNm: 138, extinctionMag: 0.18, skyMag: 21.9 },
  { id: "r", lambdaNm: 622, widthNm: 137, extinctionMag: 0.1, skyMag: 21.0 },
  { id: "i", lambdaNm: 763, widthNm: 153, extinctionMag: 0.05, skyMag: 20.1 },
  { id: "z", lambdaNm: 905, widthNm: 130, extinctionMag: 0.05, skyMag: 18.9 },
  { id: "B", lambdaNm: 436, widthNm: 94, extinctionMag: 0.25, skyMag: 22.4 },
  { id: "V", lambdaNm: 545, widthNm: 88, extinctionMag: 0.13, skyMag: 21.7 },
  { id: "R", lambdaNm: 641, widthNm: 138, extinctionMag: 0.09, skyMag: 21.0 },
  { id: "I", lambdaNm: 798, widthNm: 149, extinctionMag: 0.05, skyMag: 20.2 },
  { id: "Y", lambdaNm: 1_020, widthNm: 108, extinctionMag: 0.05, skyMag: 17.9 },
  { id: "J", lambdaNm: 1_248, widthNm: 163, extinctionMag: 0.08, skyMag: 16.6 },
  { id: "H", lambdaNm: 1_631, widthNm: 307, extinctionMag: 0.05, skyMag: 15.2 },
];

export const CALCULATOR_MODES = ["snr", "time", "mag"] as const;
/** What is asked for: the signal over noise, the exposure time, or the faintest magnitude. */
export type CalculatorMode = (typeof CALCULATOR_MODES)[number];

/** Everything that decides; what is asked for is not read. */
export interface CalculatorInput {
  readonly mode: CalculatorMode;
  readonly bandId: string;
  /** AB magnitude of the source above the atmosphere. */
  readonly mag: number;
  /** One frame, s. */
  readonly exposureS: number;
  readonly snr: number;
  /** Frames that are added. */
  readonly frames: number;
  /** FWHM at the zenith, arcsec. */
  readonly seeingArcsec: number;
  readonly airmass: number;
  /** AB magnitude of a square arcsecond. */
  readonly skyMag: number;
  /** Mirrors, filter and detector together, 0 to 1. */
  readonly throughput: number;
  readonly darkEPerS: number;
  readonly pixelUm: number;
  /** Share of the mirror that the secondary hides. */
  readonly obstruction: number;
}

export interface CalculatorResult {
  readonly snr: number;
  readonly exposureS: number;
  readonly mag: number;
  readonly magError: number;
  readonly sourceEPerS: number;
  readonly skyEPerS: number;
  readonly aperturePixels: number;
  readonly pixelArcsec: number;
  readonly fwhmArcsec: number;
  /** Variances of one frame, electrons², by where they come from: which noise decides. */
  readonly noise: {
    readonly source: number;
    readonly sky: number;
    readonly dark: number;
    readonly readOut: number;
  };
  readonly saturation: {
    /** Of the brightest pixel, share of what saturates. */
    readonly share: number;
    /** The longest frame that keeps the brightest pixel at 70 %, s. */
    readonly safeExposureS: number;
    readonly saturated: boolean;
  };
}

/** Radius of the aperture in FWHM: best for a faint source (Naylor 1998, MNRAS 296, 339). */
const APERTURE_FWHM = 0.68;
const FWHM_PER_SIGMA = 2.354_82;
/** Seeing grows with airmass to this power (Kolmogorov turbulence). */
const SEEING_POWER = 0.6;
/** Share of the full well that a star may reach. */
const SAFE_SHARE = 0.7;
/** Background is measured in a ring so much larger than the aperture. */
const BACKGROUND_RATIO = 10;

/** What the calculator starts with for an instrument and a band. */
export function calculatorDefaults(instrument: InstrumentDescription, bandId: string): CalculatorInput {
  const infrared = instrument.ramp !== undefined;
  const band = BANDS.find(({ id }) => id === bandId) ?? BANDS.find(({ id }) => id === (infrared ? "J" : "r"));
  return {
    mode: "snr",
    bandId: band?.id ?? "r",
    mag: 18,
    exposureS: 60,
    snr: 20,
    frames: 1,
    seeingArcsec: 1.2,
    airmass: 1.2,
    skyMag: band?.skyMag ?? 21,
    throughput: infrared ? 0.3 : 0.4,
    darkEPerS: infrared ? 0.0027 : 0.001,
    pixelUm: 15,
    obstruction: 0.2,
  };
}

/** What is wrong with an input, by field. */
export function calculatorErrors(input: CalculatorInput): FieldError[] {
  const errors: FieldError[] = [];
  const range = (field: keyof CalculatorInput, from: number, to: number): void => {
    const value = input[field];
    if (typeof value === "number" && value >= from && value <= to) return;
    errors.push({
      field,
      value: Number.isNaN(value) ? "" : value,
      rule: `write a number from ${from} to ${to}`,
    });
  };
  if (!BANDS.some(({ id }) => id === input.bandId)) {
    errors.push({
      field: "bandId",
      value: input.bandId,
      rule: `bands are ${BANDS.map(({ id }) => id).join(", ")}`,
    });
  }
  if (input.mode !== "mag") range("mag", -5, 32);
  if (input.mode !== "time") range("exposureS", 0.001, 1e5);
  if (input.mode !== "snr") range("snr", 0.1, 1e5);
  range("frames", 1, 10_000);
  range("seeingArcsec", 0.2, 10);
  range("airmass", 1, 10);
  range("skyMag", 10, 25);
  range("throughput", 0.001, 1);
  range("darkEPerS", 0, 1e4);
  range("pixelUm", 1, 100);
  range("obstruction", 0, 0.9);
  return errors;
}

/**
 * Signal over noise, exposure time or limiting magnitude of a point source on one instrument, with saturation.
 * @throws RangeError for an input that `calculatorErrors` refuses
 */
export function calculateExposure(
  input: CalculatorInput,
  { telescope }: Pick<Observatory, "telescope">,
  instrument: InstrumentDescription,
): CalculatorResult {
  const [wrong] = calculatorErrors(input);
  const band = BANDS.find(({ id }) => id === input.bandId);
  if (wrong !== undefined || band === undefined) {
    const { field, value, rule } = wrong ?? { field: "bandId", value: input.bandId, rule: "is no band" };
    throw new RangeError(`${field} is ${JSON.stringify(value)}: ${rule}`);
  }
  const areaM2 = Math.PI * (telescope.apertureM / 2) ** 2 * (1 - input.obstruction);
  const pixelArcsec = ((input.pixelUm / 1_000 / telescope.focalLengthMm) * ARCSEC_PER_DEG) / RAD_PER_DEG;
  const fwhmArcsec = input.seeingArcsec * input.airmass ** SEEING_POWER;
  const sigmaPixels = fwhmArcsec / FWHM_PER_SIGMA / pixelArcsec;
  const radiusPixels = (APERTURE_FWHM * fwhmArcsec) / pixelArcsec;
  const taken = 1 - Math.exp(-(radiusPixels ** 2) / (2 * sigmaPixels ** 2));
  const rate = (mag: number): number =>
    electronRate(mag, areaM2, band.lambdaNm, band.widthNm, input.throughput);
  const dimming = band.extinctionMag * input.airmass;
  // Never less than one pixel: a sharp image on coarse pixels falls into one.
  const aperturePixels = Math.max(1, Math.PI * radiusPixels ** 2);
  const ccd: CcdMeasurement = {
    skyEPerS: rate(input.skyMag) * pixelArcsec ** 2,
    darkEPerS: input.darkEPerS,
    readNoiseE: instrument.readNoiseE,
    aperturePixels,
    backgroundPixels: BACKGROUND_RATIO * aperturePixels,
    gainEPerAdu: instrument.gainEPerAdu,
  };
  const root = Math.sqrt(input.frames);
  const mag =
    input.mode === "mag"
      ? -2.5 * Math.log10(rateForSnr(input.exposureS, input.snr / root, ccd) / (rate(0) * taken)) - dimming
      : input.mag;
  const sourceEPerS = rate(mag + dimming) * taken;
  const exposureS =
    input.mode === "time" ? exposureForSnr(sourceEPerS, input.snr / root, ccd) : input.exposureS;
  const snr = input.mode === "snr" ? signalToNoise(sourceEPerS, exposureS, ccd) * root : input.snr;
  const pixels = aperturePixels * (1 + 1 / BACKGROUND_RATIO);
  const peakEPerS =
    (sourceEPerS / taken) * erf(0.5 / (sigmaPixels * Math.SQRT2)) ** 2 + ccd.skyEPerS + ccd.darkEPerS;
  const fullE = instrument.saturationAdu * instrument.gainEPerAdu;
  return {
    snr,
    exposureS,
    mag,
    magError: 1.0857 / snr,
    sourceEPerS,
    skyEPerS: ccd.skyEPerS,
    aperturePixels,
    pixelArcsec,
    fwhmArcsec,
    noise: {
      source: sourceEPerS * exposureS,
      sky: pixels * ccd.skyEPerS * exposureS,
      dark: pixels * ccd.darkEPerS * exposureS,
      readOut: pixels * instrument.readNoiseE ** 2,
    },
    saturation: {
      share: (peakEPerS * exposureS) / fullE,
      safeExposureS: (SAFE_SHARE * fullE) / peakEPerS,
      saturated: peakEPerS * exposureS >= fullE,
    },
  };
}

/** Error function, good to 1.5e-7 (Abramowitz & Stegun 7.1.26). */
function erf(x: number): number {
  const t = 1 / (1 + 0.327_591_1 * Math.abs(x));
  const tail =
    ((((1.061_405_429 * t - 1.453_152_027) * t + 1.421_413_741) * t - 0.284_496_736) * t + 0.254_829_592) * t;
  return Math.sign(x) * (1 - tail * Math.exp(-(x ** 2)));
}
