import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { buildRequest } from "../../domain/requests/build.ts";
import { remainingFrames, sequenceDurationS } from "../../domain/requests/duration.ts";
import type { RequestDraft, SequenceDraft } from "../../domain/requests/request.ts";
import type { Observatory } from "../../domain/observatory.ts";

const observatory = JSON.parse(
  readFileSync(new URL("../../observatories/colibri.json", import.meta.url), "utf8"),
) as Observatory;
const NOW_MS = Date.UTC(2026, 10, 20, 3);
const DAY_MS = 86_400_000;

const SEQUENCE: SequenceDraft = {
  targetName: " M 33 ",
  raDeg: 23.4621,
  decDeg: 30.6599,
  windowStartMs: NOW_MS,
  windowEndMs: NOW_MS + DAY_MS,
  preferredMs: NOW_MS + 3_600_000,
  priority: 40,
  constraints: { minAltDeg: 30, maxAirmass: 2, minMoonSepDeg: 25, maxSunAltDeg: -18 },
  albums: [
    {
      instrumentId: "vis",
      plans: [
        { filter: "r", exposureS: 60.5, count: 3 },
        { filter: "r", exposureS: 0.1, count: 1 },
      ],
    },
  ],
};
const DRAFT: RequestDraft = {
  name: " Triangulum",
  comment: "",
  programmeId: "GALAXIES",
  sequences: [SEQUENCE],
};
const CONTEXT = { observatory, nowMs: NOW_MS, programmes: [{ id: "GALAXIES", availableS: 273.6 }] };

test("a good request is taken, trimmed, with duration and overhead computed", () => {
  const check = buildRequest(DRAFT, CONTEXT);
  expect(check.ok).toBe(true);
  if (!check.ok) return;
  expect(check.request.name).toBe("Triangulum");
  // 3 x (60.5 + 8) + 0.1 + 8
  expect(check.request.sequences[0]).toMatchObject({ targetName: "M 33", durationS: 213.6, overheadS: 60 });
});

const sequence = (change: Partial<SequenceDraft>): RequestDraft => ({
  ...DRAFT,
  sequences: [{ ...SEQUENCE, ...change }],
});
const plan = (change: object): RequestDraft =>
  sequence({
    albums: [{ instrumentId: "vis", plans: [{ filter: "r", exposureS: 60, count: 3, ...change }] }],
  });
const constraints = (change: object): RequestDraft =>
  sequence({ constraints: { ...SEQUENCE.constraints, ...change } });

test.each<[string, RequestDraft, string, unknown, RegExp]>([
  ["no name", { ...DRAFT, name: "  " }, "name", "  ", /1 to 120/],
  ["a foreign programme", { ...DRAFT, programmeId: "AGN" }, "programmeId", "AGN", /GALAXIES/],
  ["no sequence", { ...DRAFT, sequences: [] }, "sequences", 0, /1 to 100/],
  ["RA of 360", sequence({ raDeg: 360 }), "sequences[0].raDeg", 360, /0 to less than 360/],
  [
    "RA not a number",
    sequence({ raDeg: Number.NaN }),
    "sequences[0].raDeg",
    Number.NaN,
    /0 to less than 360/,
  ],
  ["Dec beyond the pole", sequence({ decDeg: 90.1 }), "sequences[0].decDeg", 90.1, /-90 to 90/],
  [
    "a window that ends first",
    sequence({ windowStartMs: NOW_MS + 2 * DAY_MS, preferredMs: null }),
    "sequences[0].windowEndMs",
    NOW_MS + DAY_MS,
    /after it starts/,
  ],
  [
    "a window in the past",
    sequence({ windowStartMs: NOW_MS - DAY_MS, windowEndMs: NOW_MS, preferredMs: null }),
    "sequences[0].windowEndMs",
    NOW_MS,
    /over: it is 2026-11-20T03/,
  ],
  [
    "a window shorter than the sequence",
    sequence({ windowEndMs: NOW_MS + 273_000, preferredMs: null }),
    "sequences[0].windowEndMs",
    NOW_MS + 273_000,
    /273 s is shorter than the 273.6 s/,
  ],
  [
    "a wish outside the window",
    sequence({ preferredMs: NOW_MS - 1 }),
    "sequences[0].preferredMs",
    NOW_MS - 1,
    /in the window/,
  ],
  [
    "too low",
    constraints({ minAltDeg: 19 }),
    "sequences[0].constraints.minAltDeg",
    19,
    /20 \(the telescope's\)/,
  ],
  [
    "an airmass below 1",
    constraints({ maxAirmass: 0.9 }),
    "sequences[0].constraints.maxAirmass",
    0.9,
    /1 to 10/,
  ],
  ["in daylight", constraints({ maxSunAltDeg: -6 }), "sequences[0].constraints.maxSunAltDeg", -6, /-12/],
  [
    "an unknown instrument",
    sequence({ albums: [{ instrumentId: "uv", plans: [] }] }),
    "sequences[0].albums[0].instrumentId",
    "uv",
    /vis/,
  ],
  ["no album", sequence({ albums: [] }), "sequences[0].albums", [], /at least one album/],
  [
    "an unknown filter",
    plan({ filter: "H" }),
    "sequences[0].albums[0].plans[0].filter",
    "H",
    /are g, r, i, z/,
  ],
  [
    "too short an exposure",
    plan({ exposureS: 0.05 }),
    "sequences[0].albums[0].plans[0].exposureS",
    0.05,
    /0.1 to 1200 s/,
  ],
  [
    "too long an exposure",
    plan({ exposureS: 1201 }),
    "sequences[0].albums[0].plans[0].exposureS",
    1201,
    /0.1 to 1200 s/,
  ],
  [
    "too fine an exposure",
    plan({ exposureS: 1.0001 }),
    "sequences[0].albums[0].plans[0].exposureS",
    1.0001,
    /0.001 s/,
  ],
  ["half a frame", plan({ count: 1.5 }), "sequences[0].albums[0].plans[0].count", 1.5, /whole number/],
  [
    "too many frames in all",
    sequence({
      albums: [
        { instrumentId: "vis", plans: [{ filter: "r", exposureS: 1, count: 100 }] },
        { instrumentId: "nir", plans: [{ filter: "J", exposureS: 1, count: 51 }] },
      ],
    }),
    "sequences[0].albums",
    151,
    /all albums together have at most 150/,
  ],
  [
    "too large a dither",
    sequence({ dither: { stepArcsec: 61, positions: 5 } }),
    "sequences[0].dither.stepArcsec",
    61,
    /1 to 60 arcsec/,
  ],
  [
    "a dither of one position",
    sequence({ dither: { stepArcsec: 20, positions: 1 } }),
    "sequences[0].dither.positions",
    1,
    /2 to 9 positions/,
  ],
  ["too many frames", plan({ exposureS: 1, count: 151 }), "sequences[0].albums[0].plans", 151, /at most 150/],
])("refused: %s, naming field, value and rule", (_name, draft, field, value, rule) => {
  const check = buildRequest(draft, CONTEXT);
  expect(check.ok).toBe(false);
  if (check.ok) return;
  const found = check.errors.find((error) => error.field === field);
  expect(found).toMatchObject({ field, value });
  expect(found?.rule).toMatch(rule);
});

test("all errors come at once", () => {
  const check = buildRequest({ ...sequence({ raDeg: -1, decDeg: 91 }), name: "" }, CONTEXT);
  expect(check.ok ? [] : check.errors.map((error) => error.field)).toEqual([
    "name",
    "sequences[0].raDeg",
    "sequences[0].decDeg",
  ]);
});

test("a request that takes more than the programme has left is refused with both numbers", () => {
  const check = buildRequest(DRAFT, { ...CONTEXT, programmes: [{ id: "GALAXIES", availableS: 273.5 }] });
  expect(check.ok ? null : check.errors).toEqual([
    {
      field: "sequences",
      value: 273.6,
      rule: "the request takes 273.6 s; programme GALAXIES has 273.5 s left",
    },
  ]);
});

test("the longest album decides how long a sequence takes", () => {
  const short = { instrumentId: "vis", plans: [{ filter: "r", exposureS: 30, count: 2 }] };
  const long = { instrumentId: "nir", plans: [{ filter: "J", exposureS: 10, count: 10 }] };
  expect(sequenceDurationS(observatory, [short], null)).toBe(76);
  expect(sequenceDurationS(observatory, [short, long], null)).toBe(180);
  expect(sequenceDurationS(observatory, [], null)).toBe(0);
});

test("filters changed on the way and dithers take their time; at a dither the faster arm waits", () => {
  const twoFilters = {
    instrumentId: "vis",
    plans: [
      { filter: "g", exposureS: 30, count: 2 },
      { filter: "r", exposureS: 30, count: 2 },
    ],
  };
  expect(sequenceDurationS(observatory, [twoFilters], null)).toBe(4 * 38 + 6);
  const infrared = { instrumentId: "nir", plans: [{ filter: "J", exposureS: 12, count: 4 }] };
  const dither = { stepArcsec: 15, positions: 2 };
  // At each position: one frame of each filter and a change, while the other arm takes two of its own and waits.
  expect(sequenceDurationS(observatory, [twoFilters, infrared], dither)).toBe(2 * (2 * 38 + 6) + 6);
  const left = { ...twoFilters, plans: [{ ...twoFilters.plans[0]!, frames: [2] }] };
  expect(sequenceDurationS(observatory, [left], dither)).toBe(38);
});

test("the frames left are those without a stored image", () => {
  expect(remainingFrames(4, [2, 4, 4])).toEqual([1, 3]);
  expect(remainingFrames(2, [])).toEqual([1, 2]);
  expect(remainingFrames(1, [1])).toEqual([]);
});
