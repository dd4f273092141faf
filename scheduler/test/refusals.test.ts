import { expect, test } from "@jest/globals";
import { plan, type Problem, type Relation, type SequenceInput } from "../index.ts";

const MINUTE = 60_000;
/** 20:00 UTC, ten hours long. */
const START = Date.UTC(2026, 10, 20, 20, 0);

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

function planned(sequences: readonly SequenceInput[], fields: Partial<Problem> = {}) {
  return plan({
    schema: "vesper-scheduling-problem/1",
    night: { startUnixMs: START, lengthMs: 600 * MINUTE },
    nowMs: 0,
    owners: { "COL-12": { quotaLeftMs: 60 * MINUTE }, open: {} },
    sequences,
    ...fields,
  });
}

function refusalOf(fields: Partial<SequenceInput>, of: Partial<Problem> = {}) {
  const [refusal] = planned([sequence("x", fields)], of).refused;
  return { code: refusal?.code, text: refusal?.text };
}

test("of what is unavailable only that is named which stands in the way", () => {
  const unavailable = [
    { startMs: 0, endMs: 590 * MINUTE, telescope: "east", reason: "wind" },
    { startMs: 0, endMs: 600 * MINUTE, instrument: "nir", reason: "no coolant" },
    { startMs: 10 * MINUTE, endMs: 300 * MINUTE, reason: "rain" },
    { startMs: 295 * MINUTE, endMs: 590 * MINUTE, reason: "clouds" },
    { startMs: 590 * MINUTE, endMs: 700 * MINUTE, telescope: "west", reason: "a visit" },
  ];
  const telescopes = [
    { id: "east", instruments: ["nir"] },
    { id: "west", instruments: ["vis"] },
  ];
  for (const inOrder of [unavailable, unavailable.toReversed()]) {
    const { code, text } = refusalOf({ instruments: ["vis"] }, { telescopes, unavailable: inOrder });
    expect([code, text]).toEqual([
      "unavailable",
      expect.stringContaining("its windows are blocked (a visit, clouds, rain)."),
    ]);
  }
});

test("every fault of a sequence has its code and a sentence with the numbers", () => {
  const window = (startMin: number, endMin: number) => ({
    windows: [{ startMs: startMin * MINUTE, endMs: endMin * MINUTE }],
  });
  const cases: [Partial<SequenceInput>, Partial<Problem>, string, string][] = [
    [{ durationMs: 0 }, {}, "invalid_duration", "its duration is 0 s and must be above 0"],
    [{ overheadMs: -500 }, {}, "invalid_duration", "its overhead is -0.5 s and must not be below 0"],
    [{ durationMs: Number.NaN }, {}, "invalid_number", "durationMs is no whole number"],
    [{ preferredMs: 0.5 }, {}, "invalid_number", "preferredMs"],
    [{ priority: 101 }, {}, "invalid_priority", "its priority is 101 and must lie from 0 to 100"],
    [window(60, 30), {}, "invalid_window", "a window ends 20:30 UTC, not after its start 21:00 UTC"],
    [{ windows: [] }, {}, "invalid_window", "no observability window"],
    [
      { windows: [{ startMs: 0, endMs: 3_600_000, telescope: 2 as unknown as string }] },
      {},
      "invalid_window",
      "a telescope that is no text",
    ],
    [{ owner: "nobody" }, {}, "unknown_owner", "its owner nobody is not known"],
    [{}, { owners: { "COL-12": { quotaLeftMs: -1 } } }, "invalid_quota", "the quota of COL-12"],
    [
      { instruments: ["nir"] },
      { telescopes: [{ id: "t", instruments: ["vis"] }] },
      "no_instrument",
      "no telescope here has nir",
    ],
    [window(100, 115), {}, "longer_than_window", "it needs 21 min and its longest window is 15 min"],
    [window(-90, -10), {}, "outside_night", "from 18:30 to 19:50 UTC"],
    [window(-90, 15), {}, "window_in_night_too_short", "observable for 15 min of the night and needs 21 min"],
    [
      window(0, 60),
      { nowMs: 45 * MINUTE },
      "too_late",
      "its windows end 21:00 UTC. At 20:45 they leave 15 min, it needs 21 min",
    ],
    [
      window(0, 60),
      { unavailable: [{ startMs: 20 * MINUTE, endMs: 40 * MINUTE, reason: "rain" }] },
      "unavailable",
      "its windows are blocked (rain). The longest part left is 20 min, it needs 21 min",
    ],
    [{ durationMs: 150 * MINUTE }, {}, "quota", "it would cost 2.5 h and COL-12 has 60 min left"],
  ];
  for (const [fields, of, code, text] of cases) {
    expect(refusalOf(fields, of)).toEqual({ code, text: expect.stringContaining(text) });
  }
});

test("a quota that others took names them", () => {
  const { rows, refused } = planned(["a", "b", "c"].map((id) => sequence(id)));
  // Each starts as early as it can, and those before it slide.
  expect(rows.map((row) => row.sequenceId)).toEqual(["b", "a"]);
  expect(refused[0]).toMatchObject({ sequenceId: "c", code: "quota_spent", wonBy: ["b", "a"] });
  expect(refused[0]?.text).toBe(
    "Not planned: it would cost 21 min and COL-12 has 18 min left after 2 planned sequences.",
  );
});

test("a cadence keeps its distances; a link that cannot be kept takes down what hangs on it", () => {
  const after = (sequence: string, on: string, minMin: number, maxMin: number): Relation => ({
    kind: "after",
    sequence,
    after: on,
    minMs: minMin * MINUTE,
    maxMs: maxMin * MINUTE,
  });
  const chain = ["c1", "c2", "c3"].map((id) => sequence(id, { owner: "open" }));
  const relations = [after("c2", "c1", 60, 70), after("c3", "c2", 60, 70)];
  const kept = planned(chain, { relations }).rows;
  expect(kept.map((row) => [row.sequenceId, row.tspMs / MINUTE])).toEqual([
    ["c1", 0],
    ["c2", 81],
    ["c3", 162],
  ]);
  const blocked = planned(chain, {
    relations,
    unavailable: [{ startMs: 60 * MINUTE, endMs: 500 * MINUTE }],
    night: { startUnixMs: START, lengthMs: 540 * MINUTE },
  });
  expect(blocked.rows.map((row) => row.sequenceId)).toEqual(["c1"]);
  expect(blocked.refused.map(({ sequenceId, code }) => [sequenceId, code])).toEqual([
    ["c2", "relation"],
    ["c3", "relation"],
  ]);
});

test("what goes together goes all or none, at the turn of its best member", () => {
  const window = { windows: [{ startMs: 0, endMs: 50 * MINUTE }], owner: "open" };
  const pair: Relation = { kind: "together", sequences: ["a", "z"] };
  const three = [
    sequence("a", { ...window, priority: 20 }),
    sequence("m", { ...window, priority: 30 }),
    sequence("z", { ...window, priority: 90 }),
  ];
  expect(planned(three, { relations: [pair] }).rows.map((row) => row.sequenceId)).toEqual(["z", "a"]);
  const long = three.map((s) => (s.id === "z" ? { ...s, durationMs: 40 * MINUTE } : s));
  const { rows, refused } = planned(long, { relations: [pair] });
  expect(rows.map((row) => row.sequenceId)).toEqual(["m"]);
  expect(refused.find(({ sequenceId }) => sequenceId === "a")?.text).toContain("goes only with z");
});

test("circles and strangers in relations refuse the sequences they name, and only them", () => {
  const relations = [
    { kind: "after", sequence: "a", after: "b" },
    { kind: "after", sequence: "b", after: "a" },
    { kind: "after", sequence: "c", after: "nobody" },
    { kind: "after", sequence: "d", after: "e", minMs: 5, maxMs: 4 },
    { kind: "sometimes", sequence: "f", after: "g" },
    { kind: "together", sequences: "h" },
    { kind: "together" },
    "nonsense",
  ] as unknown as Relation[];
  const ids = ["a", "b", "c", "d", "e", "f", "g", "h", "free"];
  const { rows, refused } = planned(
    ids.map((id) => sequence(id, { owner: "open" })),
    { relations },
  );
  expect(rows.map((row) => row.sequenceId)).toEqual(["free"]);
  expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(["invalid_relation"]));
  expect(refused.find(({ sequenceId }) => sequenceId === "a")?.text).toContain("go round in a circle");
  expect(refused.find(({ sequenceId }) => sequenceId === "c")?.text).toContain('they name "nobody"');
});

test("several telescopes share the work by instrument; a merit curve chooses the time", () => {
  const telescopes = [
    { id: "east", instruments: ["vis"] },
    { id: "west", instruments: ["vis", "nir"] },
  ];
  const window = { windows: [{ startMs: 0, endMs: 25 * MINUTE }], owner: "open" };
  const { rows } = planned(
    [
      sequence("red", { ...window, instruments: ["nir"] }),
      sequence("blue", { ...window, instruments: ["vis"] }),
      sequence("best", {
        owner: "open",
        merit: [
          { atMs: 100 * MINUTE, value: 0.5 },
          { atMs: 300 * MINUTE, value: 1 },
          { atMs: 400 * MINUTE, value: 0.2 },
        ],
      }),
    ],
    { telescopes },
  );
  expect(rows.map((row) => [row.sequenceId, row.telescope, row.tspMs / MINUTE, row.merit])).toEqual([
    ["blue", "east", 0, null],
    ["red", "west", 0, null],
    ["best", "east", 289.5, 1],
  ]);
});

test("an overhead by pair keeps neighbours apart, and must be a whole number", () => {
  const problem = {
    schema: "vesper-scheduling-problem/1",
    night: { startUnixMs: START, lengthMs: 600 * MINUTE },
    nowMs: 0,
    owners: { open: {} },
    sequences: ["a", "b"].map((id) => sequence(id, { owner: "open" })),
  } as const;
  const { rows } = plan(problem, {
    pairOverheadMs: (from, to) => (from === "a" && to === "b" ? 5 * MINUTE : 0),
  });
  expect(rows.map((row) => [row.sequenceId, row.tspMs / MINUTE])).toEqual([
    ["b", 0],
    ["a", 21],
  ]);
  expect(() => plan(problem, { pairOverheadMs: () => -1 })).toThrow("must be integer ms of 0 or more");
});
