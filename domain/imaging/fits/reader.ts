import { numberOf, textOf } from "./card.ts";
import type { Card } from "./card.ts";
import { onesComplementSum } from "./checksum.ts";
import { FitsError } from "./error.ts";
import { parseHeader } from "./parse-header.ts";
import { BITPIX_VALUES } from "./pixels.ts";
import type { Bitpix } from "./pixels.ts";
import { BLOCK, blocks } from "./writer.ts";

/** What a file may cost before it is refused; nothing is allocated before these are checked. */
export interface FitsLimits {
  /** Bytes of data in all HDUs together. */
  readonly maxDataBytes: number;
  readonly maxHdus: number;
  /** Records of 80 characters in one header. */
  readonly maxHeaderRecords: number;
}

export const DEFAULT_LIMITS: FitsLimits = {
  maxDataBytes: 1 << 30,
  maxHdus: 1_000,
  maxHeaderRecords: 36_000,
};

/** For files of our own cameras: a frame of 8k x 8k floats. */
export const FRAME_LIMITS: FitsLimits = { ...DEFAULT_LIMITS, maxDataBytes: 256 * 1024 * 1024 };

/** One header and its data, not yet decoded: `data` is a view of the file's bytes. */
export interface Hdu {
  readonly index: number;
  readonly kind: "image" | "bintable" | "asciiTable" | "compressedImage" | "other";
  /** EXTNAME, or "" when there is none. */
  readonly name: string;
  readonly cards: readonly Card[];
  readonly bitpix: Bitpix;
  /** NAXIS1, NAXIS2, ... */
  readonly axes: readonly number[];
  readonly data: Uint8Array;
  /** What CHECKSUM and DATASUM say of the bytes. */
  readonly checksum: "absent" | "good" | "bad";
}

export interface ReadOptions {
  readonly limits?: FitsLimits;
  /** What to do about an HDU whose checksums are wrong: refuse the file (default), or only report it in `Hdu.checksum`. */
  readonly badChecksum?: "refuse" | "report";
}

/**
 * Reads a FITS file strictly: what it gives is what the file says, and everything else is refused with a typed error.
 * Pixels are decoded by `imagePixels`, tables by `tableColumns`.
 * @throws FitsError
 */
export function readFits(bytes: Uint8Array, options: ReadOptions = {}): Hdu[] {
  const limits = options.limits ?? DEFAULT_LIMITS;
  if (bytes.length === 0) {
    throw new FitsError("empty", "the file is empty");
  }
  const hdus: Hdu[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (hdus.length >= limits.maxHdus) {
      throw new FitsError("tooLarge", `more than ${limits.maxHdus} HDUs`);
    }
    if (hdus.length > 0 && !startsWith(bytes, at, "XTENSION")) {
      throw new FitsError(
        "trailingBytes",
        `${bytes.length - at} bytes after HDU ${hdus.length - 1} are no extension`,
      );
    }
    const hdu = readHdu(bytes, at, hdus.length, limits);
    if (hdu.checksum === "bad" && options.badChecksum !== "report") {
      throw new FitsError("checksum", `HDU ${hdu.index}: the bytes do not agree with CHECKSUM or DATASUM`);
    }
    hdus.push(hdu);
    at = hdu.data.byteOffset - bytes.byteOffset + blocks(hdu.data.length);
  }
  return hdus;
}

/**
 * Bytes that the file needs from its start to the end of the HDU that `prefix` ends in: how far a stream must be read.
 * @param prefix the first bytes of a file
 * @returns the offset known to be needed, which is beyond `prefix` unless that ends exactly with an HDU
 * @throws FitsError when the prefix already shows that the file is none or breaks the limits
 */
export function bytesNeeded(prefix: Uint8Array, limits: FitsLimits = DEFAULT_LIMITS): number {
  let at = 0;
  let data = 0;
  for (let index = 0; at < prefix.length; index += 1) {
    if (prefix.length - at < BLOCK) {
      return at + BLOCK;
    }
    if (!startsWith(prefix, at, index === 0 ? "SIMPLE  =" : "XTENSION")) {
      throw index === 0
        ? new FitsError("notFits", "the file does not begin with SIMPLE")
        : new FitsError("trailingBytes", `bytes after HDU ${index - 1} are no extension`);
    }
    const end = findEnd(prefix, at, limits);
    if (end === null) {
      return at + blocks(prefix.length - at + 1);
    }
    const cards = parseHeader(prefix.subarray(at, end), `HDU ${index}`);
    const length = dataLength(cards, index, limits);
    data += length;
    if (data > limits.maxDataBytes) {
      throw new FitsError(
        "tooLarge",
        `${data} bytes of data in ${index + 1} HDUs, the limit is ${limits.maxDataBytes}`,
      );
    }
    at += blocks(end + 80 - at) + blocks(length);
  }
  return at;
}

function readHdu(bytes: Uint8Array, start: number, index: number, limits: FitsLimits): Hdu {
  const where = `HDU ${index}`;
  if (index === 0 && !startsWith(bytes, start, "SIMPLE  =")) {
    throw new FitsError("notFits", "the file does not begin with SIMPLE");
  }
  const end = findEnd(bytes, start, limits);
  if (end === null) {
    throw new FitsError("missingEnd", `${where}: the header has no END`);
  }
  const dataStart = start + blocks(end + 80 - start);
  const cards = parseHeader(bytes.subarray(start, end), where);
  checkBlank(bytes.subarray(end + 80, Math.min(dataStart, bytes.length)), where);
  const length = dataLength(cards, index, limits);
  if (dataStart + length > bytes.length) {
    const missing = dataStart + length - bytes.length;
    throw new FitsError(
      "truncated",
      `${where}: ${length} bytes of data announced, ${missing} of them missing`,
    );
  }
  const next = Math.min(bytes.length, dataStart + blocks(length));
  return {
    index,
    kind: kindOf(cards, index),
    name: textOf(cards, "EXTNAME") ?? "",
    cards,
    bitpix: bitpixOf(cards, where),
    axes: axesOf(cards, where),
    data: bytes.subarray(dataStart, dataStart + length),
    checksum: verified(cards, bytes.subarray(start, next), dataStart - start),
  };
}

/** Offset of the END record, or null when the bytes end before it. */
function findEnd(bytes: Uint8Array, start: number, limits: FitsLimits): number | null {
  for (let record = 0, at = start; at + 80 <= bytes.length; record += 1, at += 80) {
    if (record > limits.maxHeaderRecords) {
      throw new FitsError("tooLarge", `the header has more than ${limits.maxHeaderRecords} records`);
    }
    if (startsWith(bytes, at, "END     ")) {
      return at;
    }
  }
  return null;
}

function checkBlank(padding: Uint8Array, where: string): void {
  if (padding.some((code) => code !== 0x20)) {
    throw new FitsError("badStructure", `${where}: the header must be blank after END`);
  }
}

function dataLength(cards: readonly Card[], index: number, limits: FitsLimits): number {
  const where = `HDU ${index}`;
  checkOrder(cards, index);
  const axes = axesOf(cards, where);
  const bytesPerValue = Math.abs(bitpixOf(cards, where)) / 8;
  const groups = count(cards, "GCOUNT", 1, where);
  const heap = count(cards, "PCOUNT", 0, where);
  if (axes.length > 1 && axes[0] === 0 && cards.some(({ keyword }) => keyword === "GROUPS")) {
    throw new FitsError("unsupported", `${where}: random groups are not read`);
  }
  const values = axes.length === 0 ? 0 : axes.reduce((product, axis) => product * axis, 1);
  const length = bytesPerValue * (index === 0 ? values : groups * (heap + values));
  if (!(length <= limits.maxDataBytes)) {
    throw new FitsError(
      "tooLarge",
      `${where}: ${length} bytes of data announced, the limit is ${limits.maxDataBytes}`,
    );
  }
  return length;
}

/** Mandatory keywords in their order (FITS 4.0, sections 4.4.1 and 7). */
function checkOrder(cards: readonly Card[], index: number): void {
  const naxis = numberOf(cards, "NAXIS") ?? 0;
  const order = [
    index === 0 ? "SIMPLE" : "XTENSION",
    "BITPIX",
    "NAXIS",
    ...Array.from({ length: Math.min(Math.max(Math.trunc(naxis), 0), 999) }, (_, i) => `NAXIS${i + 1}`),
    ...(index === 0 ? [] : ["PCOUNT", "GCOUNT"]),
  ];
  order.forEach((keyword, i) => {
    if (cards[i]?.keyword !== keyword) {
      const found = cards[i]?.keyword ?? "END";
      throw new FitsError("badStructure", `HDU ${index}: record ${i + 1} must be ${keyword}, not ${found}`);
    }
  });
  const simple = cards[0];
  if (index === 0 && !(simple?.kind === "logical" && simple.value)) {
    throw new FitsError("notFits", "SIMPLE must be T");
  }
}

function bitpixOf(cards: readonly Card[], where: string): Bitpix {
  const value = numberOf(cards, "BITPIX");
  const bitpix = BITPIX_VALUES.find((candidate) => candidate === value);
  if (bitpix === undefined) {
    throw new FitsError(
      "badStructure",
      `${where}: BITPIX is ${value}: must be one of ${BITPIX_VALUES.join(" ")}`,
    );
  }
  return bitpix;
}

function axesOf(cards: readonly Card[], where: string): number[] {
  const naxis = count(cards, "NAXIS", undefined, where);
  if (naxis > 999) {
    throw new FitsError("badStructure", `${where}: NAXIS is ${naxis}: must be from 0 to 999`);
  }
  return Array.from({ length: naxis }, (_, i) => count(cards, `NAXIS${i + 1}`, undefined, where));
}

function count(cards: readonly Card[], keyword: string, absent: number | undefined, where: string): number {
  const value = numberOf(cards, keyword) ?? absent;
  if (value === undefined || !Number.isSafeInteger(value) || value < 0) {
    throw new FitsError("badStructure", `${where}: ${keyword} is ${value}: must be a whole number from 0 up`);
  }
  return value;
}

function kindOf(cards: readonly Card[], index: number): Hdu["kind"] {
  if (index === 0) {
    return "image";
  }
  switch (textOf(cards, "XTENSION")) {
    case "IMAGE":
    case "IUEIMAGE":
      return "image";
    case "BINTABLE":
      return cards.some((card) => card.keyword === "ZIMAGE" && card.value === true)
        ? "compressedImage"
        : "bintable";
    case "TABLE":
      return "asciiTable";
    default:
      return "other";
  }
}

function verified(cards: readonly Card[], hdu: Uint8Array, dataStart: number): Hdu["checksum"] {
  const datasum = textOf(cards, "DATASUM");
  const checksum = textOf(cards, "CHECKSUM");
  if (!datasum && !checksum) {
    return "absent";
  }
  // A file without its last padding sums as if it had it.
  const whole = hdu.length % 4 === 0 ? hdu : padded(hdu);
  const dataSum = onesComplementSum(whole.subarray(dataStart));
  if (datasum && Number(datasum) !== dataSum) {
    return "bad";
  }
  const sum = onesComplementSum(whole.subarray(0, dataStart), dataSum);
  return checksum && sum !== 0 && sum !== 0xff_ff_ff_ff ? "bad" : "good";
}

function padded(bytes: Uint8Array): Uint8Array {
  const longer = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  longer.set(bytes);
  return longer;
}

function startsWith(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i += 1) {
    if (bytes[at + i] !== text.charCodeAt(i)) {
      return false;
    }
  }
  return true;
}
