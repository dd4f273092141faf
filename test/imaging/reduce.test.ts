import { copyFile, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { gzipped } from "../../adapters/files/read-fits-file.ts";
import { reduceCommand } from "../../bin/commands/reduce.ts";
import { integer, numberOf, real, text, textOf } from "../../domain/imaging/fits/card.ts";
import { imageFloat32 } from "../../domain/imaging/fits/read-image.ts";
import { readFits } from "../../domain/imaging/fits/reader.ts";
import { writeFits } from "../../domain/imaging/fits/writer.ts";
import { SHARED_IMAGES, createNormal, fitsverify, hasSharedImages, sharedBytes } from "./shared.ts";

let folder = "";
let out: string[] = [];
let err: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "reduce-"));
  out = [];
  err = [];
  jest.spyOn(console, "log").mockImplementation((line: unknown) => void out.push(String(line)));
  jest.spyOn(console, "error").mockImplementation((line: unknown) => void err.push(String(line)));
});

afterEach(async () => {
  jest.restoreAllMocks();
  await rm(folder, { recursive: true });
});

/** A raw frame of 16 x 16 pixels around a level, with a noise of 3 adu. */
function rawBytes(type: string, exposureS: number, level: number, seed: number): Uint8Array {
  const normal = createNormal(1_000 * seed + level);
  const pixels = Uint16Array.from({ length: 256 }, () => level + Math.round(3 * normal()));
  const cards = [
    text("IMAGETYP", type),
    real("EXPTIME", exposureS),
    text("INSTRUME", "T"),
    integer("SATURATE", 60_000),
    ...(type === "FLAT" || type === "OBJECT" ? [text("FILTER", "r")] : []),
  ];
  return writeFits([{ kind: "image", cards, axes: [16, 16], pixels }]);
}

async function fillRaw(): Promise<string> {
  const raw = path.join(folder, "raw");
  await mkdir(raw);
  for (let k = 0; k < 5; k += 1) {
    await writeFile(path.join(raw, `bias_${k}.fits`), rawBytes("BIAS", 0, 1_000, k));
    await writeFile(path.join(raw, `dark_${k}.fits`), rawBytes("DARK", 10, 1_100, k));
    await writeFile(path.join(raw, `flat_${k}.fits`), rawBytes("FLAT", 10, 21_100, k));
  }
  await writeFile(path.join(raw, "m1.fits.gz"), await gzipped(rawBytes("OBJECT", 5, 3_050, 1)));
  return raw;
}

test("a folder becomes masters and calibrated frames", async () => {
  const raw = await fillRaw();
  const target = path.join(folder, "out");
  const code = await reduceCommand(["--raw", raw, "--out", target]);
  // The frames say no GAIN: that cosmic rays were not searched is told, and nothing else is missing.
  expect(err).toEqual(["vesper reduce: m1_cal.fits: GAIN or RDNOISE unknown: cosmic rays not searched"]);
  expect(code).toBe(1);
  expect((await readdir(target)).toSorted()).toEqual([
    "m1_cal.fits",
    "master_bias.fits",
    "master_dark_10s.fits",
    "master_flat_r.fits",
  ]);
  const [image] = readFits(new Uint8Array(await readFile(path.join(target, "m1_cal.fits"))));
  expect(textOf(image?.cards ?? [], "CALSTAT")).toBe("BDF");
  expect(numberOf(image?.cards ?? [], "DARKSCAL")).toBe(0.5);
  const pixels = imageFloat32(image!);
  // 3050 - 1000 of bias - half of the 100 of dark.
  expect(pixels.reduce((sum, value) => sum + value, 0) / 256).toBeCloseTo(2_000, -1);
});

test("what cannot be read is named and left out; the rest is done", async () => {
  const raw = await fillRaw();
  await writeFile(path.join(raw, "broken.fits"), rawBytes("BIAS", 0, 1_000, 1).subarray(0, 3_000));
  await writeFile(path.join(raw, "strange.fits"), rawBytes("SKY", 0, 1_000, 1));
  await writeFile(path.join(raw, "notes.txt"), "not a frame");
  expect(await reduceCommand(["--raw", raw, "--out", path.join(folder, "out")])).toBe(1);
  expect(err.join("\n")).toMatch(/broken\.fits: left out, HDU 0: .*missing \(truncated\)/);
  expect(err.join("\n")).toMatch(/strange\.fits: left out, IMAGETYP is "SKY"/);
  expect(err.join("\n")).not.toMatch(/notes/);
  expect(out.at(-1)).toMatch(/^3 masters and 1 science frames/);
});

test.each([
  [[], /--raw: missing/],
  [["--raw", "/nowhere/at/all", "--out", "x"], /--raw: "\/nowhere\/at\/all" must be a folder .*ENOENT/],
  [["--raw", "x", "--out", "x"], /--out: .* must not be the folder of the raw files/],
  [["--row", "x"], /--row: unknown/],
])("refuses %j", async (args, message) => {
  expect(await reduceCommand(args)).toBe(2);
  expect(err[0]).toMatch(message);
});

test("a folder without frames is refused", async () => {
  expect(await reduceCommand(["--raw", folder, "--out", path.join(folder, "out")])).toBe(2);
  expect(err[0]).toMatch(/must hold at least one raw FITS frame/);
});

(hasSharedImages ? test : test.skip)(
  "agrees with the reference within the noise",
  async () => {
    const target = path.join(folder, "out");
    const raw = path.join(SHARED_IMAGES, "raw");
    expect(await reduceCommand(["--raw", raw, "--out", target])).toBe(0);
    expect(err).toEqual([]);
    const ours = async (name: string) =>
      readFits(new Uint8Array(await readFile(path.join(target, name))))[0]!;
    const differences = async (name: string): Promise<Float32Array> => {
      const reference = imageFloat32(readFits(sharedBytes(`ref/${name}`))[0]!);
      return imageFloat32(await ours(name)).map((value, i) => value - (reference[i] ?? Number.NaN));
    };
    const largest = (values: Float32Array): number =>
      values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    // Bias and darks are combined by the same rule: equal but for float32 rounding.
    for (const name of ["master_bias.fits", "master_dark_30s.fits", "master_dark_120s.fits"]) {
      expect([name, largest(await differences(name)) < 1e-3]).toEqual([name, true]);
    }
    // The reference averages flats without clipping: one value of seven clipped moves a pixel by up to 4 sigma of one frame
    // (0.55 % at 22000 adu and 1.5 e-/adu, more where the response is low) over 7.
    for (const name of ["master_flat_r.fits", "master_flat_i.fits"]) {
      const flats = await differences(name);
      expect(largest(flats)).toBeLessThan(0.012);
      expect(flats.filter((value) => Math.abs(value) > 1e-4).length / flats.length).toBeLessThan(0.02);
    }
    // So do calibrated frames, by the same share of each pixel's counts: 1.2 %.
    for (const name of (await readdir(target)).filter((each) => each.endsWith("_cal.fits"))) {
      const reference = imageFloat32(readFits(sharedBytes(`ref/${name}`))[0]!);
      const relative = (await differences(name)).map(
        (value, i) => value / Math.max(100, Math.abs(reference[i] ?? 0)),
      );
      expect([name, largest(relative) < 0.012]).toEqual([name, true]);
      const bytes = new Uint8Array(await readFile(path.join(target, name)));
      expect(fitsverify(bytes) || "").toBe("");
      const [before] = readFits(sharedBytes(`raw/${name.replace("_cal", "")}`));
      for (const keyword of ["CRVAL1", "CRVAL2", "CRPIX1", "PC1_2", "EXPTIME"]) {
        expect(numberOf((await ours(name)).cards, keyword)).toBe(numberOf(before?.cards ?? [], keyword));
      }
    }
  },
  60_000,
);

(hasSharedImages ? test : test.skip)("no broken file stops the others", async () => {
  const raw = path.join(folder, "raw");
  await mkdir(raw);
  for (const name of await readdir(path.join(SHARED_IMAGES, "edge"))) {
    await copyFile(path.join(SHARED_IMAGES, "edge", name), path.join(raw, name));
  }
  for (const name of (await readdir(path.join(SHARED_IMAGES, "raw"))).filter((each) =>
    each.startsWith("bias"),
  )) {
    await copyFile(path.join(SHARED_IMAGES, "raw", name), path.join(raw, name));
  }
  expect(await reduceCommand(["--raw", raw, "--out", path.join(folder, "out")])).toBe(1);
  expect(out[0]).toBe("master_bias.fits: 7 of 7 frames, good");
  expect(err.filter((line) => line.includes("left out")).length).toBeGreaterThan(20);
});
