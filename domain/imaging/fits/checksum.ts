/**
 * FITS checksums (FITS 4.0, section 4.4.2.7 and appendix J): the 32-bit ones' complement sum of the big-endian words
 * of an HDU, and its ASCII form.
 */

/**
 * Ones' complement sum of bytes, added to an earlier sum.
 * @param bytes a multiple of 4 long
 */
export function onesComplementSum(bytes: Uint8Array, sum = 0): number {
  // Bytes are added in four columns, two of them at a time in one number: fast, and the same on any machine.
  const length = bytes.length & ~3;
  const isAligned = bytes.byteOffset % 4 === 0;
  const words = isAligned
    ? new Uint32Array(bytes.buffer, bytes.byteOffset, length / 4)
    : new Uint32Array(bytes.slice(0, length).buffer);
  const columns = [0, 0, 0, 0];
  for (let start = 0; start < words.length; start += CHUNK) {
    const end = start + CHUNK < words.length ? start + CHUNK : words.length;
    let even = 0;
    let odd = 0;
    for (let i = start; i < end; i += 1) {
      const word = words[i] ?? 0;
      even += word & 0x00_ff_00_ff;
      odd += (word >>> 8) & 0x00_ff_00_ff;
    }
    columns[0] = (columns[0] ?? 0) + (even & 0xff_ff);
    columns[1] = (columns[1] ?? 0) + (odd & 0xff_ff);
    columns[2] = (columns[2] ?? 0) + (even >>> 16);
    columns[3] = (columns[3] ?? 0) + (odd >>> 16);
  }
  const [first = 0, second = 0, third = 0, fourth = 0] = LITTLE_ENDIAN ? columns : columns.toReversed();
  // Folding modulo 2^32 - 1 is the end-around carry.
  const total = sum + ((first * 256 + second) % FULL) * 65_536 + third * 256 + fourth;
  return total === 0 ? 0 : total % FULL || FULL;
}

const FULL = 0xff_ff_ff_ff;
/** So many bytes add up in 16 bits. */
const CHUNK = 256;
const LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;
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
