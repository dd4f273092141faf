import { findCard, numberOf, textOf } from "./card.ts";
import { FitsError } from "./error.ts";
import type { Hdu } from "./reader.ts";

/** One value of a table: null where the file says that there is none. */
export type Cell = number | bigint | boolean | string | null | readonly (number | bigint | boolean | null)[];

/** One column of a binary table that was read. */
export interface ReadColumn {
  readonly name: string;
  readonly unit: string;
  /** TFORM as written. */
  readonly format: string;
  readonly values: readonly Cell[];
}

const WIDTHS: Readonly<Record<string, number>> = {
  L: 1,
  X: 1,
  B: 1,
  I: 2,
  J: 4,
  K: 8,
  A: 1,
  E: 4,
  D: 8,
  C: 8,
  M: 16,
  P: 8,
  Q: 16,
};

interface Field {
  readonly name: string;
  readonly unit: string;
  readonly format: string;
  readonly type: string;
  readonly repeat: number;
  readonly bytes: number;
  readonly offset: number;
  readonly scale: number;
  readonly zero: number;
  readonly nullValue: number | null;
  /** Element type of a variable-length array. */
  readonly element: string;
}

interface Heap {
  readonly start: number;
  elementsLeft: number;
}

/**
 * The columns of a binary table (FITS 4.0, section 7.3) with TSCAL, TZERO and TNULL applied, variable-length arrays included.
 * @throws FitsError `unsupported` when the HDU is no binary table, `badTable` when its description is wrong
 */
export function tableColumns(hdu: Hdu): ReadColumn[] {
  if (hdu.kind !== "bintable" && hdu.kind !== "compressedImage") {
    throw new FitsError("unsupported", `HDU ${hdu.index} is no binary table but ${hdu.kind}`);
  }
  const [rowLength = 0, rows = 0] = hdu.axes;
  if (rowLength === 0 && rows > 0) {
    throw new FitsError("badTable", `HDU ${hdu.index}: ${rows} rows of no bytes`);
  }
  const fields = fieldsOf(hdu, rowLength);
  const view = new DataView(hdu.data.buffer, hdu.data.byteOffset, hdu.data.length);
  const heapStart = numberOf(hdu.cards, "THEAP") ?? rowLength * rows;
  // Descriptors may point many times at one piece of the heap; more elements than bytes are an attack.
  const heap: Heap = { start: heapStart, elementsLeft: hdu.data.length };
  return fields.map((field) => ({
    name: field.name,
    unit: field.unit,
    format: field.format,
    values: Array.from({ length: rows }, (_, row) => cell(view, row * rowLength + field.offset, field, heap)),
  }));
}

function fieldsOf(hdu: Hdu, rowLength: number): Field[] {
  const where = `HDU ${hdu.index}`;
  const count = numberOf(hdu.cards, "TFIELDS");
  if (count === undefined || !Number.isInteger(count) || count < 0 || count > 999 || hdu.bitpix !== 8) {
    throw new FitsError("badTable", `${where}: TFIELDS is ${count}: must be a whole number from 0 to 999`);
  }
  const fields: Field[] = [];
  let offset = 0;
  for (let i = 1; i <= count; i += 1) {
    const format = textOf(hdu.cards, `TFORM${i}`) ?? "";
    const [, repeatText = "", type = "", rest = ""] =
      /^(\d*)([LXBIJKAEDCMPQ])(.*)$/.exec(format.trim()) ?? [];
    const width = WIDTHS[type];
    if (width === undefined) {
      throw new FitsError(
        "badTable",
        `${where}: TFORM${i} is "${format}": must be a repeat count and one of LXBIJKAEDCMPQ`,
      );
    }
    const repeat = repeatText === "" ? 1 : Number(repeatText);
    const bytes = type === "X" ? Math.ceil(repeat / 8) : repeat * width;
    fields.push({
      name: textOf(hdu.cards, `TTYPE${i}`) ?? `col${i}`,
      unit: textOf(hdu.cards, `TUNIT${i}`) ?? "",
      format,
      type,
      repeat,
      bytes,
      offset,
      scale: numberOf(hdu.cards, `TSCAL${i}`) ?? 1,
      zero: numberOf(hdu.cards, `TZERO${i}`) ?? 0,
      nullValue: nullValueOf(hdu, i),
      element: rest.charAt(0),
    });
    offset += bytes;
  }
  if (offset !== rowLength) {
    throw new FitsError(
      "badTable",
      `${where}: the columns take ${offset} bytes a row, NAXIS1 says ${rowLength}`,
    );
  }
  return fields;
}

function nullValueOf(hdu: Hdu, column: number): number | null {
  const card = findCard(hdu.cards, `TNULL${column}`);
  return card?.kind === "integer" ? Number(card.value) : null;
}

function cell(view: DataView, at: number, field: Field, heap: Heap): Cell {
  switch (field.type) {
    case "A":
      return textCell(view, at, field.repeat);
    case "P":
    case "Q":
      return variableCell(view, at, field, heap);
    case "X":
      return Array.from(
        { length: field.repeat },
        (_, i) => (view.getUint8(at + (i >> 3)) & (0x80 >> (i & 7))) !== 0,
      );
    default: {
      const values = elements(view, at, field.type, field.repeat, field);
      return field.repeat === 1 && field.type !== "C" && field.type !== "M" ? (values[0] ?? null) : values;
    }
  }
}

function variableCell(view: DataView, at: number, field: Field, heap: Heap): Cell {
  if (field.repeat === 0) {
    return [];
  }
  const wide = field.type === "Q";
  const length = wide ? Number(view.getBigInt64(at)) : view.getInt32(at);
  const offset = heap.start + (wide ? Number(view.getBigInt64(at + 8)) : view.getInt32(at + 4));
  const width = WIDTHS[field.element];
  if (width === undefined || length < 0 || offset < 0 || offset + length * width > view.byteLength) {
    throw new FitsError(
      "badTable",
      `column ${field.name}: an array of ${length} ${field.element} at ${offset} lies outside the heap`,
    );
  }
  heap.elementsLeft -= length;
  if (heap.elementsLeft < 0) {
    throw new FitsError(
      "badTable",
      `column ${field.name}: its arrays have more elements than the heap has bytes`,
    );
  }
  if (field.element === "A") {
    return textCell(view, offset, length);
  }
  return elements(view, offset, field.element, length, field);
}

function elements(
  view: DataView,
  at: number,
  type: string,
  count: number,
  field: Field,
): (number | bigint | boolean | null)[] {
  if (type === "C" || type === "M") {
    return elements(view, at, type === "C" ? "E" : "D", 2 * count, field);
  }
  const width = WIDTHS[type] ?? 1;
  return Array.from({ length: count }, (_, i) => element(view, at + i * width, type, field));
}

function element(view: DataView, at: number, type: string, field: Field): number | bigint | boolean | null {
  if (type === "L") {
    const code = view.getUint8(at);
    return code === 0x54 ? true : code === 0x46 ? false : null;
  }
  if (type === "E" || type === "D") {
    const value = type === "E" ? view.getFloat32(at) : view.getFloat64(at);
    return value * field.scale + field.zero;
  }
  const stored = storedInteger(view, at, type);
  if (field.nullValue !== null && Number(stored) === field.nullValue) {
    return null;
  }
  if (typeof stored === "bigint") {
    const plain = field.scale === 1 && Number.isInteger(field.zero);
    const value = plain ? stored + BigInt(field.zero) : Number(stored) * field.scale + field.zero;
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }
  return stored * field.scale + field.zero;
}

function storedInteger(view: DataView, at: number, type: string): number | bigint {
  switch (type) {
    case "B":
      return view.getUint8(at);
    case "I":
      return view.getInt16(at);
    case "J":
      return view.getInt32(at);
    default:
      return view.getBigInt64(at);
  }
}

function textCell(view: DataView, at: number, length: number): string {
  let text = "";
  for (let i = 0; i < length; i += 1) {
    const code = view.getUint8(at + i);
    if (code === 0) {
      break;
    }
    text += String.fromCharCode(code);
  }
  return text.trimEnd();
}
