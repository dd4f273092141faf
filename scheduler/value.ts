import type { LinkColumns, RelationColumns } from "./arrangement.ts";
import { columnsOf } from "./columns.ts";
import { insertUnits, type Plan } from "./insertion.ts";
import { createRandom } from "./random.ts";
import type { TaskLink, Unit } from "./relations.ts";
import { search } from "./search.ts";
import { settle, type Settling } from "./settle.ts";
import { within, type Task } from "./task.ts";
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
 * @returns iterations run.
 */
export function planByValue(
  plan: Plan,
  units: readonly Unit[],
  links: readonly TaskLink[],
  options: ValueSearch,
): number {
  const quotaMs = new Map(plan.quotaLeftMs);
  insertUnits(
    plan,
    units.filter((unit) => unit.tasks.some((task) => task.priority < options.alertsBelow)),
  );
  for (const track of plan.tracks) track.pinAll();
  const alertRanks = new Set(plan.placed);
  insertUnits(plan, byDensity(units));
  const tasks = units.flatMap((unit) => unit.tasks).sort((a, b) => a.rank - b.rank);
  if (tasks.length === 0) return 0;

  const owners = [...quotaMs.keys()].sort();
  const { gapBetween } = options;
  const gaps = gapBetween === null ? null : plan.tracks.map((_, telescope) => gapBetween(telescope));
  const columns = columnsOf(tasks, plan.tracks.length, owners, gaps);
  const numberOf = new Map(tasks.map((task, k) => [task.rank, k]));
  const numbered = (task: Task): number => numberOf.get(task.rank) as number;
  const { orders, pinMs, iterations } = search(
    {
      tasks: columns,
      relations: relationColumns(units, tasks.length, numbered),
      orders: plan.tracks.map((track) => track.rows.map(numbered)),
      startMs: plan.tracks.map((track) => track.startMs),
      quotaMs: Float64Array.from(owners, (owner) => quotaMs.get(owner) ?? 0),
      fixed: Uint8Array.from(tasks, ({ rank }) => (alertRanks.has(rank) ? 1 : 0)),
      upperBound: options.upperBound,
      random: createRandom(options.seed),
    },
    (done) => options.mayGoOn(done),
  );

  plan.placed.clear();
  for (const [owner, ms] of quotaMs) plan.quotaLeftMs.set(owner, ms);
  for (const row of orders.flat().flatMap((number) => tasks[number] ?? [])) {
    plan.placed.add(row.rank);
    plan.quotaLeftMs.set(row.owner, (plan.quotaLeftMs.get(row.owner) ?? 0) - row.needMs);
  }
  const settling = { tasks, columns, orders, pinMs, links };
  take(
    plan,
    settling,
    settle(settling, ({ rank }) => !alertRanks.has(rank)),
  );
  // A row that moved to its wish may have opened a gap: what is refused must not fit, so then it stays where the search had it.
  const moved = pinMs.some((column) => column.some((startMs) => !Number.isNaN(startMs)));
  if (moved && tasks.some((task) => !plan.placed.has(task.rank) && fits(plan, task)))
    take(
      plan,
      settling,
      settle(settling, () => false),
    );
  return iterations;
}

/** Gives `plan` rows and their times; those that the search pinned slide no more. */
function take(plan: Plan, { tasks, orders, pinMs }: Settling, startMs: readonly (readonly number[])[]): void {
  plan.tracks.forEach((track, telescope) => {
    const column = startMs[telescope] ?? [];
    const rows = (orders[telescope] ?? []).map((number, k) => {
      const task = tasks[number] as Task;
      const atMs = column[k] as number;
      return Number.isNaN(pinMs[telescope]?.[k]) ? task : within(task, atMs, atMs);
    });
    track.set(rows, column);
  });
}

/** Whether a task could be inserted, its relations aside. */
function fits(plan: Plan, task: Task): boolean {
  return (
    task.needMs <= (plan.quotaLeftMs.get(task.owner) ?? 0) &&
    plan.tracks.some((track) => track.bestPlace(task) !== null)
  );
}

/** The units that stand in relations, by numbers of tasks. */
function relationColumns(
  units: readonly Unit[],
  count: number,
  numbered: (task: Task) => number,
): RelationColumns {
  const needed = new Set(units.flatMap((unit) => unit.needs));
  const related = units.filter(
    (unit) => unit.tasks.length > 1 || unit.needs.length > 0 || unit.links.length > 0 || needed.has(unit),
  );
  const unitNumber = new Map(related.map((unit, k) => [unit, k]));
  const neededBy = related.map((): number[] => []);
  const unitOf = new Int32Array(count).fill(-1);
  const linksOf = new Map<number, LinkColumns[]>();
  const add = (task: number, link: LinkColumns): void => {
    const links = linksOf.get(task);
    if (links === undefined) linksOf.set(task, [link]);
    else links.push(link);
  };
  const columns = related.map((unit, k) => {
    const needs = unit.needs.map((other) => unitNumber.get(other) as number);
    for (const other of needs) neededBy[other]?.push(k);
    const tasks = unit.tasks.map(numbered);
    for (const task of tasks) unitOf[task] = k;
    for (const { task, after, minMs, maxMs } of unit.links) {
      const [later, earlier] = [numbered(task), numbered(after)];
      add(later, { other: earlier, follows: true, minMs, maxMs });
      add(earlier, { other: later, follows: false, minMs, maxMs });
    }
    return { tasks, needs, neededBy: neededBy[k] as number[] };
  });
  return { units: columns, unitOf, linksOf };
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
