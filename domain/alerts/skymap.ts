import {
  nside2order,
  nside2pixarea,
  order2nside,
  pix2ang_nest,
  ring2nest,
  uniq2orderpix,
} from "@hscmap/healpix";
import { numberOf, textOf } from "../imaging/fits/card.ts";
import { FitsError } from "../imaging/fits/error.ts";
import { readFits } from "../imaging/fits/reader.ts";
import type { Hdu } from "../imaging/fits/reader.ts";
import { tableColumns } from "../imaging/fits/read-table.ts";
import type { Cell } from "../imaging/fits/read-table.ts";
import { DEG_PER_RAD, wrap360 } from "../units.ts";
import { NoticeError } from "./notice.ts";

/** One HEALPix pixel (Gorski et al. 2005, ApJ 622, 759) of a probability map, in nested numbering. */
export interface SkyPixel {
  /** nside = 2^order. */
  readonly order: number;
  readonly ipix: number;
  readonly probability: number;
}

/** What a sky map says, as far as deciding needs it. */
export interface SkymapSummary {
  /** Centre of the pixel of the highest density, ICRS degrees. */
  readonly raDeg: number;
  readonly decDeg: number;
  /** Area of the smallest region that holds 50 % and 90 %, square degrees. */
  readonly area50Deg2: number;
  readonly area90Deg2: number;
  /** Radius of the circle of the same area as the 90 % region, deg. */
  readonly error90Deg: number;
}

const SQDEG_PER_SR = DEG_PER_RAD * DEG_PER_RAD;
/** Pixels of a full map of nside 512; larger ones come in multi-order form. */
const MAX_PIXELS = 3_200_000;
const LIMITS = { maxDataBytes: 32 * 1024 * 1024, maxHdus: 8, maxHeaderRecords: 2_000 };

/**
 * Reads a HEALPix probability map from FITS: multi-order (columns UNIQ and PROBDENSITY, per steradian) or of one
 * order (column PROB, nested or ring).
 * @param bytes the file, not compressed
 * @throws NoticeError when it is no such map
 */
export function readSkymap(bytes: Uint8Array): SkyPixel[] {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) throw new NoticeError("the sky map is compressed");
  try {
    const table = readFits(bytes, { limits: LIMITS, badChecksum: "report" }).find(
      ({ kind }) => kind === "bintable",
    );
    if (table === undefined) throw new NoticeError("the sky map has no table");
    return pixelsOf(table);
  } catch (error) {
    if (error instanceof FitsError) throw new NoticeError(`the sky map cannot be read: ${error.message}`);
    throw error;
  }
}

function pixelsOf(table: Hdu): SkyPixel[] {
  const columns = new Map(tableColumns(table).map((column) => [column.name.toUpperCase(), column.values]));
  const uniq = columns.get("UNIQ");
  const density = columns.get("PROBDENSITY");
  if (uniq !== undefined && density !== undefined) {
    return uniq.map((cell, row) => {
      const { order, ipix } = uniq2orderpix(Number(cell));
      return { order, ipix, probability: finite(density[row]) * nside2pixarea(order2nside(order)) };
    });
  }
  const column = columns.get("PROB") ?? columns.get("PROBABILITY");
  if (column === undefined) throw new NoticeError("the sky map has neither UNIQ and PROBDENSITY nor PROB");
  const values = column
    .flatMap((cell) => (Array.isArray(cell) ? (cell as readonly Cell[]) : [cell]))
    .map(finite);
  const nside = numberOf(table.cards, "NSIDE") ?? Math.sqrt(values.length / 12);
  const order = nside2order(nside);
  if (values.length > MAX_PIXELS || !Number.isInteger(order) || values.length !== 12 * nside * nside) {
    throw new NoticeError(`the sky map has ${values.length} pixels, which is no full map of nside ${nside}`);
  }
  const isNested = (textOf(table.cards, "ORDERING") ?? "RING").trim().toUpperCase().startsWith("NEST");
  return values.map((probability, i) => ({ order, ipix: isNested ? i : ring2nest(nside, i), probability }));
}

function finite(cell: Cell | undefined): number {
  const value = Number(cell ?? Number.NaN);
  return Number.isFinite(value) && value > 0 ? value : 0;
}

/**
 * Best position and credible areas of a map: pixels in order of falling density until they hold 50 and 90 % of what
 * the map holds in all.
 * @throws NoticeError when the map holds no probability
 */
export function summariseSkymap(pixels: readonly SkyPixel[]): SkymapSummary {
  const total = pixels.reduce((sum, { probability }) => sum + probability, 0);
  if (!(total > 0)) throw new NoticeError("the sky map holds no probability");
  const areaSr = (pixel: SkyPixel) => nside2pixarea(order2nside(pixel.order));
  const byDensity = pixels
    .map((pixel) => ({ pixel, areaSr: areaSr(pixel) }))
    .sort((a, b) => b.pixel.probability / b.areaSr - a.pixel.probability / a.areaSr);
  let held = 0;
  let sr = 0;
  let sr50: number | null = null;
  for (const { pixel, areaSr: pixelSr } of byDensity) {
    held += pixel.probability;
    sr += pixelSr;
    if (sr50 === null && held >= 0.5 * total) sr50 = sr;
    if (held >= 0.9 * total) break;
  }
  const best = byDensity[0]?.pixel ?? { order: 0, ipix: 0 };
  const { theta, phi } = pix2ang_nest(order2nside(best.order), best.ipix);
  // A cap of the solid angle A has the radius r with A = 2 pi (1 - cos r).
  const error90Deg = Math.acos(Math.max(-1, 1 - sr / (2 * Math.PI))) * DEG_PER_RAD;
  return {
    raDeg: wrap360(phi * DEG_PER_RAD),
    decDeg: 90 - theta * DEG_PER_RAD,
    area50Deg2: (sr50 ?? sr) * SQDEG_PER_SR,
    area90Deg2: sr * SQDEG_PER_SR,
    error90Deg,
  };
}

/** The summary of a map given as base64 (IGWN alerts carry it so). @throws NoticeError when it cannot be read */
export function summariseBase64Skymap(base64: string): SkymapSummary {
  let binary: string;
  try {
    binary = atob(base64);
  } catch {
    throw new NoticeError("the sky map is not base64");
  }
  return summariseSkymap(readSkymap(Uint8Array.from(binary, (c) => c.charCodeAt(0))));
}
