import { expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { plan, type PlanOptions, type Problem, type Schedule } from "../index.ts";
import { createRandom } from "../random.ts";
import { arbitraryProblem } from "./arbitrary-problem.ts";
import { faultsOf, roomByTrial } from "./check-schedule.ts";
import { propertyRuns } from "./runs.ts";

const RUNS = propertyRuns(1_500);
const LIMIT_MS = 1_800_000;
const VALUE: PlanOptions = { policy: "value", iterations: 12, seed: 3 };
const STRICT: PlanOptions = { policy: "strict" };

/** An overhead by pair that obeys no triangle: what is hard to get right. */
function unevenGapMs(from: string, to: string): number {
  return (from.length * 3 + from.charCodeAt(from.length - 1) * 5 + to.charCodeAt(to.length - 1) * 7) % 9;
}

test(
  "what must hold of every schedule",
  () => {
    fc.assert(
      fc.property(arbitraryProblem, fc.nat(), (problem, pick) => {
        for (const options of [STRICT, VALUE]) {
          const schedule = plan(problem, options);
          // No overlap, windows, quotas, relations, instruments, frozen rows, everything answered, the bound is a bound.
          expect(faultsOf(problem, schedule)).toEqual([]);
          // The same bytes again, whatever the order of the input.
          expect(JSON.stringify(plan(shuffled(problem, pick), options))).toBe(JSON.stringify(schedule));
          // deltaTL and deltaTR are exactly how far a row can move alone.
          const planned = schedule.rows.filter((row) => row.status === "planned");
          const row = planned[pick % Math.max(1, planned.length)];
          if (row === undefined) continue;
          const { deltaTLMs, deltaTRMs } = row;
          expect({ row, deltaTLMs, deltaTRMs }).toEqual({ row, ...roomByTrial(problem, schedule, row) });
        }
      }),
      RUNS,
    );
  },
  LIMIT_MS,
);

test(
  "an added sequence never lowers the bound",
  () => {
    fc.assert(
      fc.property(arbitraryProblem, (problem) => {
        const { relations: _, ...free } = problem;
        const fewer = { ...free, sequences: problem.sequences.slice(0, -1) };
        expect(plan(free, STRICT).upperBound).toBeGreaterThanOrEqual(plan(fewer, STRICT).upperBound);
      }),
      RUNS,
    );
  },
  LIMIT_MS,
);

test(
  "overheads by pair are kept between neighbours, whatever the order of the input",
  () => {
    fc.assert(
      fc.property(arbitraryProblem, fc.nat(), (problem, pick) => {
        for (const policy of [STRICT, VALUE]) {
          const options = { ...policy, pairOverheadMs: unevenGapMs };
          const schedule = plan(problem, options);
          expect(faultsOf(problem, schedule, unevenGapMs)).toEqual([]);
          expect(JSON.stringify(plan(shuffled(problem, pick), options))).toBe(JSON.stringify(schedule));
        }
      }),
      RUNS,
    );
  },
  LIMIT_MS,
);

test(
  "value is never worse than its own start, and a longer search never worse than a shorter one",
  () => {
    fc.assert(
      fc.property(arbitraryProblem, (problem) => {
        const objectives = [0, 5, 40].map((iterations) => plan(problem, { ...VALUE, iterations }).objective);
        expect(objectives).toEqual(objectives.toSorted((a, b) => a - b));
      }),
      RUNS,
    );
  },
  LIMIT_MS,
);

test(
  "under value too, alerts stand where the strict plan of the alerts alone puts them",
  () => {
    fc.assert(
      fc.property(arbitraryProblem, (related) => {
        const problem = { ...related, relations: [] };
        const isAlert = ({ priority }: { priority: number | null }): boolean =>
          priority !== null && priority < (problem.alertsBelow ?? 10);
        const alerts = { ...problem, sequences: problem.sequences.filter((sequence) => isAlert(sequence)) };
        const placesOf = (schedule: Schedule): unknown[] =>
          schedule.rows
            .filter((row) => row.status === "planned" && isAlert(row))
            .map(({ sequenceId, telescope, tspMs }) => ({ sequenceId, telescope, tspMs }));
        expect(placesOf(plan(problem, VALUE))).toEqual(placesOf(plan(alerts, STRICT)));
      }),
      RUNS,
    );
  },
  LIMIT_MS,
);

test(
  "whatever stands in a field of one sequence, nothing is thrown and the others are planned as without it",
  () => {
    const junk = fc.constantFrom<unknown>(
      Number.NaN,
      Number.POSITIVE_INFINITY,
      -1,
      0.5,
      1e300,
      2 ** 60,
      "7",
      "",
      null,
      undefined,
      true,
      {},
      [],
      [[]],
      [{}],
      [null],
    );
    const field = fc.constantFrom(
      "id",
      "owner",
      "priority",
      "durationMs",
      "overheadMs",
      "windows",
      "preferredMs",
      "instruments",
      "merit",
    );
    fc.assert(
      fc.property(arbitraryProblem, field, junk, fc.nat(), (problem, name, value, pick) => {
        if (problem.sequences.length === 0) return;
        const { relations: _, frozen: __, ...bare } = problem;
        // A text is an id like any other.
        if (name === "id" && value === "7") return;
        const at = pick % bare.sequences.length;
        const spoilt = bare.sequences.map((sequence, k) =>
          k === at ? { ...sequence, [name]: value } : sequence,
        );
        const schedule = plan({ ...bare, sequences: spoilt }, VALUE);
        const id = problem.sequences[at]?.id;
        if (schedule.rows.some((row) => row.sequenceId === id)) return;
        const others = plan({ ...bare, sequences: bare.sequences.toSpliced(at, 1) }, VALUE);
        const code = schedule.refused.find((refusal) => refusal.sequenceId === id)?.code;
        if (code === "no_room" || code === "quota_spent") return;
        expect(schedule.rows).toEqual(others.rows);
      }),
      RUNS,
    );
  },
  LIMIT_MS,
);

function shuffled(problem: Problem, seed: number): Problem {
  const random = createRandom(seed);
  const shuffle = <T>(list: readonly T[]): T[] => {
    const rest = [...list];
    return list.flatMap(() => rest.splice(random.below(rest.length), 1));
  };
  return {
    ...problem,
    owners: Object.fromEntries(shuffle(Object.entries(problem.owners))),
    sequences: shuffle(problem.sequences).map((sequence) => ({
      ...sequence,
      windows: shuffle(sequence.windows),
      ...(sequence.merit === undefined ? {} : { merit: shuffle(sequence.merit) }),
    })),
    ...(problem.telescopes === undefined ? {} : { telescopes: shuffle(problem.telescopes) }),
    frozen: shuffle(problem.frozen ?? []),
    unavailable: shuffle(problem.unavailable ?? []),
    relations: shuffle(problem.relations ?? []),
  };
}
