import { integer, text } from "./card.ts";
import type { Card } from "./card.ts";
import { FitsError } from "./error.ts";

/** One column of a binary table to write; all columns have as many values as there are rows. */
export type TableColumn = {
  readonly name: string;
  readonly unit?: string;
} & (
  | { readonly format: "D" | "E" | "J"; readonly values: readonly number[] }
  | { readonly format: "K"; readonly values: readonly bigint[] }
  | { readonly format: "L"; readonly values: readonly boolean[] }
  | { readonly format: "A"; readonly values: readonly string[] }
);

const WIDTHS = { D: 8, E: 4, J: 4, K: 8, L: 1 } as const;

function widthOf(column: TableColumn): number {
  if (column.format === "A") {
    return Math.max(1, ...column.values.map((value) => value.length));
  }
  return WIDTHS[column.format];
}

function rowsOf(columns: readonly TableColumn[]): number {
  const rows = columns[0]?.values.length ?? 0;
  const odd = columns.find((column) => column.values.length !== rows);
  if (odd !== undefined) {
    throw new FitsError(
      "badTable",
      `column ${odd.name} has ${odd.values.length} rows, the first has ${rows}`,
    );
  }
  return rows;
}

/** The mandatory cards and column descriptions of a binary table (FITS 4.0, section 7.3). */
export function tableCards(columns: readonly TableColumn[]): Card[] {
  const rowLength = columns.reduce((sum, column) => sum + widthOf(column), 0);
  return [
    text("XTENSION", "BINTABLE", "binary table extension"),
    integer("BITPIX", 8),
    integer("NAXIS", 2),
    integer("NAXIS1", rowLength, "bytes in a row"),
    integer("NAXIS2", rowsOf(columns), "rows"),
    integer("PCOUNT", 0),
    integer("GCOUNT", 1),
    integer("TFIELDS", columns.length, "columns"),
    ...columns.flatMap((column, i) => [
      text(`TTYPE${i + 1}`, column.name),
      text(`TFORM${i + 1}`, column.format === "A" ? `${widthOf(column)}A` : column.format),
      ...(column.unit === undefined ? [] : [text(`TUNIT${i + 1}`, column.unit)]),
    ]),
  ];
}

/** The rows of a binary table, big-endian. */
export function encodeTable(columns: readonly TableColumn[]): Uint8Array {
  const rows = rowsOf(columns);
  const rowLength = columns.reduce((sum, column) => sum + widthOf(column), 0);
  const bytes = new Uint8Array(rows * rowLength);
  const view = new DataView(bytes.buffer);
  let offset = 0;
  for (const column of columns) {
    for (let row = 0; row < rows; row += 1) {
      writeCell(view, row * rowLength + offset, column, row);
    }
    offset += widthOf(column);
  }
  return bytes;
}

function writeCell(view: DataView, at: number, column: TableColumn, row: number): void {
  switch (column.format) {
    case "D":
      view.setFloat64(at, column.values[row] ?? Number.NaN);
      break;
    case "E":
      view.setFloat32(at, column.values[row] ?? Number.NaN);
      break;
    case "J":
      view.setInt32(at, int32(column.name, column.values[row] ?? 0));
      break;
    case "K":
      view.setBigInt64(at, column.values[row] ?? 0n);
      break;
    case "L":
      view.setUint8(at, (column.values[row] === true ? "T" : "F").charCodeAt(0));
      break;
    case "A":
      writeText(view, at, column.name, column.values[row] ?? "");
  }
}

function int32(name: string, value: number): number {
  if (!Number.isInteger(value) || value !== Math.trunc(value) || Math.abs(value) > 2_147_483_647) {
    throw new FitsError("badValue", `column ${name}: ${value} must be a whole number of 32 bits`);
  }
  return value;
}

function writeText(view: DataView, at: number, name: string, value: string): void {
  if (!/^[\x20-\x7e]*$/.test(value)) {
    throw new FitsError("badValue", `column ${name}: ${JSON.stringify(value)} must be printable ASCII`);
  }
  for (let i = 0; i < value.length; i += 1) {
    view.setUint8(at + i, value.charCodeAt(i));
  }
}
