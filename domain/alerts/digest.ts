/**
 * 53-bit digest of a text as 11 base-36 digits (cyrb53 construction: two 32-bit multiply-xor lanes). It tells
 * messages apart, it protects nothing.
 */
export function digestOf(text: string): string {
  let low = 0xdeadbeef;
  let high = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    low = Math.imul(low ^ c, 2_654_435_761);
    high = Math.imul(high ^ c, 1_597_334_677);
  }
  low = Math.imul(low ^ (low >>> 16), 2_246_822_507) ^ Math.imul(high ^ (high >>> 13), 3_266_489_909);
  high = Math.imul(high ^ (high >>> 16), 2_246_822_507) ^ Math.imul(low ^ (low >>> 13), 3_266_489_909);
  return (4_294_967_296 * (2_097_151 & (high >>> 0)) + (low >>> 0)).toString(36).padStart(11, "0");
}
