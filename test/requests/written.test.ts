import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { loadObservatory } from "../../adapters/config/observatory.ts";
import { resolveName } from "../../domain/astronomy/catalogue.ts";
import { builderOf, createRequestBuilder } from "../../domain/requests/builder.ts";
import { carriedOver } from "../../domain/requests/carry-over.ts";
import { revise, type StoredSequence } from "../../domain/requests/revise.ts";
import { convertedInstant, readInstant, writtenInstant } from "../../domain/requests/times.ts";
import {
  automaticWindow,
  createForesight,
  createNightSkies,
  foresee,
  nightUse,
} from "../../domain/requests/visibility.ts";
import {
  emptySequence,
  withAllFields,
  withField,
  without,
  type WrittenRequest,
  type WrittenSequence,
} from "../../domain/requests/written.ts";

const observatory = loadObservatory(
  fileURLToPath(new URL("../../observatories/colibri.json", import.meta.url)),
  {},
);
const NOW_MS = Date.UTC(2026, 10, 20, 3);
const DAY_MS = 86_400_000;
const skies = createNightSkies(observatory);
const CONTEXT = { observatory, nowMs: NOW_MS, skies, programmes: [{ id: "GALAXIES", availableS: 1e6 }] };
const LIMITS = { minAltDeg: 30, maxAirmass: null, minMoonSepDeg: 25, maxSunAltDeg: -12 };

function written(change: Readonly<Record<string, string>> = {}): WrittenRequest {
  const builder = createRequestBuilder({ name: "Crab", comment: "", programmeId: "GALAXIES", times: "utc" });
  const { albums: _albums, ...sequence } = emptySequence(-12);
  const sequenceId = builder.addSequence({
    ...sequence,
    targetName: "M 1",
    ra: "05:34:31.9",
    dec: "+22:00:52",
  });
  const albumId = builder.addAlbum(sequenceId, "vis");
  expect(builder.addPlan(albumId, { filter: "r", exposureS: "60", count: "5" })).toBe(`${albumId}.plans[0]`);
  return Object.entries(change).reduce(
    (request, [path, value]) => withField(request, path, value),
    builder.written(),
  );
}

describe("instants", () => {
  const anyMs = fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2090, 0, 1) });

  test("UTC and JD to 8 decimals go into each other and back, to the millisecond", () => {
    fc.assert(
      fc.property(anyMs, (ms) => {
        const utc = writtenInstant(ms, "utc");
        const jd = convertedInstant(utc, "jd");
        expect(jd).toMatch(/^\d{7}\.\d{8}$/);
        expect(readInstant(jd)).toEqual({ ms });
        expect(convertedInstant(jd, "utc")).toBe(utc);
      }),
    );
  });

  test.each([
    ["2026-11-20 07:14:32.418", Date.UTC(2026, 10, 20, 7, 14, 32, 418)],
    ["2026-11-20T07:14Z", Date.UTC(2026, 10, 20, 7, 14)],
    [" 2026-11-20 ", Date.UTC(2026, 10, 20)],
    ["2026-11-20 7:14 UTC", Date.UTC(2026, 10, 20, 7, 14)],
    ["2461364.5", Date.UTC(2026, 10, 20)],
    ["JD 2461365", Date.UTC(2026, 10, 20, 12)],
    ["MJD 61364", Date.UTC(2026, 10, 20)],
  ])("%s is understood", (text, ms) => {
    expect(readInstant(text)).toEqual({ ms });
  });

  test.each(["", "tomorrow", "2026-02-30", "2026-11-20 25:00", "2026-11-20 07:60", "20/11/2026", "246136"])(
    "%s is refused with the rule, and kept as typed",
    (text) => {
      expect(readInstant(text)).toMatchObject({ rule: expect.stringMatching(/\w/) });
      expect(convertedInstant(text, "jd")).toBe(text);
    },
  );
});

test("names are found however they are written", () => {
  for (const name of ["M31", "messier 31", "m 031", "NGC0224", "ngc 224"]) {
    expect([name, resolveName(name)?.name]).toEqual([name, "M 31"]);
  }
  expect(resolveName("vega")?.raDeg).toBeCloseTo(279.2347, 3);
  expect(resolveName("HD 172167")?.name).toBe("Vega");
  expect(resolveName("not a thing")).toBeNull();
  expect(resolveName("")).toBeNull();
});

describe("the builder", () => {
  test("gives an id at each step, and refuses a step into nothing", () => {
    const builder = builderOf(written());
    expect(builder.addSequence(emptySequence(-12))).toBe("sequences[1]");
    expect(builder.addAlbum("sequences[1]", "nir")).toBe("sequences[1].albums[0]");
    expect(() => builder.addAlbum("sequences[2]", "vis")).toThrow('id is "sequences[2]"');
    expect(() => builder.addPlan("sequences[1]", { filter: "J", exposureS: "1", count: "1" })).toThrow(
      "album",
    );
    expect(() => builder.addAlbum("sequences[1].albums[0]", "vis")).toThrow("sequence");
  });

  test("a window that is left empty is computed from the limits", () => {
    const { check, sequences } = builderOf(written()).check(CONTEXT);
    expect(check.ok).toBe(true);
    expect(sequences[0]).toMatchObject({ automatic: true, durationS: 340, overheadS: 60 });
    const never = builderOf(written({ "sequences[0].dec": "-72:05:00" })).check(CONTEXT);
    expect(never.errors.map(({ field }) => field)).toEqual(["sequences[0].windowStart"]);
    expect(never.errors[0]?.rule).toContain("on any night of a year");
  });

  test.each([
    ["sequences[0].ra", "12", "could be hours or degrees: write 12h (12:00:00.00) or 12d"],
    ["sequences[0].dec", "-95", "must be from -90 to +90"],
    ["sequences[0].minAltDeg", "high", '"high" is not a number'],
    ["sequences[0].minAltDeg", "5", "20 (the telescope's)"],
    ["sequences[0].priority", "", "is missing: write a number"],
    ["sequences[0].windowEnd", "2026-11-19", "the window"],
    ["sequences[0].albums[0].plans[0].filter", "purple", "filters of Visible imager are g, r, i, z"],
    ["sequences[0].albums[0].plans[0].exposureS", "4000", "0.1 to 1200 s"],
    ["sequences[0].albums[0].plans[0].count", "2.5", "a whole number"],
    ["sequences[0].carryOverNights", "99", "0 to 60 nights"],
    ["sequences[0].maxSeeingArcsec", "30", "0.3 to 20 arcsec"],
    ["sequences[0].minSkyQualityMag", "dark", '"dark" is not a number'],
    ["programmeId", "SECRET", "your programmes are GALAXIES"],
    ["name", " ", "1 to 120 characters"],
  ])("%s written as %s is an error at that field with that value", (path, value, rule) => {
    const change = path.endsWith("windowEnd")
      ? { "sequences[0].windowStart": "2026-11-20", [path]: value }
      : { [path]: value };
    const { check, errors } = builderOf(written(change)).check(CONTEXT);
    expect(check.ok).toBe(false);
    const error = errors.find(({ field }) => field === path);
    expect(error).toMatchObject({ field: path, value, rule: expect.stringContaining(rule) });
  });

  test("a dither is written with both its fields, checked at the one that is wrong, and paid for", () => {
    const at = "sequences[0].dither";
    const wrong = (fields: Readonly<Record<string, string>>) =>
      builderOf(written(fields))
        .check(CONTEXT)
        .errors.map(({ field, value }) => [field, value]);
    expect(wrong({ [`${at}Positions`]: "3" })).toEqual([[`${at}StepArcsec`, ""]]);
    expect(wrong({ [`${at}StepArcsec`]: "15" })).toEqual([[`${at}Positions`, ""]]);
    expect(wrong({ [`${at}StepArcsec`]: "61", [`${at}Positions`]: "3" })).toEqual([
      [`${at}StepArcsec`, "61"],
    ]);
    expect(wrong({ [`${at}StepArcsec`]: "15", [`${at}Positions`]: "12" })).toEqual([
      [`${at}Positions`, "12"],
    ]);
    const { check, sequences } = builderOf(
      written({ [`${at}StepArcsec`]: "15", [`${at}Positions`]: "3" }),
    ).check(CONTEXT);
    if (!check.ok) throw new Error(JSON.stringify(check.errors));
    expect(check.request.sequences[0]?.dither).toEqual({ positions: 3, stepArcsec: 15 });
    const stepS = observatory.telescope.dither?.overheadS ?? Number.NaN;
    expect(sequences[0]?.durationS).toBe(340 + 2 * stepS);
  });

  test("a draft that an older version kept reads as it was meant", () => {
    const { ditherPositions: _p, ditherStepArcsec: _s, ...older } = emptySequence(-12);
    const kept = withAllFields({ ...written(), sequences: [older as WrittenSequence] });
    expect(kept.sequences).toEqual([emptySequence(-12)]);
  });

  test("whatever is written in any field, the check answers and every error names a field with words", () => {
    const paths = [
      "name",
      "sequences[0].ra",
      "sequences[0].dec",
      "sequences[0].windowStart",
      "sequences[0].windowEnd",
      "sequences[0].preferred",
      "sequences[0].priority",
      "sequences[0].maxAirmass",
      "sequences[0].minMoonSepDeg",
      "sequences[0].albums[0].plans[0].exposureS",
      "sequences[0].albums[0].plans[0].count",
    ];
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom(...paths),
          fc.oneof(
            fc.string({ maxLength: 20 }),
            fc.double().map(String),
            fc.constantFrom("1e999", "-0", "NaN", "٣", "−18"),
          ),
        ),
        (change) => {
          const { check, errors } = builderOf(written(change)).check(CONTEXT);
          expect(check.ok).toBe(errors.length === 0);
          for (const { field, rule } of errors) {
            expect(field).toMatch(/^\w/);
            expect(rule).not.toMatch(/undefined|NaN \(|object Object/);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  test("a part that is taken out takes its errors with it", () => {
    const two = builderOf(written());
    two.addSequence(emptySequence(-12));
    const errors = two.check(CONTEXT).errors.filter(({ field }) => field.startsWith("sequences[1]"));
    expect(errors.length).toBeGreaterThan(3);
    expect(builderOf(without(two.written(), "sequences[1]")).check(CONTEXT).check.ok).toBe(true);
  });
});

describe("visibility", () => {
  const crab = { raDeg: 83.63, decDeg: 22.01, constraints: LIMITS };

  test("the computed window begins and ends while the target can be taken", () => {
    const window = automaticWindow(crab, 600, observatory, skies, NOW_MS);
    if (window === null) throw new Error("the Crab has a season");
    const first = nightUse(crab, observatory, skies("2026-11-19"));
    expect(window.startMs).toBeGreaterThanOrEqual(NOW_MS);
    expect(window.startMs).toBeLessThan(NOW_MS + DAY_MS);
    expect(first.usableMs).toBeGreaterThan(0);
    expect(window.endMs).toBeGreaterThan(NOW_MS + 100 * DAY_MS);
    expect(foresee(crab, window, 600, observatory, skies, NOW_MS).firstDate).not.toBeNull();
  });

  test("a refusal is foreseen with its numbers and the first night that works", () => {
    const window = { startMs: NOW_MS, endMs: NOW_MS + 60 * DAY_MS };
    const nearMoon = { ...crab, constraints: { ...LIMITS, minMoonSepDeg: 100 } };
    const later = foresee(nearMoon, window, 600, observatory, skies, Date.UTC(2026, 10, 24, 3));
    expect(later.why).toContain("distance to the Moon");
    expect(later.firstDate).not.toBeNull();
    const never = foresee({ ...crab, decDeg: -72 }, window, 600, observatory, skies, NOW_MS);
    expect(never).toMatchObject({
      firstDate: null,
      why: expect.stringContaining("is below the limit 30.00 deg"),
    });
    const long = foresee(crab, window, 20 * 3_600, observatory, skies, NOW_MS);
    expect(long.why).toMatch(/only \d\d:\d\d to \d\d:\d\d UTC \(\d+ min\) and needs 1200 min/);
  });

  test("what is foreseen is computed once a minute, for each sequence by itself", () => {
    const foreseen = createForesight(observatory, skies);
    const window = { startMs: NOW_MS, endMs: NOW_MS + 60 * DAY_MS };
    const minuteMs = Math.floor(NOW_MS / 60_000) * 60_000;
    const first = foreseen(crab, window, 600, minuteMs);
    expect(first).toEqual(foresee(crab, window, 600, observatory, skies, minuteMs));
    expect(foreseen({ ...crab }, { ...window }, 600, minuteMs + 59_999)).toBe(first);
    expect(foreseen(crab, window, 600, minuteMs + 60_000)).not.toBe(first);
    const long = foreseen(crab, window, 20 * 3_600, minuteMs);
    expect(long.why).toContain("needs 1200 min");
    const south = foreseen({ ...crab, decDeg: -72 }, window, 600, minuteMs);
    expect(south.firstDate).toBeNull();
  });
});

test("a window moves on by whole nights, never into the past, never more often than it may", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 3 * DAY_MS }),
      fc.integer({ min: 0, max: 60 }),
      fc.integer({ min: -5 * DAY_MS, max: 80 * DAY_MS }),
      (lengthMs, carryOverNights, lateMs) => {
        const before = {
          windowStartMs: NOW_MS - lengthMs,
          windowEndMs: NOW_MS,
          preferredMs: NOW_MS - 1,
          carryOverNights,
        };
        const after = carriedOver(before, NOW_MS + lateMs);
        if (lateMs < 0) return expect(after).toBeNull();
        const needed = Math.floor(lateMs / DAY_MS) + 1;
        if (needed > carryOverNights) return expect(after).toBeNull();
        expect(after?.windowEndMs).toBe(NOW_MS + needed * DAY_MS);
        expect((after?.windowEndMs ?? 0) > NOW_MS + lateMs).toBe(true);
        expect((after?.windowEndMs ?? 0) - (after?.windowStartMs ?? 0)).toBe(lengthMs);
        expect(after?.carryOverNights).toBe(carryOverNights - needed);
      },
    ),
  );
});

test("a new version keeps what is the same, never touches what is over, and deletes only what nothing speaks of", () => {
  const { check } = builderOf(written()).check(CONTEXT);
  if (!check.ok) throw new Error("the request is good");
  const [built] = check.request.sequences;
  if (built === undefined) throw new Error("it has a sequence");
  const one = (ordinal: number, change: Partial<StoredSequence>): StoredSequence => ({
    id: `R1-${ordinal}`,
    ordinal,
    status: "withdrawn",
    begun: false,
    scheduled: false,
    built,
    ...change,
  });
  const stored = [
    one(1, {}),
    one(2, { scheduled: true }),
    one(3, {}),
    one(4, { status: "executed", begun: true }),
    one(5, { begun: true }),
  ];
  const other = { ...built, priority: 7 };
  const steadier = { ...built, constraints: { ...built.constraints, maxSeeingArcsec: 1.2 } };
  const dithered = { ...built, dither: { positions: 2, stepArcsec: 15 } };
  for (const sequence of [steadier, dithered])
    expect(revise([one(1, {})], [{ id: "R1-1", sequence }]).kept).toEqual([]);
  const revision = revise(stored, [
    { id: "R1-1", sequence: built },
    { id: "R1-2", sequence: other },
    { id: "R1-4", sequence: other },
    { id: "", sequence: built },
  ]);
  expect(revision.kept).toEqual(["R1-1"]);
  expect(revision.removed).toEqual(["R1-3"]);
  expect(revision.cancelled).toEqual(["R1-2", "R1-5"]);
  expect(revision.added.map(({ ordinal }) => ordinal)).toEqual([6, 7, 8]);
});
