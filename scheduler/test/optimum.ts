import type { FrozenRow, Interval, Problem, Relation, SequenceInput } from "../index.ts";

/** More steps than this are not taken for one problem. */
const MOST_STEPS = 400_000;

interface Place extends Interval {
  readonly telescope: string;
}

/**
 * The greatest value that any plan of a very small night has, found by trying all of them from the documents alone, with none
 * of the planner's code. Every sequence counts alike: there are no alerts.
 * @returns weight-seconds; null when there are too many plans.
 */
export function optimumByTrial(problem: Problem): number | null {
  const frozen = new Map((problem.frozen ?? []).map((row) => [row.sequenceId, row]));
  const sequences = problem.sequences.filter(({ id }) => !frozen.has(id));
  const places = sequences.map((sequence) => placesOf(problem, sequence));
  const values = sequences.map(({ priority, durationMs }) => ((101 - priority) * durationMs) / 1_000);
  const leftMs = new Map(
    Object.entries(problem.owners).map(([owner, { quotaLeftMs }]) => [owner, quotaLeftMs ?? Infinity]),
  );
  const placed = new Map<string, Place>();
  let best = 0;
  let steps = 0;
  const tryFrom = (k: number, value: number, restValue: number): void => {
    if (++steps > MOST_STEPS || value + restValue <= best) return;
    const sequence = sequences[k];
    if (sequence === undefined) {
      if ((problem.relations ?? []).every((relation) => keeps(relation, placed, frozen))) best = value;
      return;
    }
    const { id, owner } = sequence;
    const quotaMs = leftMs.get(owner) ?? 0;
    const needMs = sequence.durationMs + sequence.overheadMs;
    const restBehind = restValue - (values[k] as number);
    if (needMs <= quotaMs) {
      leftMs.set(owner, quotaMs - needMs);
      for (const place of places[k] as readonly Place[]) {
        if ([...placed.values()].some((other) => other.telescope === place.telescope && meet(other, place)))
          continue;
        placed.set(id, place);
        tryFrom(k + 1, value + (values[k] as number), restBehind);
        placed.delete(id);
      }
      leftMs.set(owner, quotaMs);
    }
    tryFrom(k + 1, value, restBehind);
  };
  tryFrom(
    0,
    0,
    values.reduce((sum, value) => sum + value, 0),
  );
  return steps > MOST_STEPS ? null : best;
}

/** Where a sequence alone may stand. */
function placesOf(problem: Problem, sequence: SequenceInput): Place[] {
  const { night, nowMs, unavailable = [], frozen = [] } = problem;
  const { instruments = [], windows } = sequence;
  const needMs = sequence.durationMs + sequence.overheadMs;
  const places: Place[] = [];
  for (const { id: telescope, ...able } of problem.telescopes ?? [{ id: "telescope", instruments }]) {
    if (!instruments.every((name) => able.instruments.includes(name))) continue;
    for (let startMs = Math.max(0, nowMs); startMs + needMs <= night.lengthMs; startMs++) {
      const place = { telescope, startMs, endMs: startMs + needMs };
      const blocked =
        unavailable.some(
          (hole) =>
            (hole.telescope ?? telescope) === telescope &&
            (hole.instrument === undefined || instruments.includes(hole.instrument)) &&
            meet(hole, place),
        ) ||
        frozen.some(
          (row) =>
            (row.telescope ?? telescope) === telescope &&
            meet({ startMs: row.tspMs, endMs: row.tepMs }, place),
        );
      if (!blocked && isObservable(windows, place)) places.push(place);
    }
  }
  return places;
}

/** Windows that meet or touch are one. */
function isObservable(windows: SequenceInput["windows"], { telescope, startMs, endMs }: Place): boolean {
  for (let atMs = startMs; atMs < endMs; atMs++) {
    const covered = windows.some(
      (window) =>
        (window.telescope ?? telescope) === telescope && window.startMs <= atMs && atMs + 1 <= window.endMs,
    );
    if (!covered) return false;
  }
  return true;
}

function keeps(
  relation: Relation,
  placed: ReadonlyMap<string, Place>,
  frozen: ReadonlyMap<string, FrozenRow>,
): boolean {
  if (relation.kind === "together") {
    const free = relation.sequences.filter((id) => !frozen.has(id));
    return new Set(free.map((id) => placed.has(id))).size <= 1;
  }
  const later = placed.get(relation.sequence);
  if (later === undefined) return true;
  const endMs = placed.get(relation.after)?.endMs ?? frozen.get(relation.after)?.tepMs;
  if (endMs === undefined) return false;
  const gapMs = later.startMs - endMs;
  return (relation.minMs ?? 0) <= gapMs && gapMs <= (relation.maxMs ?? Infinity);
}

/** Whether two intervals share more than a point. */
function meet(a: Interval, b: Interval): boolean {
  return a.startMs < b.endMs && b.startMs < a.endMs && a.startMs < a.endMs;
}
