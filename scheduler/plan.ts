import { refusalText } from "./explain.ts";
import { sortOut, type Refusal } from "./eligibility.ts";
import { clip, firstAtOrAfter, lastAtOrBefore } from "./intervals.ts";
import type { MeritPoint, Problem } from "./problem.ts";
import { compareText, readFrame, type Frame } from "./read-problem.ts";
import type { PlanOptions, Schedule, ScheduledRow } from "./schedule.ts";
import { ALERT_BELOW, VALUE_UNITS, type Task } from "./task.ts";
import { Track, type Place } from "./track.ts";

/**
 * Plans a night: places as many sequences as fit, and says of each other one why it does not.
 *
 * Constraints before merits: no overlap on a telescope, windows, quotas, frozen rows and relations hold always.
 * @param problem the whole problem, times in integer milliseconds from the start of the night.
 * @param options policy, seed and how long to search; the same problem, policy, seed and iterations give the same bytes.
 * @returns rows in order of time, every other sequence refused with code, numbers and sentence, objective in weight-seconds.
 * @throws ProblemError when the document as a whole cannot be planned; a faulty sequence is refused instead.
 */
export function plan(problem: Problem, options: PlanOptions = {}): Schedule {
  const frame = readFrame(problem);
  const policy = options.policy ?? "strict";
  const { tasks, refused, frozen } = sortOut(frame);
  const quotaLeftMs = new Map<string, number>();
  for (const [owner, left] of frame.quotaLeftMs) quotaLeftMs.set(owner, left ?? 0);
  const tracks = frame.telescopes.map((_, k) => new Track(k, null));
  const left: Task[] = [];
  for (const task of policy === "strict" ? tasks : byDensity(tasks)) {
    if (!insertBest(tracks, task, quotaLeftMs)) left.push(task);
  }
  const rows = [...plannedRows(frame, tracks), ...frozenRows(frame, frozen)];
  rows.sort(
    (a, b) =>
      a.tspMs - b.tspMs || compareText(a.telescope, b.telescope) || compareText(a.sequenceId, b.sequenceId),
  );
  const refusals = [...refused, ...left.map((task) => whyNot(task, frame, tracks, quotaLeftMs))];
  refusals.sort((a, b) => compareText(a.sequenceId, b.sequenceId) || compareText(a.code, b.code));
  const planned = tracks.flatMap((track) => track.rows);
  return {
    schema: "vesper-schedule/1",
    night: { startUnixMs: frame.startUnixMs, lengthMs: frame.lengthMs },
    nowMs: frame.nowMs,
    policy,
    seed: options.seed ?? 1,
    iterations: 0,
    objective: planned.reduce((sum, task) => sum + task.value, 0) / VALUE_UNITS,
    upperBound: tasks.reduce((sum, task) => sum + task.value, 0) / VALUE_UNITS,
    rows,
    refused: refusals.map((refusal) => ({
      sequenceId: refusal.sequenceId,
      code: refusal.code,
      numbers: refusal.numbers,
      wonBy: refusal.wonBy,
      text: refusalText(refusal, frame.startUnixMs),
    })),
  };
}

/** Alerts in strict order, then what earns most per second of telescope. */
function byDensity(tasks: readonly Task[]): readonly Task[] {
  const isRoutine = (task: Task): number => (task.priority < ALERT_BELOW ? 0 : 1);
  return tasks.toSorted(
    (a, b) =>
      isRoutine(a) - isRoutine(b) ||
      (isRoutine(a) === 0 ? 0 : b.value / b.needMs - a.value / a.needMs) ||
      a.rank - b.rank,
  );
}

function insertBest(tracks: readonly Track[], task: Task, quotaLeftMs: Map<string, number>): boolean {
  const quota = quotaLeftMs.get(task.owner) ?? 0;
  if (task.needMs > quota) return false;
  let best: { track: Track; place: Place } | null = null;
  for (const track of tracks) {
    const place = track.bestPlace(task);
    if (place !== null && (best === null || place.cost < best.place.cost)) best = { track, place };
  }
  if (best === null) return false;
  best.track.insert(task, best.place);
  quotaLeftMs.set(task.owner, quota - task.needMs);
  return true;
}

function plannedRows(frame: Frame, tracks: readonly Track[]): ScheduledRow[] {
  return tracks.flatMap((track) =>
    track.rows.map((task, k): ScheduledRow => {
      const tspMs = track.startMs[k] ?? 0;
      const previous = track.rows[k - 1];
      const next = track.rows[k + 1];
      const fromMs =
        previous === undefined ? Number.NEGATIVE_INFINITY : track.endMs(k - 1) + track.gap(previous, task);
      const toMs =
        next === undefined
          ? Number.POSITIVE_INFINITY
          : (track.startMs[k + 1] ?? 0) - track.gap(task, next) - task.needMs;
      // One row alone can only slide inside the piece of its windows it stands in.
      const piece = (task.starts[track.telescope] ?? []).filter(
        ({ startMs, endMs }) => startMs <= tspMs && tspMs <= endMs,
      );
      const reach = clip(piece, fromMs, toMs);
      return {
        sequenceId: task.id,
        telescope: frame.telescopes[track.telescope]?.id ?? "",
        owner: task.owner,
        priority: task.priority,
        tspMs,
        tepMs: tspMs + task.needMs,
        deltaTLMs: tspMs - (firstAtOrAfter(reach, Number.NEGATIVE_INFINITY) ?? tspMs),
        deltaTRMs: (lastAtOrBefore(reach, Number.POSITIVE_INFINITY) ?? tspMs) - tspMs,
        score: task.value / VALUE_UNITS,
        merit: meritAt(task.merit, tspMs + task.needMs / 2),
        status: "planned",
      };
    }),
  );
}

function frozenRows(
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

/** Value of a piecewise linear curve; flat beyond its ends; null without a curve. */
export function meritAt(curve: readonly MeritPoint[], atMs: number): number | null {
  let before: MeritPoint | null = null;
  for (const point of curve) {
    if (point.atMs >= atMs) {
      if (before === null || point.atMs === atMs) return point.value;
      return (
        before.value + ((point.value - before.value) * (atMs - before.atMs)) / (point.atMs - before.atMs)
      );
    }
    before = point;
  }
  return before?.value ?? null;
}

/** The reason of a sequence that could have been planned: its owner's quota went to others, or its room did. */
function whyNot(
  task: Task,
  frame: Frame,
  tracks: readonly Track[],
  quotaLeftMs: ReadonlyMap<string, number>,
): Refusal {
  const quota = quotaLeftMs.get(task.owner) ?? 0;
  const rows = tracks
    .flatMap((track) => track.rows.map((row, k) => ({ row, track, startMs: track.startMs[k] ?? 0 })))
    .sort((a, b) => a.startMs - b.startMs || compareText(a.row.id, b.row.id));
  if (task.needMs > quota) {
    return {
      sequenceId: task.id,
      code: "quota_spent",
      numbers: { needMs: task.needMs, quotaLeftMs: quota, priority: task.priority },
      wonBy: rows.filter(({ row }) => row.owner === task.owner).map(({ row }) => row.id),
      subject: task.owner,
    };
  }
  const inTheWay = rows.filter(({ row, track, startMs }) =>
    (task.starts[track.telescope] ?? []).some(
      (starts) => startMs < starts.endMs + task.needMs && starts.startMs < startMs + row.needMs,
    ),
  );
  const all = task.starts.flat();
  return {
    sequenceId: task.id,
    code: "no_room",
    numbers: {
      needMs: task.needMs,
      gapMs: Math.max(0, ...tracks.map((track) => longestGapMs(task, track))),
      startMs: Math.min(...all.map((starts) => starts.startMs)),
      endMs: Math.max(...all.map((starts) => starts.endMs)) + task.needMs,
      priority: task.priority,
      worstPriority: Math.max(0, ...inTheWay.map(({ row }) => row.priority)),
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
