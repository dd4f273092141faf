import { describe, expect, test } from "@jest/globals";
import { detectSources, medianFwhmPx } from "../../domain/imaging/detect-sources.ts";
import { numberOf, textOf } from "../../domain/imaging/fits/card.ts";
import { imageFloat32 } from "../../domain/imaging/fits/read-image.ts";
import { readFits } from "../../domain/imaging/fits/reader.ts";
import { asciiText, headerRecord } from "../../domain/imaging/headers.ts";
import type { FrameDescription } from "../../domain/imaging/headers.ts";
import { fitsRowsOfColumns, fitsRowsOfImageArray, upsideDown } from "../../domain/imaging/orientation.ts";
import { buildFrame } from "../../domain/imaging/science-frame.ts";
import {
  clippedMean,
  clippedStd,
  imageStatistics,
  madStd,
  median,
  percentiles,
} from "../../domain/imaging/statistics.ts";
import { asinhStretch, greyPreview, shrunk, zscale } from "../../domain/imaging/stretch.ts";
import { pixelOfSky, skyOfPixel, wcsCards, wcsOfCards, wcsOfPointing } from "../../domain/imaging/wcs.ts";
import { separationDeg } from "../../domain/units.ts";
import { createNormal, fitsverify, hasSharedImages, sharedBytes } from "./shared.ts";

const reference: any = hasSharedImages
  ? JSON.parse(Buffer.from(sharedBytes("extras.json")).toString())
  : null;
const withReference = reference === null ? test.skip : test;

function starField(
  width: number,
  height: number,
  stars: readonly { x: number; y: number; flux: number }[],
  fwhm: number,
): Float32Array {
  const noise = createNormal(7);
  const pixels = Float32Array.from({ length: width * height }, () => 1_000 + 10 * noise());
  const sigma = fwhm / 2.3548;
  for (const star of stars) {
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        const r2 = (x + 1 - star.x) ** 2 + (y + 1 - star.y) ** 2;
        if (r2 < 400) {
          const index = y * width + x;
          pixels[index] =
            (pixels[index] ?? 0) +
            (star.flux / (2 * Math.PI * sigma ** 2)) * Math.exp(-r2 / (2 * sigma ** 2));
        }
      }
    }
  }
  return pixels;
}

describe("orientation", () => {
  test("the bottom row of the picture is the first of the file, and back", () => {
    const topDown = new Uint16Array([1, 2, 3, 4, 5, 6]);
    expect([...upsideDown(topDown, 3)]).toEqual([4, 5, 6, 1, 2, 3]);
    expect(upsideDown(upsideDown(topDown, 3), 3)).toEqual(topDown);
    expect(() => upsideDown(topDown, 4)).toThrow(/no rows of 4/);
  });

  test("columns of the wire and of JSON give the same rows", () => {
    // Value[x][y], 3 wide and 2 high: the picture is 1 2 3 above 4 5 6.
    const wire = new Uint16Array([1, 4, 2, 5, 3, 6]);
    expect([...fitsRowsOfColumns(wire, 3, 2)]).toEqual([4, 5, 6, 1, 2, 3]);
    const json = fitsRowsOfImageArray([
      [1, 4],
      [2, 5],
      [3, 6],
    ]);
    expect(json).toEqual({ width: 3, height: 2, pixels: new Uint16Array([4, 5, 6, 1, 2, 3]) });
    expect(() => fitsRowsOfColumns(wire, 3, 3)).toThrow(/3 x 3/);
    expect(() => fitsRowsOfImageArray([[1, 2], [3]])).toThrow(/column 1/);
    expect(() => fitsRowsOfImageArray([[1, -2]])).toThrow(/\(0, 1\) is -2/);
  });
});

describe("statistics", () => {
  test("of small arrays by hand", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([Number.NaN, 5])).toBe(5);
    expect(median([])).toBeNaN();
    expect(madStd([1, 1, 2, 2, 4, 6, 9])).toBeCloseTo(1.4826, 4);
    expect(percentiles([0, 10, 20, 30, 40], [0, 0.5, 0.9, 1])).toEqual([0, 20, 36, 40]);
    expect(clippedMean([10, 11, 9, 10, 10.5, 9.5, 1_000], 5)).toEqual({ mean: 10, count: 6 });
    expect(clippedStd([1, 1, 1, 3, 3, 3, 1_000])).toBeCloseTo(1, 9);
    expect(clippedStd([5, 5, 5, 5, 9])).toBeCloseTo(1.6, 9);
    expect(imageStatistics(new Uint16Array([1, 2, 3]))).toMatchObject({ min: 1, max: 3, mean: 2, median: 2 });
    expect(imageStatistics([Number.NaN]).mean).toBeNaN();
  });

  test("the selection agrees with sorting", () => {
    const noise = createNormal(3);
    for (let n = 1; n < 200; n += 1) {
      const values = Array.from({ length: n }, () => Math.round(5 * noise()));
      const sorted = values.toSorted((a, b) => a - b);
      const middle = ((sorted[(n - 1) >> 1] ?? 0) + (sorted[n >> 1] ?? 0)) / 2;
      expect(median(values) - middle).toBeCloseTo(0, 12);
    }
  });

  withReference("agree with the reference", () => {
    for (const { x, ...expected } of reference.stats) {
      expect(madStd(x)).toBeCloseTo(expected.mad_std, 9);
      const clipped = clippedMean(x, 5);
      expect(clipped.count).toBe(expected.clip5mad_n);
      expect(clipped.mean).toBeCloseTo(expected.clip5mad_mean, 9);
    }
  });
});

describe("stretch", () => {
  test("asinh runs from 0 to 1 and lifts the faint", () => {
    expect(asinhStretch(0)).toBe(0);
    expect(asinhStretch(1)).toBe(1);
    expect(asinhStretch(0.1)).toBeCloseTo(0.29397, 4);
  });

  test("the preview is turned to begin at the top, and NaN is black", () => {
    const preview = greyPreview([0, 0, 10, Number.NaN], 2, { low: 0, high: 10 });
    expect(preview).toEqual({ width: 2, height: 2, pixels: new Uint8Array([255, 0, 0, 0]) });
  });

  test("a picture shrinks by whole blocks", () => {
    const image = { width: 4, height: 2, pixels: new Uint8Array([0, 4, 8, 8, 0, 4, 8, 8]) };
    expect(shrunk(image, 2)).toEqual({ width: 2, height: 1, pixels: new Uint8Array([2, 8]) });
    expect(shrunk(image, 4)).toBe(image);
  });

  test("zscale brackets the sky of a star field", () => {
    const { low, high } = zscale(starField(100, 100, [{ x: 50, y: 50, flux: 1e6 }], 4));
    expect(low).toBeGreaterThan(940);
    expect(low).toBeLessThan(990);
    expect(high).toBeGreaterThan(1_010);
    expect(high).toBeLessThan(1_100);
    expect(zscale(new Float32Array(50).fill(7))).toEqual({ low: 7, high: 7 });
  });

  withReference("agrees with the reference", () => {
    const { low, high } = zscale(imageFloat32(readFits(sharedBytes("edge/zscale.fits"))[0]!));
    expect(Math.abs(low - reference.zscale.z1)).toBeLessThan(0.01);
    expect(Math.abs(high - reference.zscale.z2)).toBeLessThan(0.01);
    for (const [x, y] of reference.zscale.asinh) {
      expect(asinhStretch(x, reference.zscale.asinh_a)).toBeCloseTo(y, 9);
    }
  });
});

describe("world coordinates", () => {
  test("north is up and east is left when the detector's up is north", () => {
    const wcs = wcsOfPointing({
      raDeg: 10,
      decDeg: 40,
      width: 101,
      height: 51,
      scaleArcsecPerPx: 1,
      rotationDeg: 0,
    });
    expect(skyOfPixel(wcs, 51, 26)).toEqual({ raDeg: 10, decDeg: 40 });
    expect(skyOfPixel(wcs, 51, 27).decDeg).toBeGreaterThan(40);
    expect(skyOfPixel(wcs, 50, 26).raDeg).toBeGreaterThan(10);
  });

  test("rotated by 90 deg, up is east", () => {
    const wcs = wcsOfPointing({
      raDeg: 10,
      decDeg: 0,
      width: 3,
      height: 3,
      scaleArcsecPerPx: 3600,
      rotationDeg: 90,
    });
    const up = skyOfPixel(wcs, 2, 3);
    expect(up.raDeg).toBeCloseTo(11, 3);
    expect(up.decDeg).toBeCloseTo(0, 9);
  });

  test("pixels and sky turn into each other, mirrored too, at the poles and across 0 h", () => {
    for (const [raDeg, decDeg] of [
      [0.001, 0],
      [200, 89.99],
      [300, -60],
    ] as const) {
      for (const mirrored of [false, true]) {
        const wcs = wcsOfPointing({
          raDeg,
          decDeg,
          width: 1024,
          height: 1024,
          scaleArcsecPerPx: 0.7,
          rotationDeg: 33,
          mirrored,
        });
        const read = wcsOfCards(wcsCards(wcs));
        expect(read).toBeDefined();
        const sky = skyOfPixel(read!, 17, 901);
        const pixel = pixelOfSky(wcs, sky.raDeg, sky.decDeg);
        expect(pixel?.x).toBeCloseTo(17, 6);
        expect(pixel?.y).toBeCloseTo(901, 6);
      }
    }
    const wcs = wcsOfPointing({
      raDeg: 0,
      decDeg: 0,
      width: 3,
      height: 3,
      scaleArcsecPerPx: 1,
      rotationDeg: 0,
    });
    expect(pixelOfSky(wcs, 180, 0)).toBeUndefined();
    expect(wcsOfCards([])).toBeUndefined();
  });

  withReference("agree with the reference", () => {
    for (const { header, fits_pixel, radec } of reference.wcs) {
      const cards: any[] = Object.entries(header).map(([keyword, value]) => ({
        kind: typeof value === "number" ? "real" : "text",
        keyword,
        value,
      }));
      const wcs = wcsOfCards(cards);
      // Other projections are not read, and not taken for TAN.
      expect(wcs === undefined).toBe(header.CTYPE1 !== "RA---TAN");
      if (wcs === undefined) {
        continue;
      }
      fits_pixel.forEach(([x, y]: [number, number], i: number) => {
        const [ra, dec] = radec[i];
        const sky = skyOfPixel(wcs, x, y);
        expect(separationDeg(sky.raDeg, sky.decDeg, ra, dec)).toBeLessThan(1e-9);
        const pixel = pixelOfSky(wcs, ra, dec);
        expect(Math.hypot((pixel?.x ?? 0) - x, (pixel?.y ?? 0) - y)).toBeLessThan(1e-4);
      });
    }
  });
});

describe("sources", () => {
  const STARS = Array.from({ length: 30 }, (_, i) => ({
    x: 20.3 + ((i * 67) % 210),
    y: 25.6 + ((i * 97) % 205),
    flux: 3_000 * 1.15 ** i,
  }));

  test("all stars of a field are found where they are, as bright and as wide as they are, and nothing else", () => {
    const sources = detectSources(starField(256, 256, STARS, 3), 256);
    expect(sources).toHaveLength(STARS.length);
    for (const star of STARS) {
      const found = sources.filter(({ x, y }) => Math.hypot(x - star.x, y - star.y) < 0.3);
      expect([star, found.length]).toEqual([star, 1]);
      expect(Math.abs((found[0]?.flux ?? 0) / star.flux - 1)).toBeLessThan(0.15);
    }
    expect(medianFwhmPx(sources)).toBeGreaterThan(2.7);
    expect(medianFwhmPx(sources)).toBeLessThan(3.3);
  });

  test("an empty frame has none, a hot pixel is none, NaN is no light", () => {
    const empty = starField(200, 200, [], 3);
    expect(detectSources(empty, 200)).toEqual([]);
    empty[100 * 200 + 100] = 30_000;
    empty[50 * 200 + 50] = Number.NaN;
    expect(detectSources(empty, 200)).toEqual([]);
    expect(medianFwhmPx([])).toBeNull();
  });
});

const FRAME: FrameDescription = {
  frameType: "OBJECT",
  width: 64,
  height: 48,
  startMs: Date.parse("2026-11-20T05:00:00.123Z"),
  exposureS: 30,
  site: { name: "COLIBRI, San Pedro Mártir", latDeg: 31.0442, lonDeg: -115.4637, heightM: 2800 },
  telescope: { name: "COLIBRI 1.3 m", apertureM: 1.3, focalLengthMm: 7930 },
  instrument: {
    id: "vis",
    name: "Visible imager",
    cameraName: "Visible camera",
    gainEPerAdu: 1.5,
    readNoiseE: 8,
    saturationAdu: 60_000,
    setPointC: -60,
    rotationDeg: 0,
    scaleArcsecPerPx: 0.7,
    pixelSizeUm: 15,
  },
  temperatureC: -59.98,
  filter: "r",
  object: "GRB 261120A — afterglow",
  target: { raDeg: 60, decDeg: 20 },
  pointing: { raDeg: 60.001, decDeg: 20.001, measured: true },
  nightDate: "2026-11-19",
  programmeId: "alerts",
  requestId: "R1",
  sequenceId: "S1",
  albumId: "S1-vis",
  planId: "S1-vis-1",
  frameNumber: 2,
  attempt: 1,
  alertKey: "swift/123456",
  triggerMs: Date.parse("2026-11-20T04:59:00.000Z"),
  software: "Vesper 0.1.0",
};

describe("a frame for the archive", () => {
  const topDown = new Uint16Array(FRAME.width * FRAME.height).fill(1_000);
  topDown[0] = 65_535;
  const built = buildFrame(topDown, FRAME);
  const [hdu] = readFits(built.fits);

  test("the file passes fitsverify and holds the pixels bottom row first", () => {
    expect(fitsverify(built.fits) || "").toBe("");
    const pixels = imageFloat32(hdu!);
    expect(hdu?.axes).toEqual([64, 48]);
    expect(pixels[47 * 64]).toBe(65_535);
    expect(built.statistics).toMatchObject({ median: 1_000, max: 65_535, sources: 0, fwhmPx: null });
    expect(built.statistics.saturatedFraction).toBeCloseTo(1 / (64 * 48), 9);
    expect(built.preview.pixels[0]).toBe(255);
  });

  test("the header says what, when, where, with what, for whom", () => {
    const cards = hdu?.cards ?? [];
    const texts = Object.fromEntries(
      [
        "IMAGETYP",
        "DATE-OBS",
        "DATE-END",
        "FILTER",
        "OBJECT",
        "OBSERVAT",
        "SEQID",
        "ALERTKEY",
        "TRIGTIME",
      ].map((keyword) => [keyword, textOf(cards, keyword)]),
    );
    expect(texts).toEqual({
      IMAGETYP: "OBJECT",
      "DATE-OBS": "2026-11-20T05:00:00.123",
      "DATE-END": "2026-11-20T05:00:30.123",
      FILTER: "r",
      OBJECT: "GRB 261120A - afterglow",
      OBSERVAT: "COLIBRI, San Pedro Martir",
      SEQID: "S1",
      ALERTKEY: "swift/123456",
      TRIGTIME: "2026-11-20T04:59:00.000",
    });
    expect(numberOf(cards, "MJD-OBS")).toBeCloseTo(61364.208334757, 8);
    expect(numberOf(cards, "EXPTIME")).toBe(30);
    expect(numberOf(cards, "TSINCE")).toBe(60.123);
    expect(numberOf(cards, "FRAMENO")).toBe(2);
    expect(numberOf(cards, "CENTALT")).toBeGreaterThan(20);
    expect(numberOf(cards, "AIRMASS")).toBeGreaterThan(1);
    expect(numberOf(cards, "MOONSEP")).toBeGreaterThan(0);
    const wcs = wcsOfCards(cards)!;
    expect(skyOfPixel(wcs, 32.5, 24.5).raDeg).toBeCloseTo(60.001, 9);
  });

  test("as JSON it is keywords and values", () => {
    const record = headerRecord(built.cards);
    expect(record["EXPTIME"]).toBe(30);
    expect(JSON.parse(JSON.stringify(record))).toEqual(record);
  });

  test("the same input gives the same bytes", () => {
    expect(buildFrame(topDown, FRAME).fits).toEqual(built.fits);
    expect(() => buildFrame(topDown.subarray(1), FRAME)).toThrow(/64 x 48/);
  });

  test("a bias knows nothing of the sky", () => {
    const { filter: _filter, object: _object, target: _target, pointing: _pointing, ...rest } = FRAME;
    const bias = buildFrame(topDown, {
      ...rest,
      frameType: "BIAS",
      exposureS: 0,
      alertKey: null,
      triggerMs: null,
    });
    const keywords = bias.cards.map(({ keyword }) => keyword);
    expect(keywords).not.toContain("CRVAL1");
    expect(keywords).not.toContain("AIRMASS");
    expect(keywords).not.toContain("ALERTKEY");
    expect(bias.statistics.sources).toBeNull();
    expect(fitsverify(bias.fits) || "").toBe("");
  });

  test("text for headers is ASCII", () => {
    expect(asciiText("Škoda ä ñ — 星")).toBe("Skoda a n - ?");
  });
});
