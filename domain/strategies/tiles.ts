import { RAD_PER_DEG, separationDeg, wrap360 } from "../units.ts";
import type { Tiling } from "./strategy.ts";

export interface Tile {
  readonly raDeg: number;
  readonly decDeg: number;
}

/**
 * Fields that cover an error circle, the likeliest (nearest to the centre) first: rows of constant declination, each
 * shifted by half a field against the next, spread in right ascension by 1 / cos(dec).
 *
 * @param raDeg,decDeg centre of the circle, deg
 * @param errorDeg its radius (90 %), deg
 * @param fieldDeg side of the square field, deg
 * @returns the centre alone when the circle fits into the field, at most `maxTiles` otherwise
 */
export function tilesFor(
  raDeg: number,
  decDeg: number,
  errorDeg: number,
  fieldDeg: number,
  tiling: Tiling,
): readonly Tile[] {
  const centre = { raDeg, decDeg };
  if (errorDeg <= fieldDeg / 2 || tiling.maxTiles === 1) return [centre];
  const stepDeg = fieldDeg * (1 - tiling.overlap);
  // More rings than can hold maxTiles are never needed.
  const rings = Math.min(Math.ceil(errorDeg / stepDeg), Math.ceil(Math.sqrt(tiling.maxTiles)) + 1);
  const reachDeg = errorDeg + fieldDeg / 2;
  const found: (Tile & { readonly fromCentreDeg: number })[] = [];
  for (let row = -rings; row <= rings; row++) {
    const dec = decDeg + row * stepDeg;
    if (Math.abs(dec) > 90) continue;
    const stretch = Math.max(Math.cos(dec * RAD_PER_DEG), 0.01);
    const shift = row % 2 === 0 ? 0 : 0.5;
    for (let column = -rings; column <= rings; column++) {
      const ra = wrap360(raDeg + ((column + shift) * stepDeg) / stretch);
      const fromCentreDeg = separationDeg(raDeg, decDeg, ra, dec);
      if (fromCentreDeg < reachDeg) found.push({ raDeg: ra, decDeg: dec, fromCentreDeg });
    }
  }
  found.sort((a, b) => a.fromCentreDeg - b.fromCentreDeg || a.decDeg - b.decDeg || a.raDeg - b.raDeg);
  return found.slice(0, tiling.maxTiles).map((tile) => ({ raDeg: tile.raDeg, decDeg: tile.decDeg }));
}
