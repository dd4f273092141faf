import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { Ajv2020 } from "ajv/dist/2020.js";
import * as fc from "fast-check";
import { fileErrorWords, fileText, parseFile } from "../../api/routes/requests/file-text.ts";
import { loadObservatory } from "../../adapters/config/observatory.ts";
import { builderOf } from "../../domain/requests/builder.ts";
import { readRequestFile, requestFile, requestFileSchema } from "../../domain/requests/request-file.ts";
import type { RequestDraft, SequenceDraft } from "../../domain/requests/request.ts";
import { createNightSkies } from "../../domain/requests/visibility.ts";
import { brokenFiles } from "./broken-files.ts";

const observatory = loadObservatory(
  fileURLToPath(new URL("../../observatories/colibri.json", import.meta.url)),
  {},
);
const NOW_MS = Date.UTC(2026, 10, 20, 3);
const CONTEXT = {
  observatory,
  nowMs: NOW_MS,
  skies: createNightSkies(observatory),
  programmes: [{ id: "GALAXIES", availableS: 1e9 }],
};

/** Any request that the rules allow. */
const anyPlan = (instrumentId: string) => {
  const instrument = observatory.instruments.find(({ id }) => id === instrumentId);
  return fc.record({
    filter: fc.constantFrom(...(instrument?.filters ?? [])),
    exposureS: fc.integer({ min: 1_000, max: 300_000 }).map((ms) => ms / 1_000),
    count: fc.integer({ min: 1, max: 20 }),
  });
};
const text = (maxLength: number, minLength = 1) =>
  fc.string({ minLength, maxLength, unit: "grapheme" }).filter((one) => {
    const length = one.trim().length;
    return (
      length >= minLength && one.trim() === one && length <= maxLength && !/[\p{Cc}\p{Cs}\p{Cn}]/u.test(one)
    );
  });
const anySequence: fc.Arbitrary<SequenceDraft> = fc
  .record({
    targetName: text(40),
    raDeg: fc.double({ min: 0, max: 359.999, noNaN: true }).map((deg) => (Math.abs(deg) < 1e-6 ? 0 : deg)),
    decDeg: fc.double({ min: -90, max: 90, noNaN: true }).map((deg) => (Math.abs(deg) < 1e-6 ? 0 : deg)),
    startMs: fc.integer({ min: NOW_MS, max: NOW_MS + 1e10 }),
    lengthMs: fc.integer({ min: 1e9, max: 1e11 }),
    preferred: fc.boolean(),
    priority: fc.integer({ min: 0, max: 100 }),
    constraints: fc.record(
      {
        minAltDeg: fc.double({ min: 20, max: 90, noNaN: true }),
        maxAirmass: fc.option(fc.double({ min: 1, max: 10, noNaN: true })),
        minMoonSepDeg: fc.integer({ min: 0, max: 180 }),
        maxSunAltDeg: fc.integer({ min: -90, max: -12 }),
        maxSeeingArcsec: fc.double({ min: 0.3, max: 20, noNaN: true }),
        maxCloudPct: fc.integer({ min: 0, max: 100 }),
        minSkyQualityMag: fc.double({ min: 10, max: 23, noNaN: true }),
      },
      { requiredKeys: ["minAltDeg", "maxAirmass", "minMoonSepDeg", "maxSunAltDeg"] },
    ),
    dither: fc.option(
      fc.record({
        positions: fc.integer({ min: 2, max: 9 }),
        stepArcsec: fc.integer({ min: 10, max: 600 }).map((tenths) => tenths / 10),
      }),
    ),
    carryOverNights: fc.integer({ min: 0, max: 60 }),
    albums: fc
      .subarray(
        observatory.instruments.map(({ id }) => id),
        { minLength: 1 },
      )
      .chain((ids) =>
        fc.tuple(
          ...ids.map((instrumentId) =>
            fc
              .array(anyPlan(instrumentId), { minLength: 1, maxLength: 5 })
              .map((plans) => ({ instrumentId, plans })),
          ),
        ),
      ),
  })
  .filter(
    ({ albums }) =>
      albums.flatMap(({ plans }) => plans).reduce((frames, { count }) => frames + count, 0) <=
      observatory.night.maxFramesPerAttempt,
  )
  .map(({ startMs, lengthMs, preferred, ...sequence }) => ({
    ...sequence,
    windowStartMs: startMs,
    windowEndMs: startMs + lengthMs,
    preferredMs: preferred ? startMs + 1 : null,
  }));
const anyRequest: fc.Arbitrary<RequestDraft> = fc.record({
  name: text(60),
  comment: text(200, 0),
  programmeId: fc.constant("GALAXIES"),
  sequences: fc.array(anySequence, { minLength: 1, maxLength: 4 }),
});

test.each(["json", "yaml"] as const)("export then import gives the same request: %s", (format) => {
  fc.assert(
    fc.property(anyRequest, (draft) => {
      const parsed = parseFile(fileText(draft, format));
      if (!parsed.ok) throw new Error(parsed.errors.map(fileErrorWords).join("\n"));
      const { check, errors } = builderOf(parsed.written).check(CONTEXT);
      if (!check.ok) throw new Error(JSON.stringify(errors));
      const { sequences, ...head } = check.request;
      expect(head).toEqual({ name: draft.name, comment: draft.comment, programmeId: draft.programmeId });
      expect(sequences.map(({ durationS: _d, overheadS: _o, ...sequence }) => sequence)).toEqual(
        draft.sequences,
      );
    }),
    { numRuns: 60 },
  );
});

test("the published schema takes and refuses the same shapes as the reader", () => {
  const validate = new Ajv2020({ allowUnionTypes: true }).compile({ ...requestFileSchema() });
  const good = requestFile(fc.sample(anyRequest, { seed: 1, numRuns: 1 })[0] as RequestDraft);
  expect([validate(good), readRequestFile(good).ok]).toEqual([true, true]);
  let refused = 0;
  for (const { name, text } of brokenFiles(good)) {
    let content: unknown;
    try {
      content = JSON.parse(text);
    } catch {
      continue;
    }
    const taken = readRequestFile(content).ok;
    if (!taken) refused += 1;
    expect([name, validate(content)]).toEqual([name, taken]);
  }
  expect(refused).toBeGreaterThan(80);
});

test("the schema in the documentation is the one that is served", () => {
  const written = readFileSync(new URL("../../docs/request-1.schema.json", import.meta.url), "utf8");
  expect(JSON.parse(written)).toEqual(requestFileSchema());
});

test("an error of YAML names its line, of JSON too", () => {
  const draft = fc.sample(anyRequest, { seed: 2, numRuns: 1 })[0] as RequestDraft;
  const lines = fileText(draft, "yaml").split("\n");
  const at = lines.findIndex((line) => line.includes("priority:"));
  lines[at] = `${lines[at]?.split("priority")[0] ?? ""}priority: high`;
  const parsed = parseFile(lines.join("\n"));
  expect(parsed.ok ? [] : parsed.errors.map(fileErrorWords)).toEqual([
    `Line ${at + 1}, sequences[0].priority is "high": must be a whole number.`,
  ]);
  const json = parseFile('{\n "format": "vesper-request/1",\n "name" "x"\n}');
  expect(json.ok ? 0 : json.errors[0]?.line).toBe(3);
});
