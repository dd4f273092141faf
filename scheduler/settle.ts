import { nearestStart } from "./nearest-start.ts";
import { Packing, type TaskColumns } from "./packing.ts";
import { linkedRoom, linksByRank, type TaskLink } from "./relations.ts";
import type { Task } from "./task.ts";

/** Orders of rows that have found their times, by telescope. */
export interface Settling {
  /** By number. */
  readonly tasks: readonly Task[];
  readonly columns: TaskColumns;
  readonly orders: readonly (readonly number[])[];
  /** The start of each row that has one already, NaN for the others. */
  readonly pinMs: readonly (readonly number[])[];
  readonly links: readonly TaskLink[];
}

/**
 * Times for orders: from the most important row to the least, each takes of the room that the others leave it the start
 * nearest to its wish, and keeps it. Rows with a start may leave it for a better one when `mayMove` says so.
 * @returns the start of each row, ms, by telescope.
 */
export function settle(of: Settling, mayMove: (task: Task) => boolean): number[][] {
  const { tasks, columns, orders } = of;
  const packings = orders.map((order, telescope) => {
    const packing = new Packing(telescope, columns);
    order.forEach((number, k) => {
      const pinMs = of.pinMs[telescope]?.[k] as number;
      if (!Number.isNaN(pinMs)) packing.pin(number, pinMs);
    });
    packing.set(order);
    return packing;
  });
  const linksOf = linksByRank(of.links);
  const startMs = of.pinMs.map((column) => [...column]);
  const placeOf = new Map<number, { telescope: number; k: number }>();
  orders.forEach((order, telescope) =>
    order.forEach((number, k) => placeOf.set(tasks[number]?.rank as number, { telescope, k })),
  );
  const timesOf = (task: Task) => {
    const at = placeOf.get(task.rank);
    const atMs = at === undefined ? undefined : startMs[at.telescope]?.[at.k];
    return atMs === undefined ? null : { startMs: atMs, endMs: atMs + task.needMs };
  };
  const rows = orders.flatMap((order, telescope) => order.map((number, k) => ({ number, telescope, k })));
  for (const { number, telescope, k } of rows.sort((a, b) => a.number - b.number)) {
    const task = tasks[number] as Task;
    const packing = packings[telescope] as Packing;
    const column = startMs[telescope] as number[];
    if (!Number.isNaN(column[k])) {
      if (!mayMove(task)) continue;
      packing.unpin(number);
      packing.repackAround(k);
    }
    const [fromMs, toMs] = linkedRoom(task, linksOf.get(task.rank) ?? [], timesOf);
    const earliestMs = packing.head[k] as number;
    const best = nearestStart(
      task,
      telescope,
      Math.max(earliestMs, fromMs),
      Math.min(packing.tail[k] as number, toMs),
    );
    column[k] = best?.startMs ?? earliestMs;
    packing.pin(number, column[k]);
    packing.repackAround(k);
  }
  return startMs;
}
