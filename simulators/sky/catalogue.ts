/**
 * The stars: every cell of the sky has its own, made from the seed and the cell's place, so that any field shows the
 * same stars at any time and in any process without a catalogue file.
 */
import { RAD_PER_DEG, separationDeg, wrap360 } from "../../domain/units.ts";
import { createRandom, hash32, normal, poisson } from "./random.ts";

export interface Star {
  readonly raDeg: number;
  readonly decDeg: number;
  /** Magnitude in the r band. */
  readonly mag: number;
  /** g - r, mag. */
  readonly colour: number;
}

const CELL_DEG = 0.5;
const CELLS_KEPT = 4_000;
const BRIGHTEST_MAG = 8;
const FAINTEST_MAG = 20.5;
/** Stars per square degree brighter than m: 250 * 10^(0.3 (m - 17)), about the counts at high galactic latitude. */
const COUNT_SLOPE = 0.3;
const COUNT_AT_17 = 250;

/** Effect of the colour on the magnitude in a band, relative to r: stars are redder than their r magnitude tells. */
const COLOUR_TERMS: Readonly<Record<string, number>> = {
  B: 1.3,
  g: 1,
  gri: 0.1,
  r: 0,
  i: -0.4,
  z: -0.6,
  zy: -0.7,
  y: -0.7,
  Y: -0.9,
  J: -1.4,
  H: -1.9,
  K: -2.1,
  Ks: -2.1,
};

/** Magnitude of a star in a band; unknown bands see it as r does. */
export function magnitudeIn(star: Star, band: string): number {
  return star.mag + (COLOUR_TERMS[band] ?? 0) * star.colour;
}

export interface Catalogue {
  /** Stars within `radiusDeg` of a place, brightest first. */
  readonly around: (raDeg: number, decDeg: number, radiusDeg: number) => readonly Star[];
}

/** The catalogue that grows from `seed`. */
export function createCatalogue(seed: number): Catalogue {
  const cells = new Map<string, readonly Star[]>();
  const cell = (band: number, column: number): readonly Star[] => {
    const key = `${band}/${column}`;
    const known = cells.get(key);
    if (known !== undefined) return known;
    const stars = makeCell(seed, band, column);
    if (cells.size >= CELLS_KEPT) cells.clear();
    cells.set(key, stars);
    return stars;
  };
  return {
    around: (raDeg, decDeg, radiusDeg) =>
      cellsAround(raDeg, decDeg, radiusDeg)
        .flatMap(([band, column]) => cell(band, column))
        .filter((star) => separationDeg(raDeg, decDeg, star.raDeg, star.decDeg) <= radiusDeg)
        .sort((a, b) => a.mag - b.mag),
  };
}

function columnsIn(band: number): number {
  const middleDeg = -90 + (band + 0.5) * CELL_DEG;
  return Math.max(1, Math.round((360 / CELL_DEG) * Math.cos(middleDeg * RAD_PER_DEG)));
}

function cellsAround(raDeg: number, decDeg: number, radiusDeg: number): [number, number][] {
  const bands = Math.round(180 / CELL_DEG);
  const firstBand = Math.max(0, Math.floor((decDeg - radiusDeg + 90) / CELL_DEG));
  const lastBand = Math.min(bands - 1, Math.floor((decDeg + radiusDeg + 90) / CELL_DEG));
  const found: [number, number][] = [];
  for (let band = firstBand; band <= lastBand; band++) {
    const columns = columnsIn(band);
    // Half the width in RA of the cap at its widest; beyond the pole the cap holds every column.
    const reach = Math.min(89.9, Math.max(Math.abs(decDeg) + radiusDeg, 0));
    const halfWidthDeg =
      Math.abs(decDeg) + radiusDeg >= 89.9 ? 180 : radiusDeg / Math.cos(reach * RAD_PER_DEG);
    const first = Math.floor(((raDeg - halfWidthDeg) / 360) * columns);
    const last = Math.min(first + columns - 1, Math.floor(((raDeg + halfWidthDeg) / 360) * columns));
    for (let column = first; column <= last; column++) {
      found.push([band, ((column % columns) + columns) % columns]);
    }
  }
  return found;
}

function makeCell(seed: number, band: number, column: number): Star[] {
  const random = createRandom(hash32(seed, band, column));
  const lowDeg = -90 + band * CELL_DEG;
  const lowZ = Math.sin(lowDeg * RAD_PER_DEG);
  const highZ = Math.sin((lowDeg + CELL_DEG) * RAD_PER_DEG);
  const widthDeg = 360 / columnsIn(band);
  const areaDeg2 = (widthDeg * (highZ - lowZ)) / RAD_PER_DEG;
  const toFaintest = COUNT_AT_17 * 10 ** (COUNT_SLOPE * (FAINTEST_MAG - 17));
  const count = poisson(random, areaDeg2 * toFaintest);
  return Array.from({ length: count }, () => {
    const z = lowZ + (highZ - lowZ) * random();
    const raDeg = wrap360((column + random()) * widthDeg);
    const mag = FAINTEST_MAG + Math.log10(1 - random()) / COUNT_SLOPE;
    return {
      raDeg,
      decDeg: Math.asin(z) / RAD_PER_DEG,
      mag: Math.max(BRIGHTEST_MAG, mag),
      colour: 0.7 + 0.3 * normal(random),
    };
  });
}
