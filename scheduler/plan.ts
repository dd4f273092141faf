import { upperBound } from "./bound.ts";
import { refusalText } from "./explain.ts";
import { sortOut } from "./eligibility.ts";
import { insertUnits, type Plan } from "./insertion.ts";
import { difference } from "./intervals.ts";
import { awayFromFrozen, pairGaps } from "./pair-gaps.ts";
import type { Problem } from "./problem.ts";
import { blockedOn, compareText, readFrame } from "./read-problem.ts";
import { relate } from "./relations.ts";
import { frozenRows, plannedRows } from "./rows.ts";
import type { PlanOptions, Schedule } from "./schedule.ts";
import { VALUE_UNITS } from "./task.ts";
import { Track } from "./track.ts";
import { planByValue } from "./value.ts";
import { whyNot } from "./why-not.ts";

/** Search iterations when neither a number nor a budget is given. */
const DEFAULT_ITERATIONS = 2_000;

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
  const { policy, seed, mayGoOn } = readOptions(options);
  const frame = readFrame(problem);
  const { tasks, refused, frozen, ids } = sortOut(frame);
  const gapBetween = pairGaps(frame, options.pairOverheadMs);
  const {
    units,
    refused: unrelated,
    links,
  } = relate(awayFromFrozen(tasks, frame, gapBetween), frame.relations, ids, frame.frozen);
  const related = units.flatMap((unit) => unit.tasks);

  const draft: Plan = {
    tracks: frame.telescopes.map((_, k) => new Track(k, gapBetween === null ? null : gapBetween(k))),
    quotaLeftMs: new Map([...frame.quotaLeftMs].map(([owner, left]) => [owner, left ?? 0])),
    placed: new Set(),
  };
  const night = [{ startMs: Math.max(0, frame.nowMs), endMs: frame.lengthMs }];
  const openOn = frame.telescopes.map(({ id }) =>
    frame.nowMs > frame.lengthMs ? [] : difference(night, blockedOn(frame, id, [])),
  );
  const bound = upperBound(related, draft.quotaLeftMs, openOn);
  let iterations = 0;
  if (policy === "strict") insertUnits(draft, units);
  else {
    iterations = planByValue(draft, units, links, {
      seed,
      upperBound: bound,
      alertsBelow: frame.alertsBelow,
      gapBetween,
      mayGoOn,
    });
  }

  const rows = [...plannedRows(frame, draft.tracks, related, links), ...frozenRows(frame, frozen)];
  rows.sort(
    (a, b) =>
      a.tspMs - b.tspMs || compareText(a.telescope, b.telescope) || compareText(a.sequenceId, b.sequenceId),
  );
  const left = units.filter((unit) => unit.tasks.some((task) => !draft.placed.has(task.rank)));
  const refusals = [...refused, ...unrelated, ...whyNot(left, draft)];
  refusals.sort((a, b) => compareText(a.sequenceId, b.sequenceId) || compareText(a.code, b.code));
  const value = draft.tracks.flatMap((track) => track.rows).reduce((sum, task) => sum + task.value, 0);
  return {
    schema: "vesper-schedule/1",
    night: { startUnixMs: frame.startUnixMs, lengthMs: frame.lengthMs },
    nowMs: frame.nowMs,
    policy,
    seed,
    iterations,
    objective: value / VALUE_UNITS,
    upperBound: bound / VALUE_UNITS,
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

function readOptions(options: PlanOptions): {
  policy: "strict" | "value";
  seed: number;
  mayGoOn: (iterationsDone: number) => boolean;
} {
  const { policy = "strict", seed = 1, budgetMs } = options;
  const iterations =
    options.iterations ?? (budgetMs === undefined ? DEFAULT_ITERATIONS : Number.POSITIVE_INFINITY);
  if (policy !== "strict" && policy !== "value")
    throw new RangeError(`policy must be strict or value, is ${String(policy)}`);
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
    throw new RangeError(`seed must be an integer from 0 to 4294967295, is ${seed}`);
  }
  if (!(iterations >= 0)) throw new RangeError(`iterations must be 0 or more, is ${iterations}`);
  if (budgetMs !== undefined && !(budgetMs >= 0))
    throw new RangeError(`budgetMs must be 0 or more, is ${budgetMs}`);
  // The clock decides nothing but at which iteration the search stops.
  const stopAtWallMs = budgetMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + budgetMs;
  return {
    policy,
    seed,
    mayGoOn: (done) => done < iterations && (budgetMs === undefined || performance.now() < stopAtWallMs),
  };
}
