/**
 * How many problems a property is tried on. By default few enough for every change, and always the same ones: what fails was
 * broken by the change. `SCHEDULER_PROPERTY_RUNS=5000 npm test` goes on looking for what nobody has thought of: that many
 * problems for each property, others each time (`SCHEDULER_PROPERTY_SEED` for the same ones again).
 */
export function propertyRuns(byDefault: number): { numRuns: number; seed: number; endOnFailure: boolean } {
  const runs = process.env.SCHEDULER_PROPERTY_RUNS;
  const seed = process.env.SCHEDULER_PROPERTY_SEED;
  return {
    numRuns: runs === undefined ? byDefault : Number(runs),
    seed: seed === undefined ? (runs === undefined ? 20_261_120 : Date.now() | 0) : Number(seed),
    // Shrinking would take longer than the test may; the seed in the message finds the problem again.
    endOnFailure: true,
  };
}
