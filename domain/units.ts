/** Unit conversions used everywhere. Names carry units; angles are degrees unless the name says otherwise. */

export const MS_PER_SECOND = 1_000;
export const MS_PER_MINUTE = 60_000;
export const MS_PER_HOUR = 3_600_000;
export const MS_PER_DAY = 86_400_000;
export const DEG_PER_HOUR = 15;
export const ARCSEC_PER_DEG = 3_600;
export const RAD_PER_DEG = Math.PI / 180;
export const DEG_PER_RAD = 180 / Math.PI;
/** Julian date of the Unix epoch, 1970-01-01T00:00:00Z. */
export const UNIX_EPOCH_JD = 2_440_587.5;

/** Julian date (UTC) of a Unix time in ms. */
export function julianDate(unixMs: number): number {
  return UNIX_EPOCH_JD + unixMs / MS_PER_DAY;
}

/** Unix time in ms, rounded to 1 ms, of a Julian date (UTC). */
export function unixMsOfJulianDate(jd: number): number {
  return Math.round((jd - UNIX_EPOCH_JD) * MS_PER_DAY);
}

/** Angle brought to [0, 360). */
export function wrap360(deg: number): number {
  const wrapped = deg % 360;
  // Adding 360 to a negative angle below the last bit gives 360 itself, which is 0.
  return wrapped < 0 ? (wrapped + 360) % 360 : wrapped;
}

/** Angle brought to [-180, 180). */
export function wrap180(deg: number): number {
  return wrap360(deg + 180) - 180;
}

/** Great-circle distance in degrees between two sky positions in degrees (Vincenty's formula, exact at all distances). */
export function separationDeg(ra1Deg: number, dec1Deg: number, ra2Deg: number, dec2Deg: number): number {
  const d1 = dec1Deg * RAD_PER_DEG;
  const d2 = dec2Deg * RAD_PER_DEG;
  const dRa = (ra2Deg - ra1Deg) * RAD_PER_DEG;
  const across = Math.cos(d2) * Math.sin(dRa);
  const along = Math.cos(d1) * Math.sin(d2) - Math.sin(d1) * Math.cos(d2) * Math.cos(dRa);
  const dot = Math.sin(d1) * Math.sin(d2) + Math.cos(d1) * Math.cos(d2) * Math.cos(dRa);
  return Math.atan2(Math.hypot(across, along), dot) * DEG_PER_RAD;
}
