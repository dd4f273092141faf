import { firstAtOrAfter, intersection, nearest } from "./intervals.ts";
import type { MeritPoint } from "./problem.ts";
import type { Task } from "./task.ts";

/** A start, and how far it is from the wish: smaller is better; costs of one task compare, those of two do not. */
export interface Start {
  readonly startMs: number;
  readonly cost: number;
}

/**
 * The best start of `task` on a telescope inside [fromMs, toMs]: where its merit is greatest, else where its middle is nearest
 * to the preferred time, else the earliest; of equals the earliest. null when there is none.
 */
export function nearestStart(task: Task, telescope: number, fromMs: number, toMs: number): Start | null {
  const starts = task.starts[telescope] ?? [];
  if (task.merit.length > 0) return bestMerit(task, telescope, fromMs, toMs);
  if (task.preferredStartMs === null) {
    const startMs = firstAtOrAfter(starts, fromMs);
    return startMs === null || startMs > toMs ? null : { startMs, cost: startMs };
  }
  const startMs = nearest(starts, fromMs, toMs, task.preferredStartMs);
  return startMs === null ? null : { startMs, cost: Math.abs(startMs - task.preferredStartMs) };
}

/** A piecewise linear curve is greatest at one of its points or where the room ends. */
function bestMerit(task: Task, telescope: number, fromMs: number, toMs: number): Start | null {
  const middleMs = task.needMs / 2;
  let best: Start | null = null;
  const consider = (startMs: number): void => {
    const cost = -(meritAt(task.merit, startMs + middleMs) ?? 0);
    if (best === null || cost < best.cost || (cost === best.cost && startMs < best.startMs))
      best = { startMs, cost };
  };
  if (fromMs > toMs) return null;
  for (const { startMs, endMs } of intersection(task.starts[telescope] ?? [], [
    { startMs: fromMs, endMs: toMs },
  ])) {
    consider(startMs);
    consider(endMs);
    for (const { atMs } of task.merit) {
      for (const at of [Math.floor(atMs - middleMs), Math.ceil(atMs - middleMs)]) {
        if (startMs < at && at < endMs) consider(at);
      }
    }
  }
  return best;
}

/** Value of a piecewise linear curve; flat beyond its ends; null without a curve. */
export function meritAt(curve: readonly MeritPoint[], atMs: number): number | null {
  let before: MeritPoint | null = null;
  for (const point of curve) {
    if (point.atMs >= atMs) {
      if (before === null || point.atMs === atMs) return point.value;
      return (
        before.value + ((point.value - before.value) * (atMs - before.atMs)) / (point.atMs - before.atMs)
      );
    }
    before = point;
  }
  return before?.value ?? null;
}
