/** A place on Earth. Longitude is positive to the EAST, height is metres above sea level (WGS84). */
export interface Site {
  readonly latDeg: number;
  readonly lonDeg: number;
  readonly heightM: number;
}

const LIMITS: readonly (readonly [keyof Site, number, number])[] = [
  ["latDeg", -90, 90],
  ["lonDeg", -180, 360],
  ["heightM", -500, 9_000],
];

/**
 * Refuses a site that is not on Earth.
 * @throws RangeError naming the field, its value and the rule
 */
export function checkSite(site: Site): void {
  for (const [field, low, high] of LIMITS) {
    const value = site[field];
    if (!(value >= low && value <= high)) {
      throw new RangeError(`site ${field} is ${value}: must be a number from ${low} to ${high}`);
    }
  }
}
