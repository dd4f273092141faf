import { separationDeg } from "../units.ts";

/** A source of X- or gamma-rays that flares often and is no gamma-ray burst. */
export interface KnownSource {
  readonly name: string;
  readonly raDeg: number;
  readonly decDeg: number;
}

/**
 * Checked by position for notices that carry no catalogue flag of their own. J2000 positions from SIMBAD and the
 * McGill magnetar catalogue (Olausen & Kaspi 2014, ApJS 212, 6), rounded to 0.001 deg.
 */
export const KNOWN_SOURCES: readonly KnownSource[] = [
  { name: "SGR 0418+5729", raDeg: 64.643, decDeg: 57.54 },
  { name: "SGR 0501+4516", raDeg: 75.278, decDeg: 45.276 },
  { name: "SGR 0526-66", raDeg: 81.504, decDeg: -66.076 },
  { name: "Crab", raDeg: 83.633, decDeg: 22.015 },
  { name: "1A 0535+262", raDeg: 84.727, decDeg: 26.316 },
  { name: "Vela X-1", raDeg: 135.529, decDeg: -40.555 },
  { name: "1E 1048.1-5937", raDeg: 162.537, decDeg: -59.889 },
  { name: "Cen X-3", raDeg: 170.313, decDeg: -60.623 },
  { name: "GX 301-2", raDeg: 186.657, decDeg: -62.77 },
  { name: "NGC 4151", raDeg: 182.636, decDeg: 39.406 },
  { name: "Cir X-1", raDeg: 230.17, decDeg: -57.167 },
  { name: "1E 1547.0-5408", raDeg: 237.726, decDeg: -54.307 },
  { name: "Sco X-1", raDeg: 244.979, decDeg: -15.64 },
  { name: "SGR 1627-41", raDeg: 248.968, decDeg: -47.588 },
  { name: "GX 339-4", raDeg: 255.706, decDeg: -48.79 },
  { name: "Her X-1", raDeg: 254.458, decDeg: 35.342 },
  { name: "GRO J1655-40", raDeg: 253.501, decDeg: -39.846 },
  { name: "4U 1700-377", raDeg: 255.987, decDeg: -37.844 },
  { name: "SGR J1745-2900", raDeg: 266.417, decDeg: -29.008 },
  { name: "Swift J1818.0-1607", raDeg: 274.503, decDeg: -16.131 },
  { name: "SGR 1806-20", raDeg: 272.164, decDeg: -20.411 },
  { name: "MAXI J1820+070", raDeg: 275.091, decDeg: 7.185 },
  { name: "V4641 Sgr", raDeg: 274.84, decDeg: -25.407 },
  { name: "Swift J1834.9-0846", raDeg: 278.718, decDeg: -8.766 },
  { name: "1E 1841-045", raDeg: 280.33, decDeg: -4.936 },
  { name: "SGR 1900+14", raDeg: 286.809, decDeg: 9.322 },
  { name: "GRS 1915+105", raDeg: 288.798, decDeg: 10.946 },
  { name: "SGR 1935+2154", raDeg: 293.732, decDeg: 21.897 },
  { name: "Cyg X-1", raDeg: 299.59, decDeg: 35.202 },
  { name: "V404 Cyg", raDeg: 306.016, decDeg: 33.867 },
  { name: "EXO 2030+375", raDeg: 308.064, decDeg: 37.637 },
  { name: "Cyg X-3", raDeg: 308.107, decDeg: 40.958 },
  { name: "Cyg X-2", raDeg: 326.172, decDeg: 38.322 },
  { name: "1E 2259+586", raDeg: 345.284, decDeg: 58.879 },
  { name: "4U 0614+091", raDeg: 94.28, decDeg: 9.137 },
  { name: "4U 0142+61", raDeg: 26.593, decDeg: 61.751 },
  { name: "X Per", raDeg: 58.846, decDeg: 31.046 },
  { name: "Cen A", raDeg: 201.365, decDeg: -43.019 },
  { name: "3C 273", raDeg: 187.278, decDeg: 2.052 },
  { name: "Mrk 421", raDeg: 166.114, decDeg: 38.209 },
];

/** Positions better than this are compared with the list, deg (90 %). */
const MAX_ERROR_DEG = 1;
/** A source this near counts even when the quoted error is smaller, deg. */
const MIN_RADIUS_DEG = 0.05;

/**
 * The known source inside the 90 % error circle of a position, nearest first, or null; also null for positions worse
 * than 1 deg, which hold a known source by chance too often.
 */
export function knownSourceAt(
  raDeg: number,
  decDeg: number,
  error90Deg: number,
): (KnownSource & { readonly sepDeg: number }) | null {
  if (error90Deg > MAX_ERROR_DEG) return null;
  const radius = Math.max(error90Deg, MIN_RADIUS_DEG);
  let nearest: (KnownSource & { sepDeg: number }) | null = null;
  for (const source of KNOWN_SOURCES) {
    if (Math.abs(source.decDeg - decDeg) > radius) continue;
    const sepDeg = separationDeg(raDeg, decDeg, source.raDeg, source.decDeg);
    if (sepDeg <= radius && (nearest === null || sepDeg < nearest.sepDeg)) nearest = { ...source, sepDeg };
  }
  return nearest;
}
