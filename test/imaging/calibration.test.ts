import { describe, expect, test } from "@jest/globals";
import { calibrateFrame } from "../../domain/imaging/calibration/calibrate-frame.ts";
import { combineClipped } from "../../domain/imaging/calibration/combine.ts";
import { cosmicRays } from "../../domain/imaging/calibration/cosmic-rays.ts";
import { isMaster, makeMaster } from "../../domain/imaging/calibration/make-master.ts";
import type { Master } from "../../domain/imaging/calibration/make-master.ts";
import { darkForExposure, identityOf, sameSetup } from "../../domain/imaging/calibration/matching.ts";
import { calibrated } from "../../domain/imaging/calibration/masters.ts";
import { PIXEL_FLAG, hotPixels } from "../../domain/imaging/calibration/pixel-mask.ts";
import { masterFileName, planReduction } from "../../domain/imaging/calibration/plan-reduction.ts";
import type { RawFrame } from "../../domain/imaging/calibration/plan-reduction.ts";
import { judgeGroup } from "../../domain/imaging/calibration/quality.ts";
import { readMaster } from "../../domain/imaging/calibration/read-master.ts";
import { integer, numberOf, real, text, textOf } from "../../domain/imaging/fits/card.ts";
import type { Card } from "../../domain/imaging/fits/card.ts";
import { imageFloat32, imagePixels } from "../../domain/imaging/fits/read-image.ts";
import { readFits } from "../../domain/imaging/fits/reader.ts";
import { writeFits } from "../../domain/imaging/fits/writer.ts";
import { clippedMean, madStd, median } from "../../domain/imaging/statistics.ts";
import { wcsCards, wcsOfPointing } from "../../domain/imaging/wcs.ts";
import { createNormal, fitsverify, hasSharedImages, sharedBytes } from "./shared.ts";

const SIDE = 64;
const BIAS = 1_000;
const GAIN = 1.5;
const READ_NOISE = 6;
const DARK_PER_S = 0.1;

/** Response of the detector of these tests: vignetting, median about 1, and one dead pixel. */
function response(i: number): number {
  const [x, y] = [(i % SIDE) - 31.5, Math.floor(i / SIDE) - 31.5];
  return i === 100 ? 0.2 : 1.05 - (x * x + y * y) / 20_000;
}

function darkRate(i: number): number {
  return i === 200 ? 50 : DARK_PER_S;
}

/** Pixels of a frame (adu) with light of `light` adu per perfect pixel. */
function frame(seed: number, light: number, exposureS: number, scale = 1): Float32Array {
  const normal = createNormal(seed);
  return Float32Array.from({ length: SIDE * SIDE }, (_, i) => {
    const signal = light * response(i) + darkRate(i) * exposureS;
    const noise = Math.sqrt(signal / GAIN + (READ_NOISE / GAIN) ** 2);
    return Math.min(65_535, Math.round(BIAS + signal + scale * noise * normal()));
  });
}

const HEADER: readonly Card[] = [
  text("INSTRUME", "TEST"),
  real("GAIN", GAIN),
  real("RDNOISE", READ_NOISE),
  integer("SATURATE", 60_000),
  real("SET-TEMP", -60),
];

function rawFrame(
  name: string,
  type: string,
  exposureS: number,
  filter?: string,
  extra: readonly Card[] = [],
): RawFrame {
  const cards = [
    text("IMAGETYP", type),
    real("EXPTIME", exposureS),
    ...(filter === undefined ? [] : [text("FILTER", filter)]),
    ...HEADER,
    ...extra,
  ];
  const identity = identityOf(cards, [SIDE, SIDE]);
  if (typeof identity === "string") {
    throw new Error(identity);
  }
  return { name, sha256: "0".repeat(64), cards, axes: [SIDE, SIDE], identity };
}

function groupOf(frames: readonly RawFrame[]) {
  const plan = planReduction(frames);
  return [...plan.biases, ...plan.darks, ...plan.flats][0]!;
}

const sha256Of = (bytes: Uint8Array): string => bytes.length.toString(16).padStart(64, "0");

function mastersOfTest(): Master[] {
  const masters: Master[] = [];
  for (const [type, count, light, exposureS, filter] of [
    ["BIAS", 7, 0, 0, undefined],
    ["DARK", 7, 0, 100, undefined],
    ["FLAT", 7, 20_000, 5, "r"],
  ] as const) {
    const frames = Array.from({ length: count }, (_, k) =>
      rawFrame(`${type}_${k}.fits`, type, exposureS, filter),
    );
    const pixels = frames.map((_, k) => frame(17 * k + light + exposureS, light, exposureS));
    const group = groupOf(frames);
    const master = makeMaster({ group, pixels, fileName: masterFileName(group, false), masters, sha256Of });
    if (!isMaster(master)) {
      throw new Error(master.reason);
    }
    masters.push(master);
  }
  return masters;
}

describe("combination", () => {
  test("is the clipped mean of each pixel, on even and odd stacks, NaN left out", () => {
    const normal = createNormal(5);
    for (let n = 1; n < 12; n += 1) {
      const frames = Array.from({ length: n }, () => Float32Array.from({ length: 40 }, () => 100 + normal()));
      frames[0]?.fill(5_000, 0, 10);
      frames[n >> 1]?.fill(Number.NaN, 5, 15);
      const { pixels } = combineClipped(frames);
      pixels.forEach((value, p) => {
        const expected = clippedMean(
          frames.map((each) => each[p] ?? Number.NaN),
          5,
        ).mean;
        expect([n, p, value]).toEqual([
          n,
          p,
          Number.isNaN(expected) ? Number.NaN : expect.closeTo(expected, 3),
        ]);
      });
    }
  });

  test("refuses frames of different sizes", () => {
    expect(() => combineClipped([new Float32Array(4), new Float32Array(5)])).toThrow(/4, 5 pixels/);
  });
});

describe("masters", () => {
  const [bias, dark, flat] = mastersOfTest() as [Master, Master, Master];

  test("are what the detector is, within the noise of seven frames", () => {
    const noise = READ_NOISE / GAIN / Math.sqrt(7);
    expect(median(bias.pixels)).toBeCloseTo(BIAS, 0);
    expect(madStd(bias.pixels)).toBeLessThan(1.3 * noise);
    expect(Math.abs(median(dark.pixels) - 10)).toBeLessThan(0.5);
    expect(Math.abs((dark.pixels[200] ?? 0) / 5_000 - 1)).toBeLessThan(0.02);
    const level = median(Array.from({ length: SIDE * SIDE }, (_, i) => response(i)));
    const errors = flat.pixels.map((value, i) => value - response(i) / level);
    expect(madStd(errors)).toBeLessThan(1.3 * Math.sqrt(1 / (20_000 * GAIN * 7)));
    expect(flat.pixels[100]).toBeCloseTo(0.2 / level, 1);
  });

  test("say in a conforming file what they are and of what they were made", () => {
    for (const master of [bias, dark, flat]) {
      expect(fitsverify(master.bytes) || "").toBe("");
      const cards = readFits(master.bytes)[0]?.cards ?? [];
      expect(textOf(cards, "IMAGETYP")).toBe(`MASTER ${master.type.toUpperCase()}`);
      expect(numberOf(cards, "NCOMBINE")).toBe(7);
      expect(textOf(cards, "IN007")).toMatch(/_6\.fits$/);
      expect(textOf(cards, "SHA007")).toHaveLength(64);
    }
    const cards = readFits(flat.bytes)[0]?.cards ?? [];
    expect(textOf(cards, "BIASSHA")).toBe(bias.sha256);
    expect(textOf(cards, "DARKFILE")).toBe("master_dark_100s.fits");
    expect([bias.fileName, flat.fileName]).toEqual(["master_bias.fits", "master_flat_r.fits"]);
  });

  test("read from their files they are the same", () => {
    for (const master of [bias, dark, flat]) {
      const { type, identity, fileName, sha256, pixels, grade } = master;
      expect(readMaster(fileName, master.bytes, sha256)).toEqual({
        type,
        identity,
        fileName,
        sha256,
        pixels,
        grade,
      });
    }
    const frame = writeFits([
      { kind: "image", cards: [text("IMAGETYP", "BIAS")], axes: [], pixels: new Uint8Array(0) },
    ]);
    expect(() => readMaster("x.fits", frame, "")).toThrow(/x\.fits: IMAGETYP must be MASTER BIAS/);
  });

  test("are not made of two frames, and degraded of four", () => {
    const make = (count: number) => {
      const frames = Array.from({ length: count }, (_, k) => rawFrame(`b${k}`, "BIAS", 0));
      const pixels = frames.map((_, k) => frame(k, 0, 0));
      return makeMaster({ group: groupOf(frames), pixels, fileName: "m", masters: [], sha256Of });
    };
    expect(make(2)).toMatchObject({ reason: "2 good frames of 2: at least 3 are needed" });
    expect(make(4)).toMatchObject({ grade: "degraded", warnings: ["made of 4 frames only, 5 are wanted"] });
  });

  test("a dark without bias is refused with the reason", () => {
    const frames = Array.from({ length: 5 }, (_, k) => rawFrame(`d${k}`, "DARK", 10));
    const pixels = frames.map((_, k) => frame(k, 0, 10));
    const result = makeMaster({ group: groupOf(frames), pixels, fileName: "m", masters: [], sha256Of });
    expect(result).toMatchObject({ reason: "there is no master bias for these frames" });
  });
});

describe("quality of calibration frames", () => {
  const NUMBERS = { gainEPerAdu: GAIN, readNoiseE: READ_NOISE, saturationAdu: 60_000 };
  const named = (frames: readonly Float32Array[]) => frames.map((pixels, k) => ({ name: `f${k}`, pixels }));

  test("good frames pass", () => {
    for (const [type, light] of [
      ["bias", 0],
      ["flat", 20_000],
    ] as const) {
      const { frames, grade } = judgeGroup(
        type,
        named([1, 2, 3, 4, 5, 6, 7].map((seed) => frame(seed, light, 0))),
        NUMBERS,
      );
      expect(frames.flatMap(({ reasons }) => reasons)).toEqual([]);
      expect(grade).toBe("good");
    }
  });

  test("a flat with a shadow, a saturated and a dark one are named with the numbers, and only they", () => {
    const shadowed = frame(8, 20_000, 0).map((value, i) => (i % SIDE < 10 ? value * 0.7 : value));
    const flats = [
      ...[1, 2, 3, 4, 5].map((seed) => frame(seed, 20_000, 0)),
      shadowed,
      frame(9, 63_000, 0),
      frame(10, 2_000, 0),
    ];
    const { frames, grade } = judgeGroup("flat", named(flats), NUMBERS);
    expect(frames.filter(({ accepted }) => !accepted).map(({ name }) => name)).toEqual(["f5", "f6", "f7"]);
    expect(frames[5]?.reasons.join()).toMatch(
      /15\.\d % of the pixels deviate by more than 6 sigma, the limit is 5 %/,
    );
    expect(frames[6]?.reasons.join()).toMatch(/level \d+ adu is outside 6000 to 51000 adu/);
    expect(grade).toBe("good");
  });

  test("a bias with light in it and a noisy one are named", () => {
    const biases = [...[1, 2, 3, 4, 5].map((seed) => frame(seed, 0, 0)), frame(6, 100, 0), frame(7, 0, 0, 3)];
    const { frames } = judgeGroup("bias", named(biases), NUMBERS);
    expect(frames.filter(({ accepted }) => !accepted).map(({ name }) => name)).toEqual(["f5", "f6"]);
    expect(frames[5]?.reasons.join()).toMatch(/level 1.* adu is more than 12.0 adu from/);
    expect(frames[6]?.reasons.join()).toMatch(/scatter .* is more than 1.5 times/);
  });

  test("a read noise that is not the header's is said", () => {
    const frames = Array.from({ length: 5 }, (_, k) => rawFrame(`b${k}`, "BIAS", 0));
    const pixels = frames.map((_, k) => frame(k, 0, 0, 2));
    const result = makeMaster({ group: groupOf(frames), pixels, fileName: "m", masters: [], sha256Of });
    expect(isMaster(result) && result.warnings.join()).toMatch(
      /read noise is 1[12]\.\d e-, the header says 6.00/,
    );
  });
});

describe("matching", () => {
  const setup = rawFrame("a", "BIAS", 0).identity.setup;

  test("camera, binning, mode, size and temperature must agree", () => {
    expect(sameSetup(setup, { ...setup, temperatureC: -59.2 })).toBe(true);
    expect(sameSetup(setup, { ...setup, temperatureC: null })).toBe(true);
    expect(sameSetup(setup, { ...setup, temperatureC: -58.5 })).toBe(false);
    for (const change of [{ camera: "B" }, { binning: "2x2" }, { readoutMode: "fast" }, { size: "32x32" }]) {
      expect(sameSetup(setup, { ...setup, ...change })).toBe(false);
    }
  });

  test("the dark of the same time, else the longest", () => {
    const darks = [{ exposureS: 30 }, { exposureS: 120 }, { exposureS: 60 }];
    expect(darkForExposure(darks, 60)).toEqual({ exposureS: 60 });
    expect(darkForExposure(darks, 5)).toEqual({ exposureS: 120 });
    expect(darkForExposure(darks, 300)).toEqual({ exposureS: 120 });
    expect(darkForExposure([], 5)).toBeUndefined();
  });

  test("groups by exposure and filter, and names several set-ups apart", () => {
    const plan = planReduction([
      rawFrame("d1", "DARK", 30),
      rawFrame("d2", "Dark Frame", 30),
      rawFrame("d3", "DARK", 60),
      rawFrame("f1", "FLAT", 5, "r"),
      rawFrame("f2", "Flat Field", 4, "r"),
      rawFrame("f3", "FLAT", 5, "g'"),
      rawFrame("s1", "LIGHT", 5, "r"),
      rawFrame("b1", "BIAS", 0),
      rawFrame("b2", "BIAS", 0, undefined, [integer("XBINNING", 2), integer("YBINNING", 2)]),
    ]);
    expect(plan.darks.map(({ frames }) => frames.length)).toEqual([2, 1]);
    expect(plan.flats.map((group) => masterFileName(group, false))).toEqual([
      "master_flat_r.fits",
      "master_flat_g-.fits",
    ]);
    expect(plan.science.map(({ name }) => name)).toEqual(["s1"]);
    expect(plan.biases.map((group) => masterFileName(group, true))).toEqual([
      "master_bias_TEST_1x1_-60C.fits",
      "master_bias_TEST_2x2_-60C.fits",
    ]);
  });

  test("what cannot be told is said", () => {
    expect(identityOf([text("IMAGETYP", "SKY")], [2, 2])).toMatch(/IMAGETYP is "SKY"/);
    expect(identityOf([], [2, 2])).toMatch(/IMAGETYP is ""/);
    expect(identityOf([text("IMAGETYP", "FLAT")], [2, 2])).toMatch(/EXPTIME is missing/);
    expect(identityOf([text("IMAGETYP", "DARK"), real("EXPTIME", 0)], [2, 2])).toMatch(
      /EXPTIME of a dark is 0/,
    );
  });
});

describe("a calibrated science frame", () => {
  const masters = mastersOfTest();
  const WCS = [
    ...wcsCards(
      wcsOfPointing({
        raDeg: 186.25,
        decDeg: 31,
        width: SIDE,
        height: SIDE,
        scaleArcsecPerPx: 1,
        rotationDeg: 0,
      }),
    ),
    text("OBJECT", "M 1"),
  ];
  const raw = rawFrame("sci_7.fits", "OBJECT", 50, "r", WCS);
  const pixels = frame(99, 5_000, 50);
  pixels[1_000] = 65_535;

  test("has the counts of a perfect detector, keeps its header, and says what was done", () => {
    const result = calibrateFrame(raw, pixels, masters);
    const level = median(Array.from({ length: SIDE * SIDE }, (_, i) => response(i)));
    expect(median(result.pixels) / (5_000 * level)).toBeCloseTo(1, 2);
    expect(madStd(result.pixels)).toBeLessThan(1.15 * Math.sqrt(5_000 / GAIN + 16));
    const [image, mask] = readFits(result.bytes);
    const cards = image?.cards ?? [];
    expect([result.status, textOf(cards, "CALSTAT"), result.warnings]).toEqual(["BDF", "BDF", []]);
    expect([textOf(cards, "CTYPE1"), numberOf(cards, "CRVAL1"), textOf(cards, "OBJECT")]).toEqual([
      "RA---TAN",
      186.25,
      "M 1",
    ]);
    expect(numberOf(cards, "DARKSCAL")).toBe(0.5);
    expect(textOf(cards, "FLATFILE")).toBe("master_flat_r.fits");
    expect(image?.bitpix).toBe(-32);
    expect(imageFloat32(image!)).toEqual(result.pixels);
    expect(mask?.name).toBe("MASK");
    expect(imagePixels(mask!)).toEqual(result.mask);
    expect(fitsverify(result.bytes) || "").toBe("");
  });

  test("flags the hot, the dead and the saturated pixel", () => {
    const { mask } = calibrateFrame(raw, pixels, masters);
    expect([mask[200], mask[100], mask[1_000]]).toEqual([
      PIXEL_FLAG.hot,
      PIXEL_FLAG.dead,
      PIXEL_FLAG.saturated,
    ]);
    expect(mask.filter((flags) => flags !== 0)).toHaveLength(3);
  });

  test("says what was missing instead of skipping it silently", () => {
    const bare = calibrateFrame(raw, pixels, []);
    expect(bare.status).toBe("");
    expect(bare.pixels).toEqual(pixels);
    expect(bare.warnings.join("; ")).toMatch(/no master bias.*no master dark.*no master flat of filter "r"/);
    const other = calibrateFrame(rawFrame("s", "OBJECT", 500, "i"), pixels, masters);
    expect(other.status).toBe("BD");
    expect(other.warnings.join("; ")).toMatch(
      /dark of 100 s was scaled up to 500 s.*no master flat of filter "i"/,
    );
    const warm = rawFrame("s", "OBJECT", 50, "r");
    const identity = { ...warm.identity, setup: { ...warm.identity.setup, temperatureC: -20 } };
    expect(calibrateFrame({ ...warm, identity }, pixels, masters).status).toBe("");
  });

  test("refuses a master of another size", () => {
    expect(() => calibrated(pixels, { bias: new Float32Array(3) })).toThrow(
      /bias has 3 pixels, the frame 4096/,
    );
  });
});

describe("cosmic rays", () => {
  const OPTIONS = { gainEPerAdu: GAIN, readNoiseE: READ_NOISE };

  test("a hit is found, a star is not, noise is not", () => {
    const normal = createNormal(11);
    const sigma = 3 / 2.3548;
    const pixels = Float32Array.from({ length: SIDE * SIDE }, (_, i) => {
      const [dx, dy] = [(i % SIDE) - 20.3, Math.floor(i / SIDE) - 40.7];
      const star =
        (50_000 / (2 * Math.PI * sigma * sigma)) * Math.exp(-(dx * dx + dy * dy) / (2 * sigma * sigma));
      return 300 + star + Math.sqrt((300 + star) / GAIN + 16) * normal();
    });
    const hits = [10 * SIDE + 10, 10 * SIDE + 11, 11 * SIDE + 12, 50 * SIDE + 30];
    hits.forEach((index) => (pixels[index] = (pixels[index] ?? 0) + 800));
    const mask = cosmicRays(pixels, SIDE, OPTIONS);
    const found = [...mask.keys()].filter((index) => mask[index] !== 0);
    expect(found.filter((index) => !hits.includes(index)).length).toBeLessThanOrEqual(3);
    expect(hits.filter((index) => !found.includes(index))).toEqual([]);
    expect(mask[41 * SIDE + 20]).toBe(0);
  });

  test("a pixel known as hot is no hit", () => {
    const pixels = new Float32Array(SIDE * SIDE).fill(100);
    pixels[500] = 5_000;
    const known = new Uint8Array(SIDE * SIDE);
    expect(cosmicRays(pixels, SIDE, OPTIONS)[500]).toBe(PIXEL_FLAG.cosmicRay);
    known[500] = PIXEL_FLAG.hot;
    expect(cosmicRays(pixels, SIDE, { ...OPTIONS, known })[500]).toBe(0);
  });

  (hasSharedImages ? test : test.skip)(
    "of the reference frames 85 % are found, with one false in five thousand pixels at most",
    () => {
      const load = (name: string): Float32Array => imageFloat32(readFits(sharedBytes(name))[0]!);
      const known = hotPixels(load("ref/master_dark_120s.fits"), 120, 1.5);
      const truthHot = load("truth/map_hot.fits");
      expect([...known].map((flag) => flag > 0)).toEqual([...truthHot].map((flag) => flag > 0));
      let [found, missed, wrong] = [0, 0, 0];
      for (let k = 0; k < 10; k += 1) {
        const truth = load(`truth/crmask_0${k}.fits`);
        const mask = cosmicRays(load(`ref/sci_0${k}_cal.fits`), 96, { ...OPTIONS, known });
        truth.forEach((isRay, i) => {
          if (known[i] === 0) {
            found += isRay > 0 && mask[i] !== 0 ? 1 : 0;
            missed += isRay > 0 && mask[i] === 0 ? 1 : 0;
            wrong += isRay === 0 && mask[i] !== 0 ? 1 : 0;
          }
        });
      }
      expect(found / (found + missed)).toBeGreaterThan(0.85);
      expect(wrong).toBeLessThan((10 * 96 * 96) / 5_000);
    },
  );
});
