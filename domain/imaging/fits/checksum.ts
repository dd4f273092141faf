/**
 * FITS checksums (FITS 4.0, section 4.4.2.7 and appendix J): the 32-bit ones' complement sum of the big-endian words
 * of an HDU, and its ASCII form.
 */

/**
 * Ones' complement sum of bytes, added to an earlier sum.
 * @param bytes a multiple of 4 long
 */
export function onesComplementSum(bytes: Uint8Array, sum = 0): number {
  let high = 0;
  let low = 0;
  for (let i = 0; i + 3 < bytes.length; i += 4) {
    high += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
    low += ((bytes[i + 2] ?? 0) << 8) | (bytes[i + 3] ?? 0);
  }
  // Both halves stay exact in a double up to 2^37 words. Folding modulo 2^32 - 1 is the end-around carry.
  const FULL = 0xff_ff_ff_ff;
  const total = sum + (high % FULL) * 65_536 + low;
  return total === 0 ? 0 : total % FULL || FULL;
}

/** Punctuation between the digits and letters that must not appear in the text (appendix J). */
const EXCLUDED = [0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f, 0x40, 0x5b, 0x5c, 0x5d, 0x5e, 0x5f, 0x60];

/** The 16 characters of the CHECKSUM card that bring the sum of the HDU, computed with 16 zeros there, to -0. */
export function checksumText(sum: number): string {
  const complement = 0xff_ff_ff_ff - sum;
  const characters = Array.from({ length: 16 }, () => "");
  for (let byteIndex = 0; byteIndex < 4; byteIndex += 1) {
    const byte = Math.floor(complement / 2 ** (24 - 8 * byteIndex)) & 0xff;
    fourCharacters(byte).forEach((code, j) => {
      // The text starts one byte before a word boundary, so all is rotated by one.
      characters[(4 * j + byteIndex + 1) % 16] = String.fromCharCode(code);
    });
  }
  return characters.join("");
}

/** Four codes that add up to a byte (and four zeros), none of them punctuation. */
function fourCharacters(byte: number): number[] {
  const quarter = 0x30 + (byte >> 2);
  const codes = [quarter + (byte & 3), quarter, quarter, quarter];
  let again = true;
  while (again) {
    again = false;
    for (const [a, b] of [
      [0, 1],
      [2, 3],
    ] as const) {
      const first = codes[a] ?? 0;
      const second = codes[b] ?? 0;
      if (EXCLUDED.includes(first) || EXCLUDED.includes(second)) {
        codes[a] = first + 1;
        codes[b] = second - 1;
        again = true;
      }
    }
  }
  return codes;
}
