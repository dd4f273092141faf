import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { Ajv2020 } from "ajv/dist/2020.js";
import * as fc from "fast-check";
import { plan } from "../index.ts";
import { arbitraryProblem } from "./arbitrary-problem.ts";

const ajv = new Ajv2020({ allErrors: true });
const schemaOf = (name: string) =>
  ajv.compile(
    JSON.parse(readFileSync(new URL(`../schemas/${name}.schema.json`, import.meta.url), "utf8")) as object,
  );
const isProblem = schemaOf("problem");
const isSchedule = schemaOf("schedule");

test("problems and their schedules are what the schemas say, before and after a journey as JSON", () => {
  fc.assert(
    fc.property(arbitraryProblem, (problem) => {
      const carried: unknown = JSON.parse(JSON.stringify(problem));
      expect([isProblem(carried), isProblem.errors]).toEqual([true, null]);
      const schedule = plan(problem, { policy: "value", iterations: 2 });
      const text = JSON.stringify(schedule);
      expect([isSchedule(JSON.parse(text)), isSchedule.errors]).toEqual([true, null]);
      expect(JSON.stringify(plan(carried as typeof problem, { policy: "value", iterations: 2 }))).toBe(text);
    }),
    { numRuns: 500 },
  );
});

test("the schema of a problem refuses what is no problem", () => {
  const good = {
    schema: "vesper-scheduling-problem/1",
    night: { startUnixMs: 0, lengthMs: 10 },
    nowMs: 0,
    owners: {},
    sequences: [],
  };
  expect(isProblem(good)).toBe(true);
  expect(isProblem({ ...good, nowMs: 0.5 })).toBe(false);
  expect(isProblem({ ...good, sequences: [{ id: "a" }] })).toBe(false);
  expect(isProblem({ ...good, surprise: 1 })).toBe(false);
});
