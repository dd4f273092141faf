import { expect, test } from "@jest/globals";
import { plan, ProblemError, type Problem, type Schedule } from "../index.ts";

/** A problem with everything a document may hold. */
const WHOLE: Problem = {
  schema: "vesper-scheduling-problem/1",
  night: { startUnixMs: 1_763_668_800_000, lengthMs: 20_000 },
  nowMs: 500,
  alertsBelow: 10,
  owners: { rich: { quotaLeftMs: 15_000 }, free: {} },
  telescopes: [
    { id: "east", instruments: ["vis"] },
    { id: "west", instruments: ["vis", "nir"] },
  ],
  unavailable: [
    { startMs: 9_000, endMs: 9_500, telescope: "east", instrument: "vis", reason: "the wheel is inspected" },
  ],
  frozen: [
    { sequenceId: "running", telescope: "west", tspMs: 0, tepMs: 1_000, status: "executing" },
    { sequenceId: "gone", telescope: "east", tspMs: 0, tepMs: 400, status: "done" },
  ],
  sequences: ["alert", "running", "first", "second", "pair-a", "pair-b", "plain"].map((id, k) => ({
    id,
    owner: k % 2 === 0 ? "rich" : "free",
    priority: id === "alert" ? 3 : 40 + k,
    durationMs: 900 + k,
    overheadMs: 50,
    windows: [
      { startMs: -100, endMs: 8_000 },
      { startMs: 9_000, endMs: 30_000, telescope: "west" },
    ],
    preferredMs: k % 3 === 0 ? null : 7_000,
    instruments: k % 2 === 0 ? ["vis"] : [],
    ...(id === "plain"
      ? {
          merit: [
            { atMs: 0, value: 0.5 },
            { atMs: 5_000, value: 1 },
          ],
        }
      : {}),
  })),
  relations: [
    { kind: "after", sequence: "second", after: "first", minMs: 100, maxMs: 5_000 },
    { kind: "together", sequences: ["pair-a", "pair-b"] },
  ],
};

const JUNK: readonly unknown[] = [
  undefined,
  null,
  true,
  "first",
  Number.NaN,
  Number.POSITIVE_INFINITY,
  -1,
  0,
  0.5,
  Number.MAX_SAFE_INTEGER,
  1e300,
  "",
  "__proto__",
  [],
  {},
  [{}],
  ["west"],
  () => 1,
  7n,
];

/** All places in a document, as lists of keys; the document itself first. */
function placesIn(value: unknown, keys: readonly string[] = []): (readonly string[])[] {
  const inside =
    typeof value === "object" && value !== null
      ? Object.entries(value).flatMap(([key, part]) => placesIn(part, [...keys, key]))
      : [];
  return [keys, ...inside];
}

function spoilt(value: unknown, keys: readonly string[], junk: unknown): unknown {
  const [key, ...rest] = keys;
  if (key === undefined) return junk;
  if (Array.isArray(value))
    return value.map((part, k) => (String(k) === key ? spoilt(part, rest, junk) : part));
  const object = value as Record<string, unknown>;
  return { ...object, [key]: spoilt(object[key], rest, junk) };
}

function outcomeOf(document: unknown, policy: "strict" | "value"): Schedule | ProblemError {
  try {
    return plan(document as Problem, { policy, iterations: 5 });
  } catch (error) {
    if (error instanceof ProblemError) return error;
    throw error;
  }
}

test("whatever stands at any place of a document, it is planned or refused with the path of the fault", () => {
  const places = placesIn(WHOLE);
  expect(places.length).toBeGreaterThan(150);
  places.forEach((keys, k) => {
    const pointer = ["", ...keys].join("/");
    JUNK.forEach((junk, n) => {
      const document = spoilt(WHOLE, keys, junk);
      const outcome = outcomeOf(document, (k + n) % 2 === 0 ? "strict" : "value");
      if (outcome instanceof ProblemError) {
        // Nothing inside a sequence or a relation makes the document unreadable. The path may be another one than
        // that of the junk: a telescope that has gone is missed elsewhere.
        const inside = /^\/(sequences|relations)\/./.test(pointer);
        if (inside || !/^$|^\//.test(outcome.path)) throw new Error(`${pointer}: ${outcome.message}`);
        return;
      }
      const answered = [...outcome.rows, ...outcome.refused].length;
      const given = (document as Problem).sequences.length;
      const bytes = JSON.stringify(outcome);
      if (answered < given || /"(tspMs|tepMs|deltaTLMs|deltaTRMs|score|objective)":null|NaN/.test(bytes))
        throw new Error(`${pointer}, ${String(junk)}: ${bytes}`);
    });
  });
});

test("what is wrong with a frame is told with its path", () => {
  const cases: [readonly string[], unknown, string][] = [
    [[], null, ""],
    [["schema"], "other/1", "/schema"],
    [["night"], [], "/night"],
    [["night", "lengthMs"], -1, "/night/lengthMs"],
    [["nowMs"], Number.NaN, "/nowMs"],
    [["owners", "rich"], 7, "/owners/rich"],
    [["telescopes"], [], "/telescopes"],
    [["telescopes", "1", "id"], "east", "/telescopes"],
    [["unavailable", "0", "endMs"], 0, "/unavailable/0"],
    [["frozen", "0", "telescope"], "north", "/frozen/0/telescope"],
    [["frozen", "1", "status"], "planned", "/frozen/1/status"],
    [["sequences"], {}, "/sequences"],
    [["relations"], "none", "/relations"],
    [["alertsBelow"], "10", "/alertsBelow"],
  ];
  for (const [keys, junk, path] of cases) {
    expect(outcomeOf(spoilt(WHOLE, keys, junk), "strict")).toMatchObject({ name: "ProblemError", path });
  }
});
