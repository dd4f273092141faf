/** Seeded randomness: the same seed gives the same sky and the same noise. */

/** 32-bit hash of integers (murmur3's finaliser over each in turn). */
export function hash32(...values: readonly number[]): number {
  let hash = 0x9e37_79b9;
  for (const value of values) {
    hash = Math.imul(hash ^ (value | 0), 0x85eb_ca6b);
    hash ^= hash >>> 13;
    hash = Math.imul(hash, 0xc2b2_ae35);
    hash ^= hash >>> 16;
  }
  return hash >>> 0;
}

/** Hash of a text, e.g. of a device id. */
export function hashText(text: string): number {
  return hash32(...Array.from(text, (character) => character.codePointAt(0) ?? 0));
}

/** Uniform numbers in [0, 1) (mulberry32 by Tommy Ettinger, public domain). */
export function createRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b_79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A normal deviate from two uniform ones (Box and Muller 1958). */
export function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** A Poisson deviate: by inversion below a mean of 30, by its normal limit above. */
export function poisson(random: () => number, mean: number): number {
  if (mean >= 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  let term = Math.exp(-mean);
  let rest = random() - term;
  let count = 0;
  while (rest >= 0 && count < 200) {
    count += 1;
    term *= mean / count;
    rest -= term;
  }
  return count;
}
