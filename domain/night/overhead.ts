/**
 * What a frame really costs beyond its exposure. Software runs on wall time, so at a fast clock its share of
 * observatory time grows: the overhead used in planning = configured + measured (wall overhead x rate, which is what
 * the observatory clock shows).
 */
export interface MeasuredOverhead {
  /** Observatory seconds per frame beyond exposure and configured read-out; never negative. */
  readonly perFrameS: number;
  /** Sequences measured so far. */
  readonly samples: number;
}

export const NO_MEASUREMENT: MeasuredOverhead = { perFrameS: 0, samples: 0 };

/** Weight of the newest sample: follows a change of load within a few sequences, ignores a single hiccup. */
const NEWEST_WEIGHT = 0.3;

/** Takes the duration of one completed sequence into the running mean. */
export function measured(
  overhead: MeasuredOverhead,
  sample: { readonly actualS: number; readonly plannedS: number; readonly frames: number },
): MeasuredOverhead {
  if (sample.frames <= 0) return overhead;
  const perFrameS = Math.max(0, (sample.actualS - sample.plannedS) / sample.frames);
  return overhead.samples === 0
    ? { perFrameS, samples: 1 }
    : {
        perFrameS: overhead.perFrameS * (1 - NEWEST_WEIGHT) + perFrameS * NEWEST_WEIGHT,
        samples: overhead.samples + 1,
      };
}
