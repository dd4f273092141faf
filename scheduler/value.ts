import { columnsOf } from "./columns.ts";
import { insertUnits, type Plan } from "./insertion.ts";
import { createRandom } from "./random.ts";
import type { Unit } from "./relations.ts";
import { search } from "./search.ts";
import { settle } from "./settle.ts";
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
  insertUnits(
    plan,
    units.filter((unit) => unit.tasks.some((task) => task.priority < options.alertsBelow)),
  );
  const alertRanks = new Set(plan.placed);
  insertUnits(plan, byDensity(units));
  const { tasks, keptRanks } = tasksToMove(plan, units);
  if (tasks.length === 0) return 0;

  const owners = [...quotaMs.keys()].sort();
  const { gapBetween } = options;
  const gaps = gapBetween === null ? null : plan.tracks.map((_, telescope) => gapBetween(telescope));
  const columns = columnsOf(
    tasks,
    plan.tracks.length,
    owners,
    gaps === null ? null : (telescope, from, to) => gaps[telescope]?.(from, to) ?? 0,
  );
  const numberOf = new Map(tasks.map((task, k) => [task.rank, k]));
  const found = search(
    {
      tasks: columns,
      orders: plan.tracks.map((track) => track.rows.map((row) => numberOf.get(row.rank) ?? 0)),
      quotaMs: Float64Array.from(owners, (owner) => quotaMs.get(owner) ?? 0),
      keep: Uint8Array.from(tasks, ({ rank }) => (alertRanks.has(rank) || keptRanks.has(rank) ? 1 : 0)),
      upperBound: options.upperBound,
      random: createRandom(options.seed),
    },
    (done) => options.mayGoOn(done),
  );

  plan.placed.clear();
  for (const [owner, ms] of quotaMs) plan.quotaLeftMs.set(owner, ms);
  plan.tracks.forEach((track, telescope) => {
    const order = found.orders[telescope] ?? [];
    const rows = order.flatMap((k) => tasks[k] ?? []);
    track.set(rows, settle(tasks, columns, telescope, order));
    for (const row of rows) {
      plan.placed.add(row.rank);
      plan.quotaLeftMs.set(row.owner, (plan.quotaLeftMs.get(row.owner) ?? 0) - row.needMs);
    }
  });
  // What stands in a relation took no part in the search: it may fit now.
  insertUnits(
    plan,
    byDensity(units.filter((unit) => unit.tasks.some((task) => !plan.placed.has(task.rank)))),
  );
  return found.iterations;
}

/** What the search may move, in canonical order, and the ranks of those it must not lose. */
function tasksToMove(
  plan: Plan,
  units: readonly Unit[],
): { tasks: readonly Task[]; keptRanks: ReadonlySet<number> } {
  const related = units.filter(
    (unit) => unit.tasks.length > 1 || unit.needs.length > 0 || unit.links.length > 0,
  );
  const relatedRanks = ranksOf(related);
  const standing = related.filter((unit) => unit.tasks.every((task) => plan.placed.has(task.rank)));
  // What a planned sequence needs must stay too, free as it is itself.
  const keptRanks = ranksOf([...standing, ...standing.flatMap((unit) => unit.needs)]);
  // Rows carry the pins of their relations, so they stand for their tasks.
  const rows = new Map(plan.tracks.flatMap((track) => track.rows).map((row) => [row.rank, row]));
  const tasks = units
    .flatMap((unit) => unit.tasks)
    .sort((a, b) => a.rank - b.rank)
    .flatMap((task) => rows.get(task.rank) ?? (relatedRanks.has(task.rank) ? [] : task));
  return { tasks, keptRanks };
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
