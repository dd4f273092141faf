import { integer, isLong, logical, recordsOf, text } from "./card.ts";
import type { Card } from "./card.ts";
import { checksumText, onesComplementSum } from "./checksum.ts";
import { FitsError } from "./error.ts";
import { encodePixels, storageOf } from "./pixels.ts";
import type { Pixels } from "./pixels.ts";
import { encodeTable, tableCards } from "./write-table.ts";
import type { TableColumn } from "./write-table.ts";

/** An image of any number of axes; the first axis runs fastest, and row 1 is the bottom of the picture. */
export interface ImageHdu {
  readonly kind: "image";
  readonly cards: readonly Card[];
  /** NAXIS1, NAXIS2, ...; empty for a header without data. */
  readonly axes: readonly number[];
  readonly pixels: Pixels;
}

/** A binary table; only after the primary HDU. */
export interface TableHdu {
  readonly kind: "table";
  /** EXTNAME. */
  readonly name: string;
  readonly cards: readonly Card[];
  readonly columns: readonly TableColumn[];
}

export const BLOCK = 2_880;

const STRUCTURAL =
  /^(SIMPLE|XTENSION|BITPIX|NAXIS\d*|PCOUNT|GCOUNT|GROUPS|EXTEND|BSCALE|BZERO|BLANK|CHECKSUM|DATASUM|LONGSTRN|CONTINUE|END|TFIELDS|THEAP|T(FORM|TYPE|UNIT|NULL|SCAL|ZERO|DIM|DISP)\d+)$/;

/** Whether the writer makes that card itself. */
export function isStructural(keyword: string): boolean {
  return STRUCTURAL.test(keyword);
}

/**
 * A FITS file (standard 4.0) with CHECKSUM and DATASUM in every HDU.
 * Unsigned arrays are stored with BZERO, Int8 with BZERO -128.
 * @throws FitsError `badValue` or `badStructure` when something cannot be written truly
 */
export function writeFits(hdus: readonly (ImageHdu | TableHdu)[]): Uint8Array<ArrayBuffer> {
  if (hdus[0]?.kind !== "image") {
    throw new FitsError("badStructure", "the first HDU must be an image (it may be without data)");
  }
  const parts = hdus.map((hdu, index) =>
    hdu.kind === "image" ? imageBytes(hdu, index, hdus.length > 1) : tableBytes(hdu),
  );
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  const file = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}

function imageBytes(hdu: ImageHdu, index: number, extended: boolean): Uint8Array<ArrayBuffer> {
  const count = hdu.axes.length === 0 ? 0 : hdu.axes.reduce((product, axis) => product * axis, 1);
  if (hdu.axes.some((axis) => !Number.isSafeInteger(axis) || axis < 0) || hdu.pixels.length !== count) {
    const size = hdu.axes.join(" x ");
    throw new FitsError(
      "badStructure",
      `${hdu.pixels.length} pixels do not fill axes of ${size || "no data"}`,
    );
  }
  const { bitpix, bzero } = storageOf(hdu.pixels);
  const cards: Card[] = [
    index === 0
      ? logical("SIMPLE", true, "conforms to FITS standard 4.0")
      : text("XTENSION", "IMAGE", "image extension"),
    integer("BITPIX", bitpix, "bits per data value; negative: floating point"),
    integer("NAXIS", hdu.axes.length, "number of axes"),
    ...hdu.axes.map((axis, i) => integer(`NAXIS${i + 1}`, axis)),
  ];
  if (index > 0) {
    cards.push(integer("PCOUNT", 0), integer("GCOUNT", 1));
  } else if (extended) {
    cards.push(logical("EXTEND", true, "extensions follow"));
  }
  if (bzero !== undefined) {
    cards.push(integer("BSCALE", 1), integer("BZERO", bzero, "offset: stored signed, meant unsigned"));
    if (hdu.pixels instanceof Int8Array) {
      cards[cards.length - 1] = integer("BZERO", bzero, "offset: stored unsigned, meant signed");
    }
  }
  return hduBytes([...cards, ...own(hdu.cards)], hdu.pixels.byteLength, (target) => {
    encodePixels(hdu.pixels, target);
  });
}

function tableBytes(hdu: TableHdu): Uint8Array<ArrayBuffer> {
  const data = encodeTable(hdu.columns);
  const cards = [...tableCards(hdu.columns), text("EXTNAME", hdu.name), ...own(hdu.cards)];
  return hduBytes(cards, data.length, (target) => {
    target.set(data);
  });
}

function own(cards: readonly Card[]): readonly Card[] {
  const structural = cards.find((card) => card.kind !== "commentary" && isStructural(card.keyword));
  if (structural !== undefined) {
    throw new FitsError("badValue", `${structural.keyword} is written from the data, not given`);
  }
  return cards;
}

function hduBytes(
  cards: readonly Card[],
  dataLength: number,
  writeData: (target: Uint8Array) => void,
): Uint8Array<ArrayBuffer> {
  // fitsverify and older readers want to be told of continued strings.
  const announced = cards.some(isLong)
    ? [...cards, text("LONGSTRN", "OGIP 1.0", "strings may be continued")]
    : cards;
  const records = announced.flatMap(recordsOf);
  const checksumAt = records.length * 80 + 11;
  const headerLength = blocks((records.length + 3) * 80);
  const bytes = new Uint8Array(headerLength + blocks(dataLength));
  writeData(bytes.subarray(headerLength, headerLength + dataLength));
  const datasum = onesComplementSum(bytes.subarray(headerLength));
  records.push(
    ...recordsOf(text("CHECKSUM", "0".repeat(16), "ones' complement of the HDU sum")),
    ...recordsOf(text("DATASUM", String(datasum), "sum of the data")),
    "END".padEnd(80),
  );
  writeAscii(bytes, 0, records.join("").padEnd(headerLength));
  const sum = onesComplementSum(bytes.subarray(0, headerLength), datasum);
  writeAscii(bytes, checksumAt, checksumText(sum));
  return bytes;
}

/** Length rounded up to whole blocks of 2880 bytes. */
export function blocks(length: number): number {
  return Math.ceil(length / BLOCK) * BLOCK;
}

function writeAscii(bytes: Uint8Array, at: number, characters: string): void {
  for (let i = 0; i < characters.length; i += 1) {
    bytes[at + i] = characters.charCodeAt(i);
  }
}
