import type { IntervalSet } from "./intervals.ts";
import type { Interval, MeritPoint } from "./problem.ts";

/** An eligible sequence, in the form the search works on. */
export interface Task {
  /** Place in the canonical order (priority, latest end, id): what makes a plan independent of the order of the input. */
  readonly rank: number;
  readonly id: string;
  readonly owner: string;
  readonly priority: number;
  readonly durationMs: number;
  /** Overhead + duration. */
  readonly needMs: number;
  /** Weight x duration in integer units of 1e-6 weight-seconds: sums are exact. */
  readonly value: number;
  /** Wished start of the block; may be half an integer; null: as early as possible. */
  readonly preferredStartMs: number | null;
  readonly merit: readonly MeritPoint[];
  /** Possible starts by telescope index; empty where it cannot be observed. */
  readonly starts: readonly IntervalSet[];
}

/** Units of Task.value in one weight-second: weights have three decimals, durations are milliseconds. */
export const VALUE_UNITS = 1_000_000;

/** Weight x duration in units of 1e-6 weight-seconds; weight = 101 - priority (scheduling instances, F of the model). */
export function valueOf(priority: number, durationMs: number): number {
  return Math.round((101 - priority) * 1_000) * durationMs;
}

/** From the first possible start of `task` to the end of its last one, on any telescope; reversed when it has no start. */
export function reachOf(task: Task): Interval {
  let startMs = Number.POSITIVE_INFINITY;
  let endMs = Number.NEGATIVE_INFINITY;
  for (const set of task.starts) {
    for (const piece of set) {
      startMs = Math.min(startMs, piece.startMs);
      endMs = Math.max(endMs, piece.endMs + task.needMs);
    }
  }
  return { startMs, endMs };
}

/** `task` with only those starts that lie in [fromMs, toMs]. */
export function within(task: Task, fromMs: number, toMs: number): Task {
  const starts = task.starts.map((set) =>
    set.flatMap(({ startMs, endMs }) => {
      const from = Math.max(startMs, fromMs);
      const to = Math.min(endMs, toMs);
      return from <= to ? [{ startMs: from, endMs: to }] : [];
    }),
  );
  return { ...task, starts };
}
