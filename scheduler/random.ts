/** A stream of pseudo-random numbers: 32-bit integer arithmetic only, so the same on every machine. */
export interface Random {
  /** Integer in [0, below). */
  below(below: number): number;
  /** Number in [0, 1) in steps of 2^-32. */
  unit(): number;
}

/** sfc32 of C. Doty-Humphrey (PractRand), seeded with one 32-bit number. */
export function createRandom(seed: number): Random {
  let a = seed >>> 0;
  let b = 0x9e3779b9;
  let c = 0x243f6a88;
  let counter = 1;
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return sum >>> 0;
  };
  // The first outputs of neighbouring seeds resemble each other.
  for (let k = 0; k < 15; k++) next();
  return {
    below: (below) => Math.floor((next() / 4_294_967_296) * below),
    unit: () => next() / 4_294_967_296,
  };
}
