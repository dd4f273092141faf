/** A lamp that fails some flats: the fault that the quality control of the calibrations must find. */
import { actionNumber, actionParameters } from "../device.ts";
import type { DeviceAction } from "../device.ts";
import type { FrameJob } from "../sky/frame.ts";

/** Share of its light that the lamp still gives. */
const FAILING = 0.03;
/** Exposures remembered: a frame is drawn ahead, and perhaps once more when it is due. */
const REMEMBERED = 50;

export interface BadFlats {
  /** The job of a frame of the exposure begun at `startMs`, with less light when it is one that fails. */
  readonly dimmed: (job: FrameJob, startMs: number) => FrameJob;
  /** `sim:bad-flats {count, after?}`: of the frames lit by the lamp, the next `count` after so many good ones. */
  readonly actions: Readonly<Record<string, DeviceAction>>;
}

export function createBadFlats(): BadFlats {
  let after = 0;
  let count = 0;
  const decided = new Map<number, boolean>();

  function fails(startMs: number): boolean {
    const known = decided.get(startMs);
    if (known !== undefined) return known;
    const failing = after === 0 && count > 0;
    if (failing) count -= 1;
    else if (after > 0) after -= 1;
    decided.set(startMs, failing);
    const oldest = decided.keys().next();
    if (decided.size > REMEMBERED && oldest.done !== true) decided.delete(oldest.value);
    return failing;
  }

  return {
    dimmed: (job, startMs) =>
      job.lampE > 0 && fails(startMs) ? { ...job, lampE: job.lampE * FAILING } : job,
    actions: {
      "sim:bad-flats": {
        logged: true,
        run: (text) => {
          const parameters = actionParameters("sim:bad-flats", text);
          count = Math.round(actionNumber("sim:bad-flats", parameters, "count", 0, 100));
          after =
            parameters["after"] === undefined
              ? 0
              : Math.round(actionNumber("sim:bad-flats", parameters, "after", 0, 1_000));
          return JSON.stringify({ count, after });
        },
      },
    },
  };
}
