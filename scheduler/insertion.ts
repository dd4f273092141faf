import type { TaskLink, Unit } from "./relations.ts";
import { within, type Task } from "./task.ts";
import type { Place, Track } from "./track.ts";

/** A plan in the making: the rows of all telescopes, and what each owner may still spend. */
export interface Plan {
  readonly tracks: readonly Track[];
  readonly quotaLeftMs: Map<string, number>;
  /** Ranks of the planned tasks. */
  readonly placed: Set<number>;
}

/**
 * Inserts units one after the other, each wholly or not at all, sliding what is planned as little as needed; a unit that
 * another one needs comes before it. What is planned already is left alone.
 */
export function insertUnits(plan: Plan, units: readonly Unit[]): void {
  const tried = new Set<Unit>();
  for (const unit of units) {
    // An explicit stack: a cadence may be longer than the call stack is deep.
    const waiting = [unit];
    for (let next = waiting.at(-1); next !== undefined; next = waiting.at(-1)) {
      const needed = next.needs.find((other) => !tried.has(other));
      if (needed !== undefined) {
        waiting.push(needed);
        continue;
      }
      waiting.pop();
      if (tried.has(next)) continue;
      tried.add(next);
      if (next.tasks.some((task) => !plan.placed.has(task.rank))) insertUnit(plan, next);
    }
  }
}

/** @returns whether all tasks of the unit are planned; when not, the plan is as it was. */
export function insertUnit(plan: Plan, unit: Unit): boolean {
  const needed = unit.needs.flatMap((other) => other.tasks);
  if (needed.some((task) => !plan.placed.has(task.rank))) return false;
  const [only] = unit.tasks;
  if (only !== undefined && unit.tasks.length === 1 && unit.links.length === 0) return insertTask(plan, only);
  const before = snapshot(plan);
  for (const task of unit.tasks) {
    const links = unit.links.filter((link) => link.task.rank === task.rank);
    const bounded = boundedBy(plan, task, links);
    if (bounded === null || !insertTask(plan, bounded)) {
      restore(plan, before);
      return false;
    }
    // What others hang on, and what hangs on others, must not slide any more.
    if (links.length > 0) pin(plan, task);
  }
  return true;
}

function insertTask(plan: Plan, task: Task): boolean {
  const quotaMs = plan.quotaLeftMs.get(task.owner) ?? 0;
  if (task.needMs > quotaMs) return false;
  let best: { track: Track; place: Place } | null = null;
  for (const track of plan.tracks) {
    const place = track.bestPlace(task);
    if (place !== null && (best === null || place.cost < best.place.cost)) best = { track, place };
  }
  if (best === null) return false;
  best.track.insert(task, best.place);
  plan.quotaLeftMs.set(task.owner, quotaMs - task.needMs);
  plan.placed.add(task.rank);
  return true;
}

/** `task` with the starts that its links leave; pins the rows it follows; null when one of them is not planned. */
export function boundedBy(plan: Plan, task: Task, links: readonly TaskLink[]): Task | null {
  let bounded = task;
  for (const { after, minMs, maxMs } of links) {
    const endMs = pin(plan, after);
    if (endMs === null) return null;
    bounded = within(bounded, endMs + minMs, endMs + maxMs);
  }
  return bounded;
}

/** @returns the end of the row, or null when the task is not planned. */
function pin(plan: Plan, task: Task): number | null {
  for (const track of plan.tracks) {
    const k = track.rows.findIndex((row) => row.rank === task.rank);
    if (k < 0) continue;
    track.pin(k);
    return track.endMs(k);
  }
  return null;
}

interface Snapshot {
  readonly tracks: readonly { readonly rows: readonly Task[]; readonly startMs: readonly number[] }[];
  readonly quotaLeftMs: ReadonlyMap<string, number>;
  readonly placed: ReadonlySet<number>;
}

function snapshot(plan: Plan): Snapshot {
  return {
    tracks: plan.tracks.map((track) => ({ rows: [...track.rows], startMs: [...track.startMs] })),
    quotaLeftMs: new Map(plan.quotaLeftMs),
    placed: new Set(plan.placed),
  };
}

function restore(plan: Plan, before: Snapshot): void {
  plan.tracks.forEach((track, k) => track.set(before.tracks[k]?.rows ?? [], before.tracks[k]?.startMs ?? []));
  for (const [owner, left] of before.quotaLeftMs) plan.quotaLeftMs.set(owner, left);
  plan.placed.clear();
  for (const rank of before.placed) plan.placed.add(rank);
}
