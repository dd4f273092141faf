import { ARCSEC_PER_DEG, DEG_PER_RAD, RAD_PER_DEG, wrap360 } from "../units.ts";
import { numberOf, real, text, textOf } from "./fits/card.ts";
import type { Card } from "./fits/card.ts";

/**
 * Gnomonic ("TAN") world coordinates of an image, ICRS (Calabretta & Greisen 2002, A&A 395, 1077).
 * Pixels are counted as FITS does: the centre of the first pixel is (1, 1).
 */
export interface TanWcs {
  /** Reference pixel. */
  readonly crpix: readonly [number, number];
  /** Right ascension and declination of the reference pixel, degrees. */
  readonly crval: readonly [number, number];
  /** Degrees per pixel: [[CD1_1, CD1_2], [CD2_1, CD2_2]]. */
  readonly cd: readonly [readonly [number, number], readonly [number, number]];
}

/** What an observatory knows of a frame before any star was measured. */
export interface Pointing {
  /** Where the optical axis (the middle of the frame) points, ICRS degrees. */
  readonly raDeg: number;
  readonly decDeg: number;
  readonly width: number;
  readonly height: number;
  readonly scaleArcsecPerPx: number;
  /** Position angle of the detector's +Y, north through east. */
  readonly rotationDeg: number;
  /** An odd number of mirrors turns the sky over: with +Y north, +X is then east. */
  readonly mirrored?: boolean;
}

/** The coordinates that a pointing implies, with the reference pixel in the middle of the frame. */
export function wcsOfPointing(pointing: Pointing): TanWcs {
  const scaleDeg = pointing.scaleArcsecPerPx / ARCSEC_PER_DEG;
  const cos = scaleDeg * Math.cos(pointing.rotationDeg * RAD_PER_DEG);
  const sin = scaleDeg * Math.sin(pointing.rotationDeg * RAD_PER_DEG);
  const side = pointing.mirrored === true ? -1 : 1;
  return {
    crpix: [(pointing.width + 1) / 2, (pointing.height + 1) / 2],
    crval: [pointing.raDeg, pointing.decDeg],
    cd: [
      [-cos * side, sin],
      [sin * side, cos],
    ],
  };
}

/** The cards of the coordinates, with the matrix as CDi_j. */
export function wcsCards(wcs: TanWcs): Card[] {
  const [[cd11, cd12], [cd21, cd22]] = wcs.cd;
  return [
    real("CRPIX1", wcs.crpix[0], "reference pixel, the first is 1"),
    real("CRPIX2", wcs.crpix[1], "reference pixel, the first is 1"),
    real("CRVAL1", wcs.crval[0], "[deg] right ascension there"),
    real("CRVAL2", wcs.crval[1], "[deg] declination there"),
    text("CTYPE1", "RA---TAN", "gnomonic projection"),
    text("CTYPE2", "DEC--TAN", "gnomonic projection"),
    text("CUNIT1", "deg"),
    text("CUNIT2", "deg"),
    real("CD1_1", exact(cd11), "[deg/px]"),
    real("CD1_2", exact(cd12), "[deg/px]"),
    real("CD2_1", exact(cd21), "[deg/px]"),
    real("CD2_2", exact(cd22), "[deg/px]"),
    text("RADESYS", "ICRS"),
  ];
}

/**
 * The coordinates that a header holds: CD, or PC with CDELT, or CDELT with CROTA2.
 * @returns undefined when it has no TAN coordinates
 */
export function wcsOfCards(cards: readonly Card[]): TanWcs | undefined {
  const [crpix1, crpix2, crval1, crval2] = ["CRPIX1", "CRPIX2", "CRVAL1", "CRVAL2"].map((keyword) =>
    numberOf(cards, keyword),
  );
  const isTan = textOf(cards, "CTYPE1") === "RA---TAN" && textOf(cards, "CTYPE2") === "DEC--TAN";
  if (
    !isTan ||
    crpix1 === undefined ||
    crpix2 === undefined ||
    crval1 === undefined ||
    crval2 === undefined
  ) {
    return undefined;
  }
  return { crpix: [crpix1, crpix2], crval: [crval1, crval2], cd: matrixOf(cards) };
}

/** Right ascension and declination (ICRS degrees) of a pixel. */
export function skyOfPixel(wcs: TanWcs, x: number, y: number): { raDeg: number; decDeg: number } {
  const [[cd11, cd12], [cd21, cd22]] = wcs.cd;
  const dx = x - wcs.crpix[0];
  const dy = y - wcs.crpix[1];
  const xi = (cd11 * dx + cd12 * dy) * RAD_PER_DEG;
  const eta = (cd21 * dx + cd22 * dy) * RAD_PER_DEG;
  const dec0 = wcs.crval[1] * RAD_PER_DEG;
  const along = Math.cos(dec0) - eta * Math.sin(dec0);
  return {
    raDeg: wrap360(wcs.crval[0] + Math.atan2(xi, along) * DEG_PER_RAD),
    decDeg: Math.atan2(Math.sin(dec0) + eta * Math.cos(dec0), Math.hypot(xi, along)) * DEG_PER_RAD,
  };
}

/** The pixel of a place in the sky (ICRS degrees), which may lie outside the frame; undefined when it is 90 deg away or more. */
export function pixelOfSky(wcs: TanWcs, raDeg: number, decDeg: number): { x: number; y: number } | undefined {
  const dec0 = wcs.crval[1] * RAD_PER_DEG;
  const dec = decDeg * RAD_PER_DEG;
  const dRa = (raDeg - wcs.crval[0]) * RAD_PER_DEG;
  const cosine = Math.sin(dec0) * Math.sin(dec) + Math.cos(dec0) * Math.cos(dec) * Math.cos(dRa);
  if (cosine <= 1e-9) {
    return undefined;
  }
  const xi = ((Math.cos(dec) * Math.sin(dRa)) / cosine) * DEG_PER_RAD;
  const eta =
    ((Math.cos(dec0) * Math.sin(dec) - Math.sin(dec0) * Math.cos(dec) * Math.cos(dRa)) / cosine) *
    DEG_PER_RAD;
  const [[cd11, cd12], [cd21, cd22]] = wcs.cd;
  const determinant = cd11 * cd22 - cd12 * cd21;
  return {
    x: wcs.crpix[0] + (cd22 * xi - cd12 * eta) / determinant,
    y: wcs.crpix[1] + (cd11 * eta - cd21 * xi) / determinant,
  };
}

function matrixOf(cards: readonly Card[]): TanWcs["cd"] {
  const value = (keyword: string, absent: number): number => numberOf(cards, keyword) ?? absent;
  if (["CD1_1", "CD1_2", "CD2_1", "CD2_2"].some((keyword) => numberOf(cards, keyword) !== undefined)) {
    return [
      [value("CD1_1", 0), value("CD1_2", 0)],
      [value("CD2_1", 0), value("CD2_2", 0)],
    ];
  }
  const d1 = value("CDELT1", 1);
  const d2 = value("CDELT2", 1);
  const rotation = numberOf(cards, "CROTA2");
  if (rotation !== undefined && numberOf(cards, "PC1_1") === undefined) {
    const cos = Math.cos(rotation * RAD_PER_DEG);
    const sin = Math.sin(rotation * RAD_PER_DEG);
    return [
      [d1 * cos, -d2 * sin],
      [d1 * sin, d2 * cos],
    ];
  }
  return [
    [d1 * value("PC1_1", 1), d1 * value("PC1_2", 0)],
    [d2 * value("PC2_1", 0), d2 * value("PC2_2", 1)],
  ];
}

/** Fifteen digits: beyond that it is rounding, and -0 would be written as such. */
function exact(value: number): number {
  return Number(value.toPrecision(15)) + 0;
}
