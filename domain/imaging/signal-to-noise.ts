/**
 * The CCD equation (Howell 1989, PASP 101, 616; Merline & Howell 1995 for the background term): signal over noise of a
 * point source in an aperture, and its two inverses, in closed form.
 */

/** Rates and detector of one measurement. Rates in electrons per second, noise in electrons. */
export interface CcdMeasurement {
  /** Sky, per pixel. */
  readonly skyEPerS: number;
  /** Dark current, per pixel. */
  readonly darkEPerS: number;
  readonly readNoiseE: number;
  /** Pixels of the aperture. */
  readonly aperturePixels: number;
  /** Pixels that the background was measured in; 0: it is known without error. */
  readonly backgroundPixels: number;
  /** Electrons per count: rounding to whole counts is noise too; 0: none. */
  readonly gainEPerAdu: number;
}

/** Standard deviation of rounding to whole counts, in counts: 1/sqrt(12). */
const ROUNDING_ADU = 0.289;

/** Noise of the detector in one pixel, squared, electrons. */
function detectorVariance({ readNoiseE, gainEPerAdu }: CcdMeasurement): number {
  return readNoiseE ** 2 + (ROUNDING_ADU * gainEPerAdu) ** 2;
}

/** Pixels whose noise comes into the measurement: those of the aperture, and those of the background by their share. */
function noisyPixels({ aperturePixels, backgroundPixels }: CcdMeasurement): number {
  return aperturePixels * (1 + (backgroundPixels > 0 ? aperturePixels / backgroundPixels : 0));
}

/**
 * Signal over noise of one exposure.
 * @param sourceEPerS all that the aperture takes of the source
 * @throws RangeError for a rate or time that is negative or not finite
 */
export function signalToNoise(sourceEPerS: number, exposureS: number, ccd: CcdMeasurement): number {
  requirePositive({ sourceEPerS, exposureS });
  const background = (ccd.skyEPerS + ccd.darkEPerS) * exposureS + detectorVariance(ccd);
  const signal = sourceEPerS * exposureS;
  return signal / Math.sqrt(signal + noisyPixels(ccd) * background);
}

/**
 * The exposure time, in s, that gives a signal over noise.
 * @throws RangeError for numbers that are not above 0 or not finite
 */
export function exposureForSnr(sourceEPerS: number, snr: number, ccd: CcdMeasurement): number {
  requirePositive({ sourceEPerS, snr });
  const pixels = noisyPixels(ccd);
  const k2 = snr ** 2;
  const rate = sourceEPerS + pixels * (ccd.skyEPerS + ccd.darkEPerS);
  const fixed = pixels * detectorVariance(ccd);
  return (
    (k2 * rate + Math.sqrt((k2 * rate) ** 2 + 4 * sourceEPerS ** 2 * k2 * fixed)) / (2 * sourceEPerS ** 2)
  );
}

/**
 * The rate of the faintest source, in electrons per second, that reaches a signal over noise in a time.
 * @throws RangeError for numbers that are not above 0 or not finite
 */
export function rateForSnr(exposureS: number, snr: number, ccd: CcdMeasurement): number {
  requirePositive({ exposureS, snr });
  const k2 = snr ** 2;
  const background = noisyPixels(ccd) * ((ccd.skyEPerS + ccd.darkEPerS) * exposureS + detectorVariance(ccd));
  return (k2 + Math.sqrt(k2 ** 2 + 4 * k2 * background)) / 2 / exposureS;
}

/** Planck's constant, J s. */
const PLANCK_JS = 6.626_070_15e-34;
/** Flux density of AB magnitude 0, W/m²/Hz. */
const AB_ZERO = 3_631e-26;

/**
 * Electrons per second of a source above the atmosphere.
 * @param magAb AB magnitude
 * @param areaM2 light-collecting area
 * @param lambdaNm,widthNm middle and width of the band
 * @param throughput of mirrors, filter and detector together, 0 to 1
 */
export function electronRate(
  magAb: number,
  areaM2: number,
  lambdaNm: number,
  widthNm: number,
  throughput: number,
): number {
  return (AB_ZERO * 10 ** (-0.4 * magAb) * areaM2 * throughput * widthNm) / lambdaNm / PLANCK_JS;
}

function requirePositive(numbers: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(numbers)) {
    if (!Number.isFinite(value) || value <= 0) throw new RangeError(`${name} is ${value}: must be above 0`);
  }
}
