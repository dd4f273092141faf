import { numberOf, findCard } from "./card.ts";
import { FitsError } from "./error.ts";
import { decodeOffset, decodeStored } from "./pixels.ts";
import type { Pixels } from "./pixels.ts";
import type { Hdu } from "./reader.ts";

const UNSIGNED_OFFSETS: Readonly<Record<number, bigint>> = {
  8: -128n,
  16: 32_768n,
  32: 2_147_483_648n,
  64: 9_223_372_036_854_775_808n,
};

/**
 * Physical values of an image: BSCALE * stored + BZERO, BLANK as NaN (FITS 4.0, sections 4.4.2 and 5.2).
 * Without scaling the array has the file's own type; the unsigned convention gives unsigned arrays; any other scaling or
 * a BLANK gives Float32 for 8 and 16 bits, Float64 for more.
 * @throws FitsError `unsupported` when the HDU is no plain image
 */
export function imagePixels(hdu: Hdu): Pixels {
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
  const scale = numberOf(hdu.cards, "BSCALE") ?? 1;
  const blank = hdu.bitpix > 0 ? findCard(hdu.cards, "BLANK") : undefined;
  const zeroCard = findCard(hdu.cards, "BZERO");
  const zero = zeroCard?.kind === "integer" || zeroCard?.kind === "real" ? zeroCard.value : 0;
  const plain = scale === 1 && blank === undefined;
  if (plain && Number(zero) === 0) {
    return decodeStored(hdu.data, hdu.bitpix);
  }
  if (plain && hdu.bitpix > 0 && Number(zero) === Number(UNSIGNED_OFFSETS[hdu.bitpix])) {
    return decodeOffset(hdu.data, hdu.bitpix);
  }
  return scaled(hdu, scale, Number(zero), blank?.kind === "integer" ? Number(blank.value) : null);
}

/** The same as Float32, which is what calibration works in; 64-bit integers lose digits beyond 2^24. */
export function imageFloat32(hdu: Hdu): Float32Array<ArrayBuffer> {
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
