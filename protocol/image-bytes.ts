/**
 * ImageBytes, the binary form of `imagearray` (Alpaca API Reference v12, section 8): a 44-byte little-endian header,
 * then the pixels with Y (then plane) running fastest. Every platform Node runs Vesper on is little-endian,
 * so typed arrays read the data as it lies.
 */

/** Media type a client accepts and a device answers with. */
export const IMAGE_BYTES_TYPE = "application/imagebytes";

export const IMAGE_BYTES_HEADER_LENGTH = 44;

export const ImageElementType = {
  Unknown: 0,
  Int16: 1,
  Int32: 2,
  Double: 3,
  Single: 4,
  UInt64: 5,
  Byte: 6,
  Int64: 7,
  UInt16: 8,
  UInt32: 9,
} as const;
export type ImageElementType = (typeof ImageElementType)[keyof typeof ImageElementType];

export interface ImageBytesHeader {
  readonly metadataVersion: number;
  readonly errorNumber: number;
  readonly clientTransactionId: number;
  readonly serverTransactionId: number;
  readonly dataStart: number;
  readonly imageElementType: number;
  readonly transmissionElementType: number;
  readonly rank: number;
  readonly dimension1: number;
  readonly dimension2: number;
  readonly dimension3: number;
}

export type Pixels =
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;

/** Pixels by rows: `pixels[(y * width + x) * planes + plane]`, (0, 0) top left. */
export interface PixelImage<P extends Pixels = Pixels> {
  readonly width: number;
  readonly height: number;
  readonly planes: number;
  readonly pixels: P;
}

export interface TransactionIds {
  readonly clientTransactionId: number;
  readonly serverTransactionId: number;
}

/** An answer in ImageBytes: the image, or the error the device raised. */
export type ImageBytesAnswer =
  | { readonly header: ImageBytesHeader; readonly image: PixelImage }
  | { readonly header: ImageBytesHeader; readonly errorMessage: string };

function writeHeader(bytes: Uint8Array, header: ImageBytesHeader): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, IMAGE_BYTES_HEADER_LENGTH);
  view.setInt32(0, header.metadataVersion, true);
  view.setInt32(4, header.errorNumber, true);
  view.setUint32(8, header.clientTransactionId, true);
  view.setUint32(12, header.serverTransactionId, true);
  view.setInt32(16, header.dataStart, true);
  view.setInt32(20, header.imageElementType, true);
  view.setInt32(24, header.transmissionElementType, true);
  view.setInt32(28, header.rank, true);
  view.setInt32(32, header.dimension1, true);
  view.setInt32(36, header.dimension2, true);
  view.setInt32(40, header.dimension3, true);
}

/**
 * A 16-bit mono image as ImageBytes: ImageElementType Int32 (what `imagearray` promises), transmitted as UInt16.
 * The pixels come by rows and are transposed to the protocol's order.
 */
export function encodeImageBytes(image: PixelImage<Uint16Array>, ids: TransactionIds): Uint8Array {
  const { width, height, pixels } = image;
  if (image.planes !== 1 || pixels.length !== width * height) {
    throw new RangeError(
      `image of ${width} x ${height} x ${image.planes} has ${pixels.length} pixels; one plane, width x height expected`,
    );
  }
  const bytes = new Uint8Array(IMAGE_BYTES_HEADER_LENGTH + pixels.length * 2);
  writeHeader(bytes, {
    metadataVersion: 1,
    errorNumber: 0,
    ...ids,
    dataStart: IMAGE_BYTES_HEADER_LENGTH,
    imageElementType: ImageElementType.Int32,
    transmissionElementType: ImageElementType.UInt16,
    rank: 2,
    dimension1: width,
    dimension2: height,
    dimension3: 0,
  });
  transpose(pixels, new Uint16Array(bytes.buffer, IMAGE_BYTES_HEADER_LENGTH), width, height, 1);
  return bytes;
}

/** An error as ImageBytes: the number in the header, the message in UTF-8 where the data would be. */
export function encodeImageBytesError(errorNumber: number, message: string, ids: TransactionIds): Uint8Array {
  const text = new TextEncoder().encode(message);
  const bytes = new Uint8Array(IMAGE_BYTES_HEADER_LENGTH + text.length);
  writeHeader(bytes, {
    metadataVersion: 1,
    errorNumber,
    ...ids,
    dataStart: IMAGE_BYTES_HEADER_LENGTH,
    imageElementType: ImageElementType.Unknown,
    transmissionElementType: ImageElementType.Unknown,
    rank: 0,
    dimension1: 0,
    dimension2: 0,
    dimension3: 0,
  });
  bytes.set(text, IMAGE_BYTES_HEADER_LENGTH);
  return bytes;
}

/**
 * Reads an answer in ImageBytes; the image comes back by rows.
 * Throws RangeError naming the header field that breaks the rules when the bytes are not such an answer.
 */
export function decodeImageBytes(bytes: Uint8Array): ImageBytesAnswer {
  const header = readHeader(bytes);
  if (header.errorNumber !== 0) {
    return { header, errorMessage: new TextDecoder().decode(bytes.subarray(header.dataStart)) };
  }
  const { dimension1: width, dimension2: height } = header;
  const planes = header.rank === 3 ? header.dimension3 : 1;
  if (header.rank !== 2 && header.rank !== 3) {
    throw new RangeError(`ImageBytes: Rank is ${header.rank}, must be 2 or 3`);
  }
  if (width < 1 || height < 1 || planes < 1) {
    throw new RangeError(`ImageBytes: dimensions ${width} x ${height} x ${planes} must be positive`);
  }
  const wire = wireElements(bytes, header, width * height * planes);
  const pixels = emptyLike(wire);
  transpose(wire, pixels, height, width, planes);
  return { header, image: { width, height, planes, pixels } };
}

function readHeader(bytes: Uint8Array): ImageBytesHeader {
  if (bytes.length < IMAGE_BYTES_HEADER_LENGTH) {
    throw new RangeError(
      `ImageBytes: ${bytes.length} bytes, the header alone has ${IMAGE_BYTES_HEADER_LENGTH}`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header: ImageBytesHeader = {
    metadataVersion: view.getInt32(0, true),
    errorNumber: view.getInt32(4, true),
    clientTransactionId: view.getUint32(8, true),
    serverTransactionId: view.getUint32(12, true),
    dataStart: view.getInt32(16, true),
    imageElementType: view.getInt32(20, true),
    transmissionElementType: view.getInt32(24, true),
    rank: view.getInt32(28, true),
    dimension1: view.getInt32(32, true),
    dimension2: view.getInt32(36, true),
    dimension3: view.getInt32(40, true),
  };
  if (header.metadataVersion !== 1) {
    throw new RangeError(`ImageBytes: MetadataVersion is ${header.metadataVersion}, must be 1`);
  }
  if (header.dataStart < IMAGE_BYTES_HEADER_LENGTH || header.dataStart > bytes.length) {
    throw new RangeError(
      `ImageBytes: DataStart is ${header.dataStart}, must lie between ${IMAGE_BYTES_HEADER_LENGTH} and ${bytes.length}`,
    );
  }
  return header;
}

function wireElements(
  bytes: Uint8Array,
  header: ImageBytesHeader,
  count: number,
): Pixels | BigInt64Array | BigUint64Array {
  const elementBytes = elementLength(header.transmissionElementType);
  const end = header.dataStart + count * elementBytes;
  if (end > bytes.length) {
    throw new RangeError(`ImageBytes: ${bytes.length} bytes, the dimensions need ${end}`);
  }
  // A copy starts aligned whatever DataStart is.
  const data = new Uint8Array(bytes.subarray(header.dataStart, end)).buffer;
  switch (header.transmissionElementType) {
    case ImageElementType.Byte:
      return new Uint8Array(data);
    case ImageElementType.Int16:
      return new Int16Array(data);
    case ImageElementType.UInt16:
      return new Uint16Array(data);
    case ImageElementType.Int32:
      return new Int32Array(data);
    case ImageElementType.UInt32:
      return new Uint32Array(data);
    case ImageElementType.Single:
      return new Float32Array(data);
    case ImageElementType.Double:
      return new Float64Array(data);
    case ImageElementType.Int64:
      return new BigInt64Array(data);
    default:
      return new BigUint64Array(data);
  }
}

const ELEMENT_LENGTHS: Readonly<Record<number, number>> = {
  [ImageElementType.Byte]: 1,
  [ImageElementType.Int16]: 2,
  [ImageElementType.UInt16]: 2,
  [ImageElementType.Int32]: 4,
  [ImageElementType.UInt32]: 4,
  [ImageElementType.Single]: 4,
  [ImageElementType.Double]: 8,
  [ImageElementType.Int64]: 8,
  [ImageElementType.UInt64]: 8,
};

function elementLength(type: number): number {
  const length = ELEMENT_LENGTHS[type];
  if (length === undefined) {
    throw new RangeError(`ImageBytes: TransmissionElementType is ${type}, must be 1 to 9`);
  }
  return length;
}

/** 64-bit integers become doubles: exact to 2^53, more than any detector counts. */
function emptyLike(wire: Pixels | BigInt64Array | BigUint64Array): Pixels {
  const { length } = wire;
  if (wire instanceof Uint8Array) return new Uint8Array(length);
  if (wire instanceof Int16Array) return new Int16Array(length);
  if (wire instanceof Uint16Array) return new Uint16Array(length);
  if (wire instanceof Int32Array) return new Int32Array(length);
  if (wire instanceof Uint32Array) return new Uint32Array(length);
  if (wire instanceof Float32Array) return new Float32Array(length);
  return new Float64Array(length);
}

/** Copies `rows` x `columns` cells of `planes` values from `from` into `to` with rows and columns exchanged, in tiles for the cache. */
function transpose(
  from: Pixels | BigInt64Array | BigUint64Array,
  to: Pixels,
  columns: number,
  rows: number,
  planes: number,
): void {
  const tile = 64;
  for (let row0 = 0; row0 < rows; row0 += tile) {
    const rowEnd = Math.min(rows, row0 + tile);
    for (let column0 = 0; column0 < columns; column0 += tile) {
      const columnEnd = Math.min(columns, column0 + tile);
      for (let row = row0; row < rowEnd; row++) {
        for (let column = column0; column < columnEnd; column++) {
          for (let plane = 0; plane < planes; plane++) {
            to[(column * rows + row) * planes + plane] = Number(
              from[(row * columns + column) * planes + plane],
            );
          }
        }
      }
    }
  }
}
