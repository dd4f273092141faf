import type { TaskColumns } from "./packing.ts";
import { reachOf, type Task } from "./task.ts";
import type { GapBetween } from "./track.ts";

/** Tasks as columns, owners numbered in the order of `owners`. */
export function columnsOf(
  tasks: readonly Task[],
  telescopes: number,
  owners: readonly string[],
  gapBetween: readonly GapBetween[] | null,
): TaskColumns {
  const ownerNumber = new Map(owners.map((owner, k) => [owner, k]));
  const byTelescope = <T>(column: (telescope: number) => T): T[] =>
    Array.from({ length: telescopes }, (_, telescope) => column(telescope));
  let fromMs = Number.POSITIVE_INFINITY;
  let untilMs = Number.NEGATIVE_INFINITY;
  for (const task of tasks) {
    const { startMs, endMs } = reachOf(task);
    fromMs = Math.min(fromMs, startMs);
    untilMs = Math.max(untilMs, endMs);
  }
  return {
    count: tasks.length,
    needMs: Float64Array.from(tasks, (task) => task.needMs),
    value: Float64Array.from(tasks, (task) => task.value),
    owner: Int32Array.from(tasks, (task) => ownerNumber.get(task.owner) ?? -1),
    firstMs: byTelescope((t) =>
      Float64Array.from(tasks, (task) => task.starts[t]?.[0]?.startMs ?? Number.POSITIVE_INFINITY),
    ),
    lastMs: byTelescope((t) =>
      Float64Array.from(tasks, (task) => task.starts[t]?.at(-1)?.endMs ?? Number.NEGATIVE_INFINITY),
    ),
    pieces: byTelescope((t) =>
      tasks.map((task) => {
        const set = task.starts[t] ?? [];
        return set.length > 1 ? set : null;
      }),
    ),
    fromMs,
    untilMs,
    gapMs:
      gapBetween === null
        ? null
        : (telescope, from, to) => gapBetween[telescope]?.(tasks[from] as Task, tasks[to] as Task) ?? 0,
  };
}
