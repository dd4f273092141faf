import { expect, test } from "@jest/globals";
import { plan, type Problem, type SequenceInput } from "../index.ts";
import { createRandom, type Random } from "../random.ts";

/**
 * The definition of `strict`, searched through without any cleverness: in the order (priority, end of the last window, id) each
 * sequence tries every place in the order of the accepted rows and every start in it, on a night of a few dozen milliseconds.
 */
function strictByTrial(problem: Problem): { id: string; startMs: number }[] {
  const quotaMs = new Map(
    Object.entries(problem.owners).map(([name, owner]) => [name, owner.quotaLeftMs ?? 1e9]),
  );
  const endOf = (s: SequenceInput): number => Math.max(...s.windows.map((window) => window.endMs));
  const inOrder = problem.sequences.toSorted(
    (a, b) => a.priority - b.priority || endOf(a) - endOf(b) || (a.id < b.id ? -1 : 1),
  );
  let rows: { s: SequenceInput; startMs: number }[] = [];
  for (const s of inOrder) {
    const needMs = s.durationMs + s.overheadMs;
    if ((quotaMs.get(s.owner) ?? 0) < needMs) continue;
    let best: { cost: number; rows: typeof rows } | null = null;
    for (let place = 0; place <= rows.length; place++) {
      for (let startMs = 0; startMs + needMs <= problem.night.lengthMs; startMs++) {
        if (!fits(problem, s, startMs)) continue;
        const shifted = shift(problem, rows, place, { s, startMs });
        if (shifted === null) continue;
        const cost = s.preferredMs === null ? startMs : Math.abs(2 * startMs + needMs - 2 * s.preferredMs);
        // Ties to the earlier place, and in it to the earlier start.
        if (best === null || cost < best.cost) best = { cost, rows: shifted };
      }
    }
    if (best === null) continue;
    rows = best.rows;
    quotaMs.set(s.owner, (quotaMs.get(s.owner) ?? 0) - needMs);
  }
  return rows.map((row) => ({ id: row.s.id, startMs: row.startMs }));
}

function fits(problem: Problem, s: SequenceInput, startMs: number): boolean {
  const endMs = startMs + s.durationMs + s.overheadMs;
  if (startMs < problem.nowMs || endMs > problem.night.lengthMs) return false;
  for (let atMs = startMs; atMs < endMs; atMs++) {
    if (!s.windows.some((window) => window.startMs <= atMs && atMs + 1 <= window.endMs)) return false;
    if ((problem.unavailable ?? []).some((hole) => hole.startMs <= atMs && atMs < hole.endMs)) return false;
  }
  return true;
}

/** Moves each accepted row as little as needed, nearest to the new one first; null when one has nowhere to go. */
function shift(
  problem: Problem,
  rows: readonly { s: SequenceInput; startMs: number }[],
  place: number,
  added: { s: SequenceInput; startMs: number },
): { s: SequenceInput; startMs: number }[] | null {
  const all = rows.toSpliced(place, 0, added).map((row) => ({ ...row }));
  const endOf = (row: { s: SequenceInput; startMs: number }): number =>
    row.startMs + row.s.durationMs + row.s.overheadMs;
  for (let k = place - 1; k >= 0; k--) {
    const [row, next] = [all[k], all[k + 1]];
    if (row === undefined || next === undefined) continue;
    while (row.startMs >= 0 && (endOf(row) > next.startMs || !fits(problem, row.s, row.startMs)))
      row.startMs--;
    if (row.startMs < 0) return null;
  }
  for (let k = place + 1; k < all.length; k++) {
    const [row, previous] = [all[k], all[k - 1]];
    if (row === undefined || previous === undefined) continue;
    while (
      endOf(row) <= problem.night.lengthMs &&
      (row.startMs < endOf(previous) || !fits(problem, row.s, row.startMs))
    ) {
      row.startMs++;
    }
    if (endOf(row) > problem.night.lengthMs) return null;
  }
  return all;
}

function tinyProblem(random: Random): Problem {
  const lengthMs = 12 + random.below(24);
  const interval = (least: number): { startMs: number; endMs: number } => {
    const startMs = random.below(lengthMs) - 3;
    return { startMs, endMs: startMs + least + random.below(lengthMs) };
  };
  return {
    schema: "vesper-scheduling-problem/1",
    night: { startUnixMs: 0, lengthMs },
    nowMs: random.below(4) === 0 ? random.below(6) : 0,
    owners: { a: { quotaLeftMs: random.below(40) }, b: {} },
    unavailable:
      random.below(3) === 0
        ? [{ ...interval(1), endMs: random.below(lengthMs) }].filter((u) => u.endMs >= u.startMs)
        : [],
    sequences: Array.from({ length: 1 + random.below(8) }, (_, k): SequenceInput => ({
      id: `s${k}`,
      owner: random.below(3) === 0 ? "a" : "b",
      priority: 10 + random.below(4),
      durationMs: 1 + random.below(7),
      overheadMs: random.below(3),
      windows: Array.from({ length: 1 + random.below(2) }, () => interval(2)),
      preferredMs: random.below(3) === 0 ? null : random.below(lengthMs + 8) - 4,
    })),
  };
}

test("strict equals the search through everything its definition allows, 1,000 problems of up to 8 sequences", () => {
  const random = createRandom(20_261_120);
  for (let n = 0; n < 1_000; n++) {
    const problem = tinyProblem(random);
    const rows = plan(problem, { policy: "strict" }).rows.map((row) => ({
      id: row.sequenceId,
      startMs: row.tspMs,
    }));
    expect({ n, problem, rows }).toEqual({ n, problem, rows: strictByTrial(problem) });
  }
});
