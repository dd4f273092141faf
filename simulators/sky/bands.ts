/** Photometry of the simulated telescope by filter. */

interface Band {
  /** Photons of the r band's share that a star of magnitude 0 gives in this band. */
  readonly light: number;
  /** How much darker (+) or brighter (-) the sky is than in r, mag/arcsec2. */
  readonly skyOffset: number;
  /** Flat-field lamp relative to r. */
  readonly lamp: number;
}

const R_BAND: Band = { light: 1, skyOffset: 0, lamp: 1 };

const BANDS: Readonly<Record<string, Band>> = {
  B: { light: 1.1, skyOffset: 1, lamp: 0.4 },
  g: { light: 1.2, skyOffset: 0.8, lamp: 0.6 },
  gri: { light: 3, skyOffset: 0, lamp: 2.4 },
  r: R_BAND,
  i: { light: 0.8, skyOffset: -0.9, lamp: 1.1 },
  z: { light: 0.55, skyOffset: -1.9, lamp: 0.9 },
  zy: { light: 0.8, skyOffset: -2.3, lamp: 1.2 },
  y: { light: 0.4, skyOffset: -2.8, lamp: 0.6 },
  Y: { light: 0.4, skyOffset: -3, lamp: 0.7 },
  J: { light: 0.35, skyOffset: -4, lamp: 0.8 },
  H: { light: 0.3, skyOffset: -5.5, lamp: 0.9 },
  K: { light: 0.2, skyOffset: -6, lamp: 0.9 },
  Ks: { light: 0.2, skyOffset: -6, lamp: 0.9 },
};

/** Photons per second and m2 from a star of magnitude 0 (AB) in r: 3631 Jy over 23 % of bandwidth, divided by Planck's constant. */
const PHOTONS_PER_S_M2 = 1.26e10;
/** Mirrors, lenses and detector together. */
const EFFICIENCY = 0.45;
const LAMP_E_PER_S = 3_000;

export interface Photometry {
  /** Electrons per second from a star of magnitude 0. */
  readonly zeroPointES: number;
  /** Electrons per second and pixel from the sky. */
  readonly skyES: number;
  /** Electrons per second and pixel from the lamp at full brightness. */
  readonly lampES: number;
}

/** What a pixel receives in a band; `skyMag` is the sky's brightness in r, mag/arcsec2. Unknown bands count as r. */
export function photometry(
  band: string,
  apertureM: number,
  pixelScaleArcsec: number,
  skyMag: number,
): Photometry {
  const { light, skyOffset, lamp } = BANDS[band] ?? R_BAND;
  const zeroPointES = PHOTONS_PER_S_M2 * light * ((Math.PI * apertureM ** 2) / 4) * EFFICIENCY;
  // Twilight and moonlight are not redder than the night sky by as much as airglow is: blend by brightness.
  const nightShare = Math.min(1, 10 ** (-0.4 * (21 - skyMag)));
  const skyMagInBand = skyMag + skyOffset * nightShare;
  return {
    zeroPointES,
    skyES: zeroPointES * 10 ** (-0.4 * skyMagInBand) * pixelScaleArcsec ** 2,
    lampES: LAMP_E_PER_S * lamp,
  };
}
