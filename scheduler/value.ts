import { columnsOf } from "./columns.ts";
import { insertUnits, type Plan } from "./insertion.ts";
import { nearestStart } from "./nearest-start.ts";
import { Packing } from "./packing.ts";
import { createRandom } from "./random.ts";
import type { Unit } from "./relations.ts";
import { search } from "./search.ts";
import type { Task } from "./task.ts";
import type { GapBetween } from "./track.ts";

export interface ValueSearch {
  readonly seed: number;
  /** In units of Task.value. */
  readonly upperBound: number;
  /** Units with a task of a priority below this come first, in strict order, and stay. */
  readonly alertsBelow: number;
  readonly gapBetween: ((telescope: number) => GapBetween) | null;
  mayGoOn(iterationsDone: number): boolean;
}

/**
 * Fills `plan` for the greatest value: alerts strictly and for good, the rest by density as a start, then the search.
 * Sequences with relations are placed by the start and stay; the search moves everything else around them.
 * @returns iterations run.
 */
export function planByValue(plan: Plan, units: readonly Unit[], options: ValueSearch): number {
  const quotaMs = new Map(plan.quotaLeftMs);
  const alerts = units.filter((unit) => unit.tasks.some((task) => task.priority < options.alertsBelow));
  insertUnits(plan, alerts);
  const keptRanks = new Set(plan.placed);
  insertUnits(plan, byDensity(units));

  const related = units.filter(
    (unit) => unit.tasks.length > 1 || unit.needs.length > 0 || unit.links.length > 0,
  );
  const relatedRanks = ranksOf(related);
  for (const rank of relatedRanks) if (plan.placed.has(rank)) keptRanks.add(rank);
  // What a planned sequence needs must stay too, free as it is itself.
  const standing = related.filter((unit) => unit.tasks.every((task) => plan.placed.has(task.rank)));
  for (const rank of ranksOf(standing.flatMap((unit) => unit.needs))) keptRanks.add(rank);
  // Rows carry the pins of their relations, so they stand for their tasks.
  const rows = new Map(plan.tracks.flatMap((track) => track.rows).map((row) => [row.rank, row]));
  const movable = units
    .flatMap((unit) => unit.tasks)
    .sort((a, b) => a.rank - b.rank)
    .flatMap((task) => rows.get(task.rank) ?? (relatedRanks.has(task.rank) ? [] : task));
  if (movable.length === 0) return 0;

  const numberOf = new Map(movable.map((task, k) => [task.rank, k]));
  const owners = [...quotaMs.keys()].sort();
  const columns = columnsOf(
    movable,
    plan.tracks.length,
    owners,
    options.gapBetween === null ? null : (telescope, from, to) => plan.tracks[telescope]?.gap(from, to) ?? 0,
  );
  const orders = plan.tracks.map((track) => track.rows.map((row) => numberOf.get(row.rank) ?? 0));
  const found = search(
    {
      tasks: columns,
      orders,
      quotaMs: Float64Array.from(owners, (owner) => quotaMs.get(owner) ?? 0),
      keep: Uint8Array.from(movable, (task) => (keptRanks.has(task.rank) ? 1 : 0)),
      upperBound: options.upperBound,
      random: createRandom(options.seed),
    },
    (done) => options.mayGoOn(done),
  );

  for (const [owner, quota] of quotaMs) plan.quotaLeftMs.set(owner, quota);
  plan.placed.clear();
  plan.tracks.forEach((track, telescope) => {
    const order = found.orders[telescope] ?? [];
    track.set(
      order.flatMap((k) => movable[k] ?? []),
      settle(movable, columns, telescope, order),
    );
    for (const row of track.rows) {
      plan.placed.add(row.rank);
      plan.quotaLeftMs.set(row.owner, (plan.quotaLeftMs.get(row.owner) ?? 0) - row.needMs);
    }
  });
  insertUnits(
    plan,
    byDensity(units.filter((unit) => unit.tasks.every((task) => !plan.placed.has(task.rank)))),
  );
  return found.iterations;
}

function ranksOf(units: readonly Unit[]): Set<number> {
  return new Set(units.flatMap((unit) => unit.tasks.map((task) => task.rank)));
}

/** What earns most per millisecond of telescope first. */
function byDensity(units: readonly Unit[]): readonly Unit[] {
  const density = new Map(
    units.map((unit) => {
      const value = unit.tasks.reduce((sum, task) => sum + task.value, 0);
      return [unit, value / unit.tasks.reduce((sum, task) => sum + task.needMs, 0)];
    }),
  );
  const rank = (unit: Unit): number => unit.tasks[0]?.rank ?? 0;
  return units.toSorted((a, b) => (density.get(b) ?? 0) - (density.get(a) ?? 0) || rank(a) - rank(b));
}

/**
 * Times for an order: from the most important row to the least, each takes of the room that the others leave it the
 * start nearest to its wish, and keeps it.
 */
function settle(
  tasks: readonly Task[],
  columns: ReturnType<typeof columnsOf>,
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
