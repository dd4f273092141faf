import type { Problem, Schedule, ScheduledRow } from "../index.ts";

/**
 * Everything that must hold of a schedule, checked from the documents alone, with none of the planner's code.
 * @returns what is wrong, in words; empty when nothing is.
 */
export function faultsOf(
  problem: Problem,
  schedule: Schedule,
  pairOverheadMs: (from: string, to: string, telescope: string) => number = () => 0,
): string[] {
  const faults: string[] = [];
  const first = new Map<string, Problem["sequences"][number]>();
  for (const sequence of problem.sequences) if (!first.has(sequence.id)) first.set(sequence.id, sequence);
  const planned = schedule.rows.filter((row) => row.status === "planned");
  const telescopes = problem.telescopes ?? [{ id: "telescope", instruments: null }];

  for (const row of planned) {
    const sequence = first.get(row.sequenceId);
    if (sequence === undefined) {
      faults.push(`${row.sequenceId} is not in the problem`);
      continue;
    }
    const about = `${row.sequenceId} [${row.tspMs}, ${row.tepMs}]`;
    if (row.tepMs - row.tspMs !== sequence.durationMs + sequence.overheadMs)
      faults.push(`${about} has a wrong length`);
    if (row.tspMs < Math.max(0, problem.nowMs)) faults.push(`${about} starts before now`);
    if (row.tepMs > problem.night.lengthMs) faults.push(`${about} ends after the night`);
    const inside = (startMs: number): boolean =>
      merged(sequence.windows.filter((window) => (window.telescope ?? row.telescope) === row.telescope)).some(
        ([from, to]) => from <= startMs && startMs + row.tepMs - row.tspMs <= to,
      );
    if (!inside(row.tspMs)) faults.push(`${about} is outside its windows`);
    const telescope = telescopes.find((candidate) => candidate.id === row.telescope);
    const missing = (sequence.instruments ?? []).find(
      (name) => telescope?.instruments?.includes(name) === false,
    );
    if (telescope === undefined || missing !== undefined) faults.push(`${about} is on the wrong telescope`);
    for (const blocked of problem.unavailable ?? []) {
      if (blocked.telescope !== undefined && blocked.telescope !== row.telescope) continue;
      if (blocked.instrument !== undefined && !(sequence.instruments ?? []).includes(blocked.instrument))
        continue;
      if (blocked.startMs < blocked.endMs && meets(row, blocked.startMs, blocked.endMs))
        faults.push(`${about} is in unavailable time`);
    }
  }

  for (const telescope of telescopes) {
    const rows = schedule.rows.filter((row) => row.telescope === telescope.id);
    rows.forEach((a, k) => {
      for (const b of rows.slice(k + 1)) {
        // Frozen rows are facts: they may overlap each other.
        if (a.status !== "planned" && b.status !== "planned") continue;
        const gapMs = b === rows[k + 1] ? pairOverheadMs(a.sequenceId, b.sequenceId, telescope.id) : 0;
        if (a.tepMs + gapMs > b.tspMs) faults.push(`${a.sequenceId} and ${b.sequenceId} overlap`);
      }
    });
  }

  for (const [owner, { quotaLeftMs }] of Object.entries(problem.owners)) {
    const spentMs = planned
      .filter((row) => row.owner === owner)
      .reduce((sum, row) => sum + row.tepMs - row.tspMs, 0);
    if (quotaLeftMs !== undefined && spentMs > Math.max(0, quotaLeftMs))
      faults.push(`${owner} spends ${spentMs}`);
  }

  const frozen = schedule.rows
    .filter((row) => row.status !== "planned")
    .map(placeOf)
    .sort();
  const wanted = (problem.frozen ?? [])
    .map((row) => placeOf({ ...row, telescope: row.telescope ?? "telescope" }))
    .sort();
  if (JSON.stringify(frozen) !== JSON.stringify(wanted)) faults.push("frozen rows were touched");

  faults.push(...relationFaults(problem, schedule));
  const answered = [...schedule.rows, ...schedule.refused].map((entry) => entry.sequenceId);
  for (const id of first.keys())
    if (!answered.includes(id)) faults.push(`${id} is neither scheduled nor refused`);
  if (new Set(planned.map((row) => row.sequenceId)).size !== planned.length)
    faults.push("a row stands twice");
  const objective = planned.reduce((sum, row) => {
    const sequence = first.get(row.sequenceId);
    return sum + (sequence === undefined ? 0 : ((101 - sequence.priority) * sequence.durationMs) / 1_000);
  }, 0);
  if (Math.abs(objective - schedule.objective) > 1e-6 * Math.max(1, objective))
    faults.push("wrong objective");
  if (schedule.objective > schedule.upperBound) faults.push("the bound is no bound");
  return faults;
}

/** How far one row alone could slide to each side, tried millisecond by millisecond. */
export function roomByTrial(
  problem: Problem,
  schedule: Schedule,
  moved: ScheduledRow,
  pairOverheadMs?: (from: string, to: string, telescope: string) => number,
): { deltaTLMs: number; deltaTRMs: number } {
  const allows = (stepMs: number): boolean => {
    const rows = schedule.rows.map((row) =>
      row === moved ? { ...row, tspMs: row.tspMs + stepMs, tepMs: row.tepMs + stepMs } : row,
    );
    return faultsOf(problem, { ...schedule, rows }, pairOverheadMs).length === 0;
  };
  const farthest = (sign: 1 | -1): number => {
    let reach = 0;
    while (allows(sign * (reach + 1))) reach++;
    return reach;
  };
  return { deltaTLMs: farthest(-1), deltaTRMs: farthest(1) };
}

function relationFaults(problem: Problem, schedule: Schedule): string[] {
  const rowOf = (id: string) => schedule.rows.find((row) => row.sequenceId === id);
  return (problem.relations ?? []).flatMap((relation) => {
    if (relation.kind === "together") {
      // What is frozen is a fact; the others may follow it or not.
      if (relation.sequences.some((id) => problem.frozen?.some((row) => row.sequenceId === id))) return [];
      const planned = relation.sequences.filter((id) => rowOf(id) !== undefined).length;
      return planned === 0 || planned === relation.sequences.length
        ? []
        : ["together, but only some are planned"];
    }
    const row = rowOf(relation.sequence);
    if (row === undefined || row.status !== "planned") return [];
    const earlier = rowOf(relation.after);
    if (earlier === undefined) return [`${relation.sequence} is planned without ${relation.after}`];
    const gapMs = row.tspMs - earlier.tepMs;
    return gapMs >= (relation.minMs ?? 0) && gapMs <= (relation.maxMs ?? Number.POSITIVE_INFINITY)
      ? []
      : [`${relation.sequence} is ${gapMs} after ${relation.after}`];
  });
}

function merged(windows: readonly { startMs: number; endMs: number }[]): [number, number][] {
  const out: [number, number][] = [];
  for (const { startMs, endMs } of windows.toSorted((a, b) => a.startMs - b.startMs)) {
    const last = out.at(-1);
    if (last !== undefined && startMs <= last[1]) last[1] = Math.max(last[1], endMs);
    else out.push([startMs, endMs]);
  }
  return out;
}

function meets(row: { tspMs: number; tepMs: number }, startMs: number, endMs: number): boolean {
  return row.tspMs < endMs && startMs < row.tepMs;
}

function placeOf(row: {
  sequenceId: string;
  telescope: string;
  tspMs: number;
  tepMs: number;
  status: string;
}): string {
  return JSON.stringify([row.sequenceId, row.telescope, row.tspMs, row.tepMs, row.status]);
}
