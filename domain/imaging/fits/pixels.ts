import { FitsError } from "./error.ts";

/** Pixels as they are held in memory; what an unsigned or signed-byte array means on disk is the writer's business. */
export type Pixels =
  | Uint8Array
  | Int8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

export const BITPIX_VALUES = [8, 16, 32, 64, -32, -64] as const;
export type Bitpix = (typeof BITPIX_VALUES)[number];

/** How an array lies in a file: its BITPIX, and the BZERO that turns signed into unsigned (FITS 4.0, table 11). */
export interface Storage {
  readonly bitpix: Bitpix;
  readonly bzero?: number | bigint;
}

/** The storage of an array. */
export function storageOf(pixels: Pixels): Storage {
  if (pixels instanceof Uint8Array) return { bitpix: 8 };
  if (pixels instanceof Int8Array) return { bitpix: 8, bzero: -128 };
  if (pixels instanceof Int16Array) return { bitpix: 16 };
  if (pixels instanceof Uint16Array) return { bitpix: 16, bzero: 32_768 };
  if (pixels instanceof Int32Array) return { bitpix: 32 };
  if (pixels instanceof Uint32Array) return { bitpix: 32, bzero: 2_147_483_648 };
  if (pixels instanceof BigInt64Array) return { bitpix: 64 };
  if (pixels instanceof BigUint64Array) return { bitpix: 64, bzero: 9_223_372_036_854_775_808n };
  if (pixels instanceof Float32Array) return { bitpix: -32 };
  return { bitpix: -64 };
}

/** Writes the array big-endian, offset by its BZERO, into `target` (exactly as long as the array). */
export function encodePixels(pixels: Pixels, target: Uint8Array): void {
  const source = new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  const width = pixels.BYTES_PER_ELEMENT;
  copyReversed(source, target, width);
  if (storageOf(pixels).bzero !== undefined) {
    flipSign(target, width);
  }
}

/** Reads big-endian data of one BITPIX into an array of its own type, untouched by BZERO and BSCALE. */
export function decodeStored(data: Uint8Array, bitpix: Bitpix): Pixels {
  const width = Math.abs(bitpix) / 8;
  const bytes = new Uint8Array(data.length);
  copyReversed(data, bytes, width);
  return arrayOver(bytes, bitpix, false);
}

/** Reads big-endian data that BZERO makes unsigned (or signed, for bytes). */
export function decodeOffset(data: Uint8Array, bitpix: Bitpix): Pixels {
  const width = Math.abs(bitpix) / 8;
  const bytes = new Uint8Array(data.length);
  copyReversed(data, bytes, width);
  for (let i = width - 1; i < bytes.length; i += width) {
    bytes[i] = (bytes[i] ?? 0) ^ 0x80;
  }
  return arrayOver(bytes, bitpix, true);
}

function arrayOver(bytes: Uint8Array<ArrayBuffer>, bitpix: Bitpix, offset: boolean): Pixels {
  switch (bitpix) {
    case 8:
      return offset ? new Int8Array(bytes.buffer) : bytes;
    case 16:
      return offset ? new Uint16Array(bytes.buffer) : new Int16Array(bytes.buffer);
    case 32:
      return offset ? new Uint32Array(bytes.buffer) : new Int32Array(bytes.buffer);
    case 64:
      return offset ? new BigUint64Array(bytes.buffer) : new BigInt64Array(bytes.buffer);
    case -32:
      return new Float32Array(bytes.buffer);
    default:
      return new Float64Array(bytes.buffer);
  }
}

/** Copies elements of `width` bytes, each with its bytes in reverse order: FITS is big-endian, this machine is not. */
function copyReversed(source: Uint8Array, target: Uint8Array, width: number): void {
  if (source.length !== target.length || source.length % width !== 0) {
    throw new FitsError("badStructure", `${source.length} bytes do not fill elements of ${width} bytes`);
  }
  switch (width) {
    case 1:
      target.set(source);
      break;
    case 2: {
      const from = new Uint16Array(...aligned(source, 2));
      const to = new Uint16Array(target.buffer, target.byteOffset, target.length / 2);
      for (let i = 0; i < from.length; i += 1) {
        const word = from[i] ?? 0;
        to[i] = (word << 8) | (word >>> 8);
      }
      break;
    }
    case 4: {
      const from = new Uint32Array(...aligned(source, 4));
      const to = new Uint32Array(target.buffer, target.byteOffset, target.length / 4);
      for (let i = 0; i < from.length; i += 1) {
        const word = from[i] ?? 0;
        to[i] = (word << 24) | ((word & 0xff_00) << 8) | ((word >>> 8) & 0xff_00) | (word >>> 24);
      }
      break;
    }
    default:
      for (let i = 0; i < source.length; i += width) {
        for (let k = 0; k < width; k += 1) {
          target[i + k] = source[i + width - 1 - k] ?? 0;
        }
      }
  }
}

/** The bytes as elements of `width` can be laid over them: where they are, or copied when they lie askew. */
function aligned(bytes: Uint8Array, width: number): [ArrayBufferLike, number, number] {
  const lying = bytes.byteOffset % width === 0 ? bytes : bytes.slice();
  return [lying.buffer, lying.byteOffset, lying.length / width];
}

/** Reads big-endian integers of 16 bits as Float32, `offset` added: the way of every raw frame, in one pass. */
export function decode16AsFloat32(data: Uint8Array, offset: 0 | 32_768): Float32Array<ArrayBuffer> {
  const words = new Uint16Array(...aligned(data, 2));
  const values = new Float32Array(words.length);
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] ?? 0;
    values[i] = offset + ((((word << 8) | (word >>> 8)) << 16) >> 16);
  }
  return values;
}

/** Subtracting the offset of the unsigned convention is flipping the highest bit, which is the first in big-endian order. */
function flipSign(bytes: Uint8Array, width: number): void {
  for (let i = 0; i < bytes.length; i += width) {
    bytes[i] = (bytes[i] ?? 0) ^ 0x80;
  }
}
