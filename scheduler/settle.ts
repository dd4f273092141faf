import { nearestStart } from "./nearest-start.ts";
import { Packing, type TaskColumns } from "./packing.ts";
import type { Task } from "./task.ts";

/**
 * Times for an order: from the most important row to the least, each takes of the room that the others leave it the
 * start nearest to its wish, and keeps it.
 */
export function settle(
  tasks: readonly Task[],
  columns: TaskColumns,
  telescope: number,
  order: readonly number[],
): number[] {
  const held = {
    ...columns,
    firstMs: columns.firstMs.map((column) => column.slice()),
    lastMs: columns.lastMs.map((column) => column.slice()),
    pieces: columns.pieces.map((column) => [...column]),
  };
  const packing = new Packing(telescope, held);
  packing.rows.set(order);
  packing.length = order.length;
  packing.repack();
  const startMs = Array.from(order, () => 0);
  const byRank = [...order.keys()].sort((a, b) => (order[a] ?? 0) - (order[b] ?? 0));
  for (const k of byRank) {
    const number = order[k] ?? 0;
    const task = tasks[number];
    if (task === undefined) continue;
    const fromMs = packing.head[k] ?? 0;
    const best = nearestStart(task, telescope, fromMs, packing.tail[k] ?? fromMs)?.startMs ?? fromMs;
    startMs[k] = best;
    held.firstMs[telescope]?.fill(best, number, number + 1);
    held.lastMs[telescope]?.fill(best, number, number + 1);
    const pieces = held.pieces[telescope];
    if (pieces !== undefined) pieces[number] = null;
    packing.repackAround(k);
  }
  return startMs;
}
