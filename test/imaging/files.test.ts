import { mkdtemp, readFile, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { decode } from "fast-png";
import { freeBytes } from "../../adapters/files/disk.ts";
import { encodePng } from "../../adapters/files/png.ts";
import { gzipped, readFitsFile } from "../../adapters/files/read-fits-file.ts";
import { sha256Of, storeAtomically } from "../../adapters/files/store-atomically.ts";
import { writeFits } from "../../domain/imaging/fits/writer.ts";

let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "files-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

const FITS = writeFits([
  { kind: "image", cards: [], axes: [1000, 1000], pixels: new Uint16Array(1_000_000) },
]);

test("a file is stored whole, in folders made for it, and replaces what was there", async () => {
  const file = path.join(folder, "a", "b", "frame.fits");
  const first = await storeAtomically(file, new Uint8Array([1]));
  const second = await storeAtomically(file, new Uint8Array([1, 2, 3]));
  expect(await readFile(file)).toEqual(Buffer.from([1, 2, 3]));
  expect(first.sha256).not.toBe(second.sha256);
  expect(second).toEqual({ path: file, bytes: 3, sha256: sha256Of(new Uint8Array([1, 2, 3])) });
  expect(second.sha256).toBe("039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81");
  expect(await readdir(path.dirname(file))).toEqual(["frame.fits"]);
});

test("when storing fails nothing is left behind and what was there stays", async () => {
  await storeAtomically(path.join(folder, "taken", "inside"), new Uint8Array([1]));
  // A folder cannot be replaced by a file.
  await expect(storeAtomically(path.join(folder, "taken"), new Uint8Array([2]))).rejects.toThrow(
    /EISDIR|ENOTEMPTY|EEXIST/,
  );
  expect(await readdir(folder)).toEqual(["taken"]);
});

test("the free space of a path that does not exist yet is that of its folder", async () => {
  const free = await freeBytes(path.join(folder, "not", "yet"));
  expect(free).toBeGreaterThan(0);
  expect(Math.abs(free / (await freeBytes(folder)) - 1)).toBeLessThan(0.1);
});

test("a picture is a PNG of the same pixels", () => {
  const pixels = new Uint8Array([0, 50, 100, 150, 200, 255]);
  const png = decode(encodePng({ width: 3, height: 2, pixels }));
  expect([png.width, png.height, png.channels, png.depth]).toEqual([3, 2, 1, 8]);
  expect([...png.data]).toEqual([...pixels]);
});

test("a FITS file is read plain and packed", async () => {
  const plain = path.join(folder, "a.fits");
  const packed = path.join(folder, "a.fits.gz");
  await writeFile(plain, FITS);
  await writeFile(packed, await gzipped(FITS));
  expect(Buffer.compare(await readFitsFile(plain), FITS)).toBe(0);
  expect(Buffer.compare(await readFitsFile(packed), FITS)).toBe(0);
});

test("a damaged or cut gzip stream is a typed error", async () => {
  const packed = await gzipped(FITS);
  const cut = path.join(folder, "cut.fits.gz");
  const damaged = path.join(folder, "damaged.fits.gz");
  await writeFile(cut, packed.subarray(0, packed.length / 2));
  await writeFile(
    damaged,
    packed.map((byte, i) => (i === 30 ? byte ^ 0xff : byte)),
  );
  await expect(readFitsFile(cut)).rejects.toMatchObject({ code: "truncated" });
  await expect(readFitsFile(damaged)).rejects.toMatchObject({ name: "FitsError" });
});

/** A header that announces 400 MB. */
const ANNOUNCES_400_MB = Buffer.from(
  ["SIMPLE  = T", "BITPIX  = 8", "NAXIS   = 2", "NAXIS1  = 20000", "NAXIS2  = 20000", "END"]
    .map((record) => record.padEnd(80))
    .join("")
    .padEnd(2_880),
);

test.each([
  [
    "a part of a frame",
    new Uint8Array(Buffer.concat([ANNOUNCES_400_MB, Buffer.alloc(100_000_000)])),
    "truncated",
  ],
  ["zeros", new Uint8Array(300_000_000), "notFits"],
  [
    "a good file with zeros behind it",
    new Uint8Array(Buffer.concat([FITS, Buffer.alloc(300_000_000)])),
    "trailingBytes",
  ],
])("%s that unpack to hundreds of MB are refused without being held", async (_, bytes, code) => {
  const bomb = path.join(folder, "bomb.fits.gz");
  await writeFile(bomb, await gzipped(bytes));
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }, 1);
  await expect(readFitsFile(bomb)).rejects.toMatchObject({ code });
  clearInterval(timer);
  expect(most).toBeLessThan(60_000_000);
});

test("half of a huge frame is refused at its header, before the rest is read", async () => {
  const half = path.join(folder, "half.fits");
  await writeFile(half, ANNOUNCES_400_MB);
  await truncate(half, 300_000_000);
  const before = process.memoryUsage().arrayBuffers;
  await expect(readFitsFile(half)).rejects.toMatchObject({ code: "truncated" });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
});

test("a file that is not there is what the file system says", async () => {
  await expect(readFitsFile(path.join(folder, "none.fits"))).rejects.toMatchObject({ code: "ENOENT" });
});
