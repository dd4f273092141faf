import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import { array, assert, integer as anyInteger, property, string } from "fast-check";
import {
  comment,
  findCard,
  history,
  integer,
  logical,
  numberOf,
  real,
  text,
  textOf,
} from "../../domain/imaging/fits/card.ts";
import type { Card } from "../../domain/imaging/fits/card.ts";
import { FitsError } from "../../domain/imaging/fits/error.ts";
import type { Pixels } from "../../domain/imaging/fits/pixels.ts";
import { imagePixels } from "../../domain/imaging/fits/read-image.ts";
import { tableColumns } from "../../domain/imaging/fits/read-table.ts";
import { bytesNeeded, readFits } from "../../domain/imaging/fits/reader.ts";
import { writeFits } from "../../domain/imaging/fits/writer.ts";
import { fitsverify, hasSharedImages, sharedBytes } from "./shared.ts";

const NO_DATA: Pixels = new Uint8Array(0);

function imageFile(pixels: Pixels, axes: readonly number[], cards: readonly Card[] = []): Uint8Array {
  return writeFits([{ kind: "image", cards, axes, pixels }]);
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof FitsError ? error.code : String(error);
  }
  return "no error";
}

function patched(bytes: Uint8Array, from: string, to: string): Uint8Array {
  const at = Buffer.from(bytes).indexOf(from);
  const copy = bytes.slice();
  copy.set(Buffer.from(to.padEnd(from.length), "latin1"), at);
  return copy;
}

const ARRAYS: readonly Pixels[] = [
  new Uint8Array([0, 1, 127, 128, 254, 255]),
  new Int8Array([-128, -1, 0, 1, 126, 127]),
  new Int16Array([-32768, -1, 0, 1, 258, 32767]),
  new Uint16Array([0, 1, 258, 32767, 32768, 65535]),
  new Int32Array([-2147483648, -1, 0, 1, 66051, 2147483647]),
  new Uint32Array([0, 1, 66051, 2147483647, 2147483648, 4294967295]),
  new BigInt64Array([-(2n ** 63n), -1n, 0n, 1n, 72623859790382856n, 2n ** 63n - 1n]),
  new BigUint64Array([0n, 1n, 72623859790382856n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n]),
  new Float32Array([Number.NaN, -0, 0.5, -1.5e-30, 3.25e30, Infinity]),
  new Float64Array([Number.NaN, -0, 0.1, -1.5e-300, 3.25e300, -Infinity]),
];

describe("what is written is read again, value for value and type for type", () => {
  test.each(ARRAYS.map((pixels) => [pixels.constructor.name, pixels] as const))("%s", (_, pixels) => {
    const bytes = imageFile(pixels, [3, 2]);
    const [hdu] = readFits(bytes);
    expect(hdu?.axes).toEqual([3, 2]);
    expect(hdu?.checksum).toBe("good");
    expect(imagePixels(hdu!)).toEqual(pixels);
    expect(fitsverify(bytes) || "").toBe("");
  });
});

const CARDS: readonly Card[] = [
  text("OBJECT", "O'Brien's field", "target"),
  text("EMPTY", ""),
  text("LONG", `${"long ' string / with & all ".repeat(9)}end`, "short"),
  integer("COUNT", -12, "whole"),
  integer("BIG", 12345678901234567890n),
  real("EXPTIME", 30, "[s] exposure time"),
  real("TINY", -1.2345678901234567e-12, "not cut"),
  real("HUGE", 1e22),
  real("NEGZ", -0),
  logical("FLAG", false, "a very long comment that cannot fit in the record and therefore is cut at its end"),
  { kind: "undefined", keyword: "NOTHING", value: null, comment: "no value" },
  { kind: "complex", keyword: "CPLX", value: [1.5, -2] },
  { kind: "real", keyword: "ESO DET CHIP GAIN", value: 1.55 },
  comment("a comment"),
  history("x".repeat(100)),
];

test("cards come back as they were given", () => {
  const bytes = imageFile(NO_DATA, [], CARDS);
  const cards = readFits(bytes)[0]?.cards ?? [];
  for (const card of CARDS) {
    if (card.kind !== "commentary") {
      expect([card.keyword, findCard(cards, card.keyword)?.value]).toEqual([card.keyword, card.value]);
      expect(findCard(cards, card.keyword)?.kind).toBe(card.kind);
    }
  }
  expect(findCard(cards, "LONG")).toMatchObject({ comment: "short" });
  expect(Object.is(numberOf(cards, "NEGZ"), -0)).toBe(true);
  const lines = cards.filter(({ keyword }) => keyword === "HISTORY").map(({ value }) => value);
  expect(lines).toEqual(["x".repeat(72), "x".repeat(28)]);
});

test("a full header with continued strings passes fitsverify", () => {
  // It warns of every keyword without a value.
  const cards = CARDS.filter(({ kind }) => kind !== "undefined");
  expect(fitsverify(imageFile(new Uint16Array(6), [2, 3], cards)) || "").toBe("");
});

test("any printable string and any bytes survive, checksums good", () => {
  assert(
    property(
      string({ unit: "grapheme-ascii", maxLength: 300 }),
      array(anyInteger({ min: 0, max: 65535 })),
      (s, v) => {
        const bytes = imageFile(new Uint16Array(v), [v.length], [text("TEXT", s)]);
        const [hdu] = readFits(bytes);
        expect(hdu?.checksum).toBe("good");
        expect(textOf(hdu?.cards ?? [], "TEXT")).toBe(s.trimEnd());
        expect(bytes.length % 2880).toBe(0);
      },
    ),
  );
});

test("extensions and tables are read again and pass fitsverify", () => {
  const bytes = writeFits([
    { kind: "image", cards: [], axes: [], pixels: NO_DATA },
    { kind: "image", cards: [text("EXTNAME", "MASK")], axes: [2, 2, 2], pixels: new Uint8Array(8) },
    {
      kind: "table",
      name: "SOURCES",
      cards: [real("FWHM", 2.5)],
      columns: [
        { name: "ID", format: "J", values: [1, 2] },
        { name: "RA", unit: "deg", format: "D", values: [10.5, 359.25] },
        { name: "MAG", unit: "mag", format: "E", values: [15.5, Number.NaN] },
        { name: "BIG", format: "K", values: [2n ** 60n, -5n] },
        { name: "OK", format: "L", values: [true, false] },
        { name: "NAME", format: "A", values: ["a", "star b"] },
      ],
    },
  ]);
  const hdus = readFits(bytes);
  expect(hdus.map(({ kind, name }) => [kind, name])).toEqual([
    ["image", ""],
    ["image", "MASK"],
    ["bintable", "SOURCES"],
  ]);
  const columns = tableColumns(hdus[2]!);
  expect(columns.map(({ name, values }) => [name, values])).toEqual([
    ["ID", [1, 2]],
    ["RA", [10.5, 359.25]],
    ["MAG", [15.5, Number.NaN]],
    ["BIG", [2n ** 60n, -5]],
    ["OK", [true, false]],
    ["NAME", ["a", "star b"]],
  ]);
  expect(fitsverify(bytes) || "").toBe("");
});

test.each([
  ["NaN", () => imageFile(NO_DATA, [], [real("X", Number.NaN)]), "badValue"],
  ["a fraction as integer", () => imageFile(NO_DATA, [], [integer("X", 1.5)]), "badValue"],
  ["an umlaut", () => imageFile(NO_DATA, [], [text("OBJECT", "Händel")]), "badValue"],
  ["a long keyword", () => imageFile(NO_DATA, [], [text("lower", "x")]), "badValue"],
  ["a structural card", () => imageFile(NO_DATA, [], [integer("NAXIS", 3)]), "badValue"],
  ["pixels that do not fill", () => imageFile(new Uint8Array(5), [2, 3]), "badStructure"],
  [
    "uneven columns",
    () =>
      writeFits([
        { kind: "image", cards: [], axes: [], pixels: NO_DATA },
        {
          kind: "table",
          name: "T",
          cards: [],
          columns: [
            { name: "A", format: "J", values: [1] },
            { name: "B", format: "J", values: [] },
          ],
        },
      ]),
    "badTable",
  ],
])("refuses to write %s", (_, run, code) => {
  expect(codeOf(run)).toBe(code);
});

const GOOD = imageFile(new Uint16Array(12), [4, 3], [text("OBJECT", "M 1")]);

test.each([
  ["no bytes", new Uint8Array(0), "empty"],
  ["other bytes", new Uint8Array(Buffer.from("hello".repeat(1000))), "notFits"],
  [
    "a BITPIX of 17",
    patched(GOOD, "BITPIX  =                   16", "BITPIX  =                   17"),
    "badStructure",
  ],
  [
    "a negative axis",
    patched(GOOD, "NAXIS1  =                    4", "NAXIS1  =                   -4"),
    "badStructure",
  ],
  [
    "an axis of 10^12",
    patched(GOOD, "NAXIS1  =                    4", "NAXIS1  =        1099999999999"),
    "tooLarge",
  ],
  [
    "an axis too many",
    patched(GOOD, "NAXIS1  =                    4", "NAXIS1  =                 4000"),
    "truncated",
  ],
  ["NAXIS2 before NAXIS1", patched(GOOD, "NAXIS1", "NAXIS2"), "badStructure"],
  ["no END", patched(GOOD, `END${" ".repeat(77)}`, "COMMENT"), "missingEnd"],
  ["junk after END", patched(GOOD, `END${" ".repeat(80)}`, `END${" ".repeat(79)}x`), "badStructure"],
  ["a byte that is no ASCII", patched(GOOD, "OBJECT", "OBJ\u00c9CT"), "nonAscii"],
  ["a lower-case keyword", patched(GOOD, "OBJECT", "Object"), "badCard"],
  ["an open string", patched(GOOD, "'M 1     '", "'M 1      "), "badCard"],
  ["a value without quotes", patched(GOOD, "'M 1     '", " M 1      "), "badCard"],
  ["half a file", GOOD.subarray(0, 2900), "truncated"],
  ["half a header", GOOD.subarray(0, 500), "missingEnd"],
  ["bytes behind the end", new Uint8Array([...GOOD, ...new Uint8Array(2880)]), "trailingBytes"],
  ["a changed pixel", GOOD.map((byte, i) => (i === 2885 ? byte ^ 1 : byte)), "checksum"],
  ["a changed card", patched(GOOD, "'M 1     '", "'M 2     '"), "checksum"],
])("refuses %s", (_, bytes, code) => {
  expect(codeOf(() => readFits(bytes))).toBe(code);
});

test("a wrong checksum is only reported when that is asked for", () => {
  const bytes = patched(GOOD, "'M 1     '", "'M 2     '");
  expect(readFits(bytes, { badChecksum: "report" })[0]?.checksum).toBe("bad");
});

test("random bytes in a good file give a result or a typed error, never anything else", () => {
  assert(
    property(
      array(anyInteger({ min: 0, max: GOOD.length - 1 }), { maxLength: 6 }),
      anyInteger({ min: 0, max: 255 }),
      (places, value) => {
        const bytes = GOOD.slice();
        places.forEach((place) => (bytes[place] = value));
        const code = codeOf(() => readFits(bytes, { badChecksum: "report" }).map(imagePixels));
        expect(code).toMatch(/^[a-zA-Z ]+$/);
        expect(code).not.toMatch(/Error/);
      },
    ),
    { numRuns: 300 },
  );
});

test("a table cannot make the reader allocate more than its bytes justify", () => {
  const bytes = writeFits([
    { kind: "image", cards: [], axes: [], pixels: NO_DATA },
    { kind: "table", name: "T", cards: [], columns: [{ name: "A", format: "J", values: [1, 2, 3] }] },
  ]);
  const rows = patched(bytes, "NAXIS1  =                    4", "NAXIS1  =                    0");
  const many = patched(rows, "NAXIS2  =                    3", "NAXIS2  =         999999999999");
  expect(codeOf(() => readFits(many, { badChecksum: "report" }).map(tableColumns))).not.toBe("no error");
});

test("a stream knows how far it must be read", () => {
  expect(bytesNeeded(GOOD.subarray(0, 100))).toBe(2880);
  expect(bytesNeeded(GOOD.subarray(0, 2880))).toBe(5760);
  expect(bytesNeeded(GOOD)).toBe(5760);
  expect(codeOf(() => bytesNeeded(new Uint8Array([...GOOD, ...new Uint8Array(2880)])))).toBe("trailingBytes");
  expect(codeOf(() => bytesNeeded(new Uint8Array(2880)))).toBe("notFits");
});

const CODES: Readonly<Record<string, string>> = {
  "bad_truncated.fits": "truncated",
  "bad_noend.fits": "missingEnd",
  "bad_bitpix.fits": "badStructure",
  "bad_naxis.fits": "badStructure",
  "bad_huge.fits": "tooLarge",
  "bad_notfits.fits": "notFits",
  "bad_empty.fits": "empty",
  "bad_checksum.fits": "checksum",
  "bad_ascii.fits": "nonAscii",
  "rice.fits.fz": "unsupported",
};

(hasSharedImages ? describe : describe.skip)("the reference files", () => {
  const edge: Record<string, any> = hasSharedImages
    ? JSON.parse(Buffer.from(sharedBytes("extras.json")).toString()).edge
    : {};

  function open(name: string): Uint8Array {
    const bytes = sharedBytes(`edge/${name}`);
    return name.endsWith(".gz") ? gunzipSync(bytes) : bytes;
  }

  test.each(Object.keys(edge))("%s", (name) => {
    const expected = edge[name];
    if (CODES[name] !== undefined) {
      expect(codeOf(() => imagePixels(readFits(open(name))[expected.hdu ?? 0]!))).toBe(CODES[name]);
      return;
    }
    const hdus = readFits(open(name));
    if (expected.shape !== undefined) {
      const hdu = hdus[expected.hdu ?? 0]!;
      const values = Array.from(imagePixels(hdu), Number);
      const finite = values.filter((value) => !Number.isNaN(value));
      expect(hdu.axes.toReversed()).toEqual(expected.shape);
      expect(values.slice(0, 6).map((value) => (Number.isNaN(value) ? null : value))).toEqual(expected.first);
      expect(values.length - finite.length).toBe(expected.n_nan);
      const sum = finite.reduce((total, value) => total + value, 0);
      expect(Math.abs(sum / expected.sum - 1)).toBeLessThan(1e-6);
    }
    for (const [keyword, value] of Object.entries(expected.keys ?? {})) {
      const read = findCard(hdus[0]?.cards ?? [], keyword)?.value;
      if (keyword === "DBL") {
        expect(Number(read) / Number(value)).toBeCloseTo(1, 12);
      } else {
        expect([keyword, read]).toEqual([keyword, value]);
      }
    }
    if (expected.rows !== undefined) {
      const columns = new Map(tableColumns(hdus[1]!).map(({ name, values }) => [name, values]));
      expect(columns.get("RA")).toEqual(expected.RA);
      expect(columns.get("NAME")).toEqual(expected.NAME);
      expect(columns.get("FLUX")?.[3]).toEqual(expected.FLUX_row3);
      expect(columns.get("MAG")?.[expected.MAG_null_row]).toBeNaN();
    }
  });
});

test("the limit counts the data of all HDUs together: many small ones are no way around it", () => {
  const pixels = new Uint8Array(6);
  const image = { kind: "image", cards: [], axes: [3, 2], pixels } as const;
  const limits = { maxDataBytes: 10, maxHdus: 9, maxHeaderRecords: 100 };
  expect(bytesNeeded(writeFits([image]), limits)).toBe(5_760);
  expect(codeOf(() => bytesNeeded(writeFits([image, image]), limits))).toBe("tooLarge");
});
