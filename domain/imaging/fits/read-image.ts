import { numberOf, findCard } from "./card.ts";
import { FitsError } from "./error.ts";
import { decode16AsFloat32, decodeOffset, decodeStored } from "./pixels.ts";
import type { Pixels } from "./pixels.ts";
import type { Hdu } from "./reader.ts";

const UNSIGNED_OFFSETS: Readonly<Record<number, number>> = {
  8: -128,
  16: 32_768,
  32: 2_147_483_648,
  64: 2 ** 63,
};

/**
 * Physical values of an image: BSCALE * stored + BZERO, BLANK as NaN (FITS 4.0, sections 4.4.2 and 5.2).
 * Without scaling the array has the file's own type; the unsigned convention gives unsigned arrays; any other scaling or
 * a BLANK gives Float32 for 8 and 16 bits, Float64 for more.
 * @throws FitsError `unsupported` when the HDU is no plain image
 */
export function imagePixels(hdu: Hdu): Pixels {
  const { scale, zero, blank } = scalingOf(hdu);
  if (scale !== 1 || blank !== null) {
    return scaled(hdu, scale, zero, blank);
  }
  if (zero === 0) {
    return decodeStored(hdu.data, hdu.bitpix);
  }
  if (hdu.bitpix > 0 && zero === UNSIGNED_OFFSETS[hdu.bitpix]) {
    return decodeOffset(hdu.data, hdu.bitpix);
  }
  return scaled(hdu, scale, zero, blank);
}

/** How stored values become physical ones; refuses what is no plain image. */
function scalingOf(hdu: Hdu): {
  readonly scale: number;
  readonly zero: number;
  readonly blank: number | null;
} {
  if (hdu.kind === "compressedImage") {
    const kind = findCard(hdu.cards, "ZCMPTYPE")?.value ?? "unknown";
    throw new FitsError(
      "unsupported",
      `HDU ${hdu.index}: tile compression ${String(kind)} is not read; decompress the file first`,
    );
  }
  if (hdu.kind !== "image") {
    throw new FitsError("unsupported", `HDU ${hdu.index} is no image but ${hdu.kind}`);
  }
  // BLANK means something for integers only.
  const blank = hdu.bitpix > 0 ? numberOf(hdu.cards, "BLANK") : undefined;
  return {
    scale: numberOf(hdu.cards, "BSCALE") ?? 1,
    zero: numberOf(hdu.cards, "BZERO") ?? 0,
    blank: blank ?? null,
  };
}

/** The same as Float32, which is what calibration works in; 64-bit integers lose digits beyond 2^24. */
export function imageFloat32(hdu: Hdu): Float32Array<ArrayBuffer> {
  const { scale, zero, blank } = scalingOf(hdu);
  if (hdu.bitpix === 16 && scale === 1 && blank === null && (zero === 0 || zero === 32_768)) {
    return decode16AsFloat32(hdu.data, zero);
  }
  const pixels = imagePixels(hdu);
  if (pixels instanceof Float32Array) {
    return pixels as Float32Array<ArrayBuffer>;
  }
  if (pixels instanceof BigInt64Array || pixels instanceof BigUint64Array) {
    return Float32Array.from(pixels, Number);
  }
  return new Float32Array(pixels);
}

function scaled(hdu: Hdu, scale: number, zero: number, blank: number | null): Float32Array | Float64Array {
  const stored = decodeStored(hdu.data, hdu.bitpix);
  const values =
    Math.abs(hdu.bitpix) <= 16 || hdu.bitpix === -32
      ? new Float32Array(stored.length)
      : new Float64Array(stored.length);
  for (let i = 0; i < values.length; i += 1) {
    const value = Number(stored[i]);
    values[i] = value === blank ? Number.NaN : value * scale + zero;
  }
  return values;
}
