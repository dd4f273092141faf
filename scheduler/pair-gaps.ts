import { difference } from "./intervals.ts";
import type { Frame } from "./read-problem.ts";
import type { PairOverhead } from "./schedule.ts";
import type { Task } from "./task.ts";
import type { GapBetween } from "./track.ts";

/**
 * Overheads by pair as the plan uses them, telescope by telescope; null when there are none.
 * @throws RangeError from the returned function when an overhead is no integer of milliseconds, 0 or more.
 */
export function pairGaps(
  frame: Frame,
  pairOverheadMs: PairOverhead | undefined,
): ((telescope: number) => GapBetween) | null {
  if (pairOverheadMs === undefined) return null;
  return (telescope) => {
    const telescopeId = frame.telescopes[telescope]?.id ?? "";
    return (from, to) => {
      const gapMs = pairOverheadMs(from.id, to.id, telescopeId);
      if (!Number.isSafeInteger(gapMs) || gapMs < 0) {
        throw new RangeError(
          `the overhead from ${from.id} to ${to.id} is ${gapMs}, must be integer ms of 0 or more`,
        );
      }
      return gapMs;
    };
  };
}

/**
 * Tasks without the starts that come too close to a frozen row: its overheads by pair hold towards every task, neighbour or
 * not, which is never too little.
 */
export function awayFromFrozen(
  tasks: readonly Task[],
  frame: Frame,
  gapBetween: ((telescope: number) => GapBetween) | null,
): readonly Task[] {
  if (gapBetween === null || frame.frozen.length === 0) return tasks;
  return tasks.map((task) => ({
    ...task,
    starts: task.starts.map((set, telescope) => {
      const gap = gapBetween(telescope);
      return frame.frozen
        .filter((row) => row.telescope === frame.telescopes[telescope]?.id)
        .reduce((starts, row) => {
          const frozen = { id: row.sequenceId };
          const startMs = row.tspMs - gap(task, frozen) - task.needMs;
          return difference(starts, [{ startMs, endMs: row.tepMs + gap(frozen, task) }]);
        }, set);
    }),
  }));
}
