/** Sources that appear at an alert's place and fade as a power law. */

export interface Transient {
  readonly raDeg: number;
  readonly decDeg: number;
  /** Observatory time of the burst, Unix ms. */
  readonly t0Ms: number;
  /** Magnitude 60 observatory seconds after the burst. */
  readonly mag: number;
  /** Flux falls as (t - t0)^-index. */
  readonly index: number;
}

const REFERENCE_S = 60;
/** The rise is not drawn: before this the source is as bright as then. */
const EARLIEST_S = 10;

/** Magnitude at an instant; undefined before the burst. */
export function transientMagnitude(transient: Transient, atMs: number): number | undefined {
  const ageS = (atMs - transient.t0Ms) / 1_000;
  if (ageS < 0) return undefined;
  return transient.mag + 2.5 * transient.index * Math.log10(Math.max(EARLIEST_S, ageS) / REFERENCE_S);
}
