/**
 * Which way up a frame lies. Alpaca's image array has (0, 0) at the TOP left and Y growing downwards; FITS viewers draw
 * the first row of a file at the BOTTOM. Vesper's files follow FITS: the bottom row of the picture comes first, so every
 * viewer shows what the camera's own software shows, and with the detector's up direction towards north, +x is west and
 * +y is north (parity of the sky seen from inside). Previews are turned back, because PNG begins at the top.
 */

/** Arrays of pixels that can be reordered. */
type PixelArray =
  | Uint8Array
  | Int8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;

/**
 * Rows in the opposite order: from top-left to FITS order and back.
 * @param pixels by rows, `width` pixels each
 */
export function upsideDown<P extends PixelArray>(pixels: P, width: number): P {
  checkRows(pixels.length, width);
  const turned = pixels.slice() as P;
  const rows = pixels.length / width;
  for (let row = 0; row < rows; row += 1) {
    turned.set(pixels.subarray(row * width, (row + 1) * width), (rows - 1 - row) * width);
  }
  return turned;
}

/**
 * FITS order from the wire order of Alpaca: `values[x * height + y]`, (0, 0) top left, Y fastest.
 * @param values `width * height` of them
 */
export function fitsRowsOfColumns<P extends PixelArray>(values: P, width: number, height: number): P {
  if (values.length !== width * height) {
    throw new RangeError(`image has ${values.length} pixels: must be ${width} x ${height}`);
  }
  const rows = values.slice() as P;
  for (let x = 0; x < width; x += 1) {
    for (let y = 0; y < height; y += 1) {
      rows[(height - 1 - y) * width + x] = values[x * height + y] ?? 0;
    }
  }
  return rows;
}

/** FITS order from an image array of JSON: `columns[x][y]`, (0, 0) top left. Values outside 0 to 65535 are refused. */
export function fitsRowsOfImageArray(columns: readonly (readonly number[])[]): {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint16Array<ArrayBuffer>;
} {
  const width = columns.length;
  const height = columns[0]?.length ?? 0;
  const pixels = new Uint16Array(width * height);
  columns.forEach((column, x) => {
    if (column.length !== height) {
      throw new RangeError(`image column ${x} has ${column.length} pixels: must be ${height} as column 0`);
    }
    column.forEach((value, y) => {
      if (!(value >= 0 && value <= 65_535 && Number.isInteger(value))) {
        throw new RangeError(`image pixel (${x}, ${y}) is ${value}: must be a whole number from 0 to 65535`);
      }
      pixels[(height - 1 - y) * width + x] = value;
    });
  });
  return { width, height, pixels };
}

function checkRows(length: number, width: number): void {
  if (!(width > 0) || length % width !== 0) {
    throw new RangeError(`${length} pixels are no rows of ${width}`);
  }
}
