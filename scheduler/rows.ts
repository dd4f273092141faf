import type { IntervalSet } from "./intervals.ts";
import { meritAt } from "./nearest-start.ts";
import type { Interval } from "./problem.ts";
import type { Frame } from "./read-problem.ts";
import { linkedRoom, linksByRank, type TaskLink } from "./relations.ts";
import type { ScheduledRow } from "./schedule.ts";
import { VALUE_UNITS, within, type Task } from "./task.ts";
import type { Track } from "./track.ts";

/** The planned rows, each with how far it alone could move. */
export function plannedRows(
  frame: Frame,
  tracks: readonly Track[],
  tasks: readonly Task[],
  links: readonly TaskLink[],
): ScheduledRow[] {
  // A row may stand for its task with fewer starts (pinned by a relation): what it could do is the task's.
  const taskOf = new Map(tasks.map((task) => [task.rank, task]));
  const linksOf = linksByRank(links);
  const times = new Map<number, Interval>();
  for (const track of tracks) {
    track.rows.forEach((row, k) =>
      times.set(row.rank, { startMs: track.startMs[k] ?? 0, endMs: track.endMs(k) }),
    );
  }
  return tracks.flatMap((track) =>
    track.rows.map((row, k): ScheduledRow => {
      const task = taskOf.get(row.rank) ?? row;
      const tspMs = track.startMs[k] ?? 0;
      const room = linkedRoom(task, linksOf.get(row.rank) ?? [], (other) => times.get(other.rank) ?? null);
      const reach = roomOfRow(track, k, within(task, ...room).starts[track.telescope] ?? []);
      return {
        sequenceId: task.id,
        telescope: frame.telescopes[track.telescope]?.id ?? "",
        owner: task.owner,
        priority: task.priority,
        tspMs,
        tepMs: tspMs + task.needMs,
        deltaTLMs: tspMs - reach.startMs,
        deltaTRMs: reach.endMs - tspMs,
        score: task.value / VALUE_UNITS,
        merit: meritAt(task.merit, tspMs + task.needMs / 2),
        status: "planned",
      };
    }),
  );
}

/** Starts that row k can reach without a jump, between its neighbours and inside the piece of `starts` it stands in. */
function roomOfRow(track: Track, k: number, starts: IntervalSet): Interval {
  const row = track.rows[k];
  const tspMs = track.startMs[k] ?? 0;
  let startMs = Number.NEGATIVE_INFINITY;
  let endMs = Number.POSITIVE_INFINITY;
  if (row !== undefined) {
    const previous = track.rows[k - 1];
    const next = track.rows[k + 1];
    if (previous !== undefined) startMs = track.endMs(k - 1) + track.gap(previous, row);
    if (next !== undefined) endMs = (track.startMs[k + 1] ?? 0) - track.gap(row, next) - row.needMs;
  }
  for (const piece of starts) {
    if (piece.startMs > tspMs || tspMs > piece.endMs) continue;
    return { startMs: Math.max(startMs, piece.startMs), endMs: Math.min(endMs, piece.endMs) };
  }
  return { startMs: tspMs, endMs: tspMs };
}

/** The frozen rows, as they came. */
export function frozenRows(
  frame: Frame,
  known: ReadonlyMap<string, { owner: string; priority: number; value: number }>,
): ScheduledRow[] {
  return frame.frozen.map((row) => {
    const sequence = known.get(row.sequenceId);
    return {
      sequenceId: row.sequenceId,
      telescope: row.telescope,
      owner: sequence?.owner ?? null,
      priority: sequence?.priority ?? null,
      tspMs: row.tspMs,
      tepMs: row.tepMs,
      deltaTLMs: 0,
      deltaTRMs: 0,
      score: (sequence?.value ?? 0) / VALUE_UNITS,
      merit: null,
      status: row.status,
    };
  });
}
