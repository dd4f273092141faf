import { boundedBy, type Plan } from "./insertion.ts";
import type { Refusal } from "./eligibility.ts";
import { compareText } from "./read-problem.ts";
import type { Unit } from "./relations.ts";
import { reachOf, type Task } from "./task.ts";
import type { Track } from "./track.ts";

/** The reasons of sequences that could have been planned: others took their owner's quota or their room. */
export function whyNot(units: readonly Unit[], plan: Plan): Refusal[] {
  const rows = plan.tracks
    .flatMap((track) => track.rows.map((row, k) => ({ row, track, startMs: track.startMs[k] ?? 0 })))
    .sort((a, b) => a.startMs - b.startMs || compareText(a.row.id, b.row.id));
  const paid = paidByOwner(rows);
  return units.flatMap((unit) => unit.tasks.map((task) => reasonOf(task, unit, plan, rows, paid)));
}

/** What an owner's quota went to. */
interface Paid {
  readonly winners: number;
  readonly wonBy: readonly string[];
}

function paidByOwner(rows: readonly RowInTime[]): ReadonlyMap<string, Paid> {
  const rowsOf = new Map<string, RowInTime[]>();
  for (const row of rows) {
    const known = rowsOf.get(row.row.owner);
    if (known === undefined) rowsOf.set(row.row.owner, [row]);
    else known.push(row);
  }
  return new Map(
    [...rowsOf].map(([owner, its]) => [owner, { winners: its.length, wonBy: nearestRivals(its) }]),
  );
}

interface RowInTime {
  readonly row: Task;
  readonly track: Track;
  readonly startMs: number;
}

function reasonOf(
  task: Task,
  unit: Unit,
  plan: Plan,
  rows: readonly RowInTime[],
  paid: ReadonlyMap<string, Paid>,
): Refusal {
  const missing = unit.needs.flatMap((needed) => needed.tasks).find((other) => !plan.placed.has(other.rank));
  if (missing !== undefined) return missesOther(task, missing.id);
  const quotaLeftMs = plan.quotaLeftMs.get(task.owner) ?? 0;
  if (task.needMs > quotaLeftMs) {
    const { winners, wonBy } = paid.get(task.owner) ?? { winners: 0, wonBy: [] };
    return {
      sequenceId: task.id,
      code: "quota_spent",
      numbers: { needMs: task.needMs, quotaLeftMs, priority: task.priority, winners },
      wonBy,
      subject: task.owner,
    };
  }
  // Links to tasks of its own unit say nothing here: those are not planned either.
  const outer = unit.links.filter((link) => link.task.rank === task.rank && plan.placed.has(link.after.rank));
  const bounded = boundedBy(plan, task, outer) ?? task;
  const others = unit.tasks.filter((other) => other !== task);
  if (others.length > 0 && plan.tracks.some((track) => track.bestPlace(bounded) !== null)) {
    return missesOther(task, others.map((other) => other.id).join(", "));
  }
  return noRoom(bounded, plan.tracks, rows);
}

function missesOther(task: Task, subject: string): Refusal {
  return { sequenceId: task.id, code: "relation", numbers: { needMs: task.needMs }, wonBy: [], subject };
}

function noRoom(task: Task, tracks: readonly Track[], rows: readonly RowInTime[]): Refusal {
  if (task.starts.every((set) => set.length === 0)) {
    return {
      sequenceId: task.id,
      code: "relation",
      numbers: { needMs: task.needMs },
      wonBy: [],
      subject: "what it follows",
    };
  }
  const inTheWay = rows.filter(({ row, track, startMs }) =>
    canMeet(task, track.telescope, startMs, row.needMs),
  );
  return {
    sequenceId: task.id,
    code: "no_room",
    numbers: {
      needMs: task.needMs,
      gapMs: tracks.reduce((most, track) => Math.max(most, longestGapMs(task, track)), 0),
      ...reachOf(task),
      priority: task.priority,
      worstPriority: inTheWay.reduce((worst, { row }) => Math.max(worst, row.priority), 0),
      winners: inTheWay.length,
      betterOrEqual: inTheWay.reduce((sum, { row }) => sum + (row.priority <= task.priority ? 1 : 0), 0),
    },
    wonBy: nearestRivals(inTheWay),
    subject: "",
  };
}

/** Rows named in a refusal at most: a night of thousands would not fit into any page, nor its document into memory. */
const MOST_RIVALS = 40;

/** Those that won by least, in order of time. */
function nearestRivals(rows: readonly RowInTime[]): string[] {
  if (rows.length <= MOST_RIVALS) return rows.map(({ row }) => row.id);
  const weakest = new Set(rows.toSorted((a, b) => b.row.rank - a.row.rank).slice(0, MOST_RIVALS));
  return rows.filter((row) => weakest.has(row)).map(({ row }) => row.id);
}

/** Whether `task` could stand, somewhere in its windows, where a row stands. */
function canMeet(task: Task, telescope: number, startMs: number, needMs: number): boolean {
  for (const piece of task.starts[telescope] ?? []) {
    if (startMs < piece.endMs + task.needMs && piece.startMs < startMs + needMs) return true;
  }
  return false;
}

/** Longest stretch between rows inside the task's windows on one telescope, as the rows stand. */
function longestGapMs(task: Task, track: Track): number {
  let gapMs = 0;
  for (const starts of task.starts[track.telescope] ?? []) {
    let freeMs = starts.startMs;
    track.rows.forEach((_, k) => {
      gapMs = Math.max(gapMs, Math.min(track.startMs[k] ?? 0, starts.endMs + task.needMs) - freeMs);
      freeMs = Math.max(freeMs, track.endMs(k));
    });
    gapMs = Math.max(gapMs, starts.endMs + task.needMs - freeMs);
  }
  return gapMs;
}
