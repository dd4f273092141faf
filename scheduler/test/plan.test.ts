import { expect, test } from "@jest/globals";
import { plan, ProblemError, type Problem, type SequenceInput } from "../index.ts";

const MINUTE = 60_000;

function sequence(id: string, fields: Partial<SequenceInput> = {}): SequenceInput {
  return {
    id,
    owner: "COL-12",
    priority: 50,
    durationMs: 20 * MINUTE,
    overheadMs: MINUTE,
    windows: [{ startMs: 0, endMs: 600 * MINUTE }],
    preferredMs: null,
    ...fields,
  };
}

function problem(sequences: readonly SequenceInput[], fields: Partial<Problem> = {}): Problem {
  return {
    schema: "vesper-scheduling-problem/1",
    night: { startUnixMs: Date.UTC(2026, 10, 20, 20, 0), lengthMs: 600 * MINUTE },
    nowMs: 0,
    owners: { "COL-12": { quotaLeftMs: 600 * MINUTE } },
    sequences,
    ...fields,
  };
}

test("the middle of a block is put at the preferred time, and its room on both sides is told", () => {
  const [row] = plan(problem([sequence("a", { preferredMs: 100 * MINUTE })])).rows;
  expect(row).toMatchObject({
    sequenceId: "a",
    tspMs: 89.5 * MINUTE,
    tepMs: 110.5 * MINUTE,
    deltaTLMs: 89.5 * MINUTE,
    deltaTRMs: 489.5 * MINUTE,
  });
});

test("a row slides inside its window to make room, and only as far as needed", () => {
  const window = { startMs: 0, endMs: 42 * MINUTE };
  const rows = plan(
    problem([
      sequence("first", { priority: 10, windows: [window], preferredMs: 21 * MINUTE }),
      sequence("second", { priority: 20, windows: [window], preferredMs: 0 }),
    ]),
  ).rows;
  expect(rows.map((row) => [row.sequenceId, row.tspMs / MINUTE])).toEqual([
    ["second", 0],
    ["first", 21],
  ]);
});

test("a better priority is never given up for a worse one", () => {
  const window = { startMs: 0, endMs: 30 * MINUTE };
  const { rows, refused } = plan(
    problem([
      sequence("b", { priority: 60, windows: [window] }),
      sequence("a", { priority: 62, windows: [window] }),
    ]),
  );
  expect(rows.map((row) => row.sequenceId)).toEqual(["b"]);
  expect(refused[0]).toMatchObject({ sequenceId: "a", code: "no_room", wonBy: ["b"] });
  expect(refused[0]?.text).toBe(
    "Not planned: 1 sequence of better or equal priority took from 20:00 to 20:30 UTC. It needs 21 min and the longest gap left there is 9 min. It has priority 62, the last one taken 60.",
  );
});

test("a frozen row stays, costs no quota again, and blocks its time", () => {
  const { rows } = plan(
    problem([sequence("running"), sequence("next")], {
      nowMs: 10 * MINUTE,
      frozen: [{ sequenceId: "running", tspMs: 0, tepMs: 25 * MINUTE, status: "executing" }],
    }),
  );
  expect(rows.map((row) => [row.sequenceId, row.status, row.tspMs / MINUTE])).toEqual([
    ["running", "executing", 0],
    ["next", "planned", 25],
  ]);
});

test("a faulty sequence is refused alone; a faulty frame throws the path of the fault", () => {
  const { rows, refused } = plan(
    problem([
      sequence("ok"),
      sequence("nan", { durationMs: Number.NaN }),
      sequence("ok", { priority: 1 }),
      sequence("stranger", { owner: "nobody" }),
    ]),
  );
  expect(rows.map((row) => row.sequenceId)).toEqual(["ok"]);
  expect(refused.map((refusal) => [refusal.sequenceId, refusal.code])).toEqual([
    ["nan", "invalid_number"],
    ["ok", "duplicate_id"],
    ["stranger", "unknown_owner"],
  ]);
  expect(() => plan({ ...problem([]), nowMs: 0.5 })).toThrow(ProblemError);
  expect(() => plan({ ...problem([]), nowMs: 0.5 })).toThrow("/nowMs");
});
