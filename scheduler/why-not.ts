import { boundedBy, type Plan } from "./insertion.ts";
import type { Refusal } from "./eligibility.ts";
import { compareText } from "./read-problem.ts";
import type { Unit } from "./relations.ts";
import type { Task } from "./task.ts";
import type { Track } from "./track.ts";

/** The reasons of sequences that could have been planned: others took their owner's quota or their room. */
export function whyNot(units: readonly Unit[], plan: Plan): Refusal[] {
  const rows = plan.tracks
    .flatMap((track) => track.rows.map((row, k) => ({ row, track, startMs: track.startMs[k] ?? 0 })))
    .sort((a, b) => a.startMs - b.startMs || compareText(a.row.id, b.row.id));
  return units.flatMap((unit) => unit.tasks.map((task) => reasonOf(task, unit, plan, rows)));
}

interface RowInTime {
  readonly row: Task;
  readonly track: Track;
  readonly startMs: number;
}

function reasonOf(task: Task, unit: Unit, plan: Plan, rows: readonly RowInTime[]): Refusal {
  const missing = unit.needs.flatMap((needed) => needed.tasks).find((other) => !plan.placed.has(other.rank));
  if (missing !== undefined) return missesOther(task, missing.id);
  const quotaLeftMs = plan.quotaLeftMs.get(task.owner) ?? 0;
  if (task.needMs > quotaLeftMs) {
    return {
      sequenceId: task.id,
      code: "quota_spent",
      numbers: { needMs: task.needMs, quotaLeftMs, priority: task.priority },
      wonBy: rows.filter(({ row }) => row.owner === task.owner).map(({ row }) => row.id),
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
  const starts = task.starts.flat();
  if (starts.length === 0) {
    return {
      sequenceId: task.id,
      code: "relation",
      numbers: { needMs: task.needMs },
      wonBy: [],
      subject: "what it follows",
    };
  }
  const inTheWay = rows.filter(({ row, track, startMs }) =>
    (task.starts[track.telescope] ?? []).some(
      (piece) => startMs < piece.endMs + task.needMs && piece.startMs < startMs + row.needMs,
    ),
  );
  return {
    sequenceId: task.id,
    code: "no_room",
    numbers: {
      needMs: task.needMs,
      gapMs: Math.max(0, ...tracks.map((track) => longestGapMs(task, track))),
      startMs: Math.min(...starts.map(({ startMs }) => startMs)),
      endMs: Math.max(...starts.map(({ endMs }) => endMs)) + task.needMs,
      priority: task.priority,
      worstPriority: inTheWay.reduce((worst, { row }) => Math.max(worst, row.priority), 0),
      betterOrEqual: inTheWay.filter(({ row }) => row.priority <= task.priority).length,
    },
    wonBy: inTheWay.map(({ row }) => row.id),
    subject: "",
  };
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
