import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "@jest/globals";
import { plan } from "../index.ts";
import { answerToInstance, problemFromInstance } from "../neutral.ts";
import { faultsOf } from "./check-schedule.ts";
import { ADVERSARIAL_KINDS, adversarialInstance, randomInstance, type Instance } from "./instances.ts";

const SEEDS = Array.from({ length: 10 }, (_, k) => k + 1);
/** Of each size; the long run has the 200 instances of the figures in the README. */
const RANDOM_OF_SIZE = process.env.SCHEDULER_PROPERTY_RUNS === undefined ? 5 : 20;
const adversarial = ADVERSARIAL_KINDS.flatMap((kind) => SEEDS.map((seed) => adversarialInstance(kind, seed)));
const random = [10, 20, 50, 100, 200, 400].flatMap((n) =>
  Array.from({ length: RANDOM_OF_SIZE }, (_, k) => randomInstance(n, 100 * n + k)),
);

test("the optimum of every adversarial kind is found", () => {
  for (const { instance, optimum } of adversarial) {
    const schedule = plan(problemFromInstance(instance), { policy: "value", iterations: 5_000 });
    expect([instance.name, schedule.objective]).toEqual([instance.name, expect.closeTo(optimum, 3)]);
    expect(schedule.upperBound).toBeGreaterThanOrEqual(schedule.objective);
  }
});

test("what shifting is needed for is all planned by strict too", () => {
  for (const seed of SEEDS) {
    const { instance } = adversarialInstance("shift-needed", seed);
    expect(plan(problemFromInstance(instance)).rows).toHaveLength(27);
  }
});

test("random nights: nothing broken, nothing refused that still fits, near the bound, better than the start", () => {
  let start = 0;
  let found = 0;
  let bound = 0;
  for (const instance of random) {
    const problem = problemFromInstance(instance);
    const schedule = plan(problem, { policy: "value", iterations: 300 });
    expect([instance.name, ...faultsOf(problem, schedule)]).toEqual([instance.name]);
    start += plan(problem, { policy: "value", iterations: 0 }).objective;
    found += schedule.objective;
    bound += schedule.upperBound;
  }
  expect(found).toBeGreaterThan(start);
  expect(found / bound).toBeGreaterThan(0.95);
}, 240_000);

test("ids that are no text, windows open by far and numbers JSON cannot hold are read and answered", () => {
  const { instance } = adversarialInstance("invalid", 1);
  const answer = answerToInstance(instance, plan(problemFromInstance(instance)));
  expect(answer.scheduled.map((row) => row.id).sort()).toEqual(["A16", "A17"]);
  expect(answer.refused).toHaveLength(instance.sequences.length - 2);
  const reasons = new Map(answer.refused.map(({ id, reason }) => [id, reason]));
  expect(reasons.get("")).toBe("invalid_id");
  expect(reasons.get(null)).toBe("invalid_id");
  expect(reasons.get(12)).toBe("invalid_id");
  expect(reasons.get("A15")).toBe("invalid_window");
  expect(reasons.get("A10")).toBe("unknown_owner");
  expect(reasons.get("A16")).toBe("duplicate_id");
});

test("an id that is no text is answered as it came, beside a sequence whose id reads the same", () => {
  const { instance } = adversarialInstance("ties", 1);
  const [sequence] = instance.sequences;
  const ids = [12, "12", null, "null", ""];
  const mixed = { ...instance, sequences: ids.map((id) => ({ ...sequence, id })) };
  const answer = answerToInstance(mixed, plan(problemFromInstance(mixed)));
  expect(answer.scheduled.map(({ id }) => id).sort()).toEqual(["12", "null"]);
  expect(answer.refused.map(({ id }) => id)).toEqual(["", 12, null]);
});

test("a quota of more than any night has is no fault", () => {
  const { instance } = adversarialInstance("ties", 1);
  const rich = { ...instance, owners: { u1: { quota_left_s: 1e300 } } };
  expect(plan(problemFromInstance(rich)).rows).toHaveLength(plan(problemFromInstance(instance)).rows.length);
});

test("an instance that cannot be read names the path of the fault", () => {
  const { instance } = adversarialInstance("ties", 1);
  expect(() => problemFromInstance(null)).toThrow("the document must be an object");
  expect(() => problemFromInstance({ ...instance, schema: "other/1" })).toThrow("/schema");
  expect(() => problemFromInstance({ ...instance, night: { start_jd: "soon" } })).toThrow("/night/start_jd");
  expect(() => problemFromInstance({ ...instance, sequences: {} })).toThrow("/sequences");
  const ages = { ...instance.night, end_jd: 1e300 };
  expect(() => problemFromInstance({ ...instance, night: ages })).toThrow("/night/end_jd");
  expect(() => problemFromInstance({ ...instance, owners: [] })).toThrow("/owners");
});

// Reference instances with an independent evaluator may lie beside the project; the tests above stand without them.
const reference = path.resolve(import.meta.dirname, "../../../shared/scheduling");
const evaluator = path.join(reference, "evaluate.py");
const ifReference = existsSync(evaluator) && hasPython() ? test : test.skip;

ifReference(
  "an independent evaluator finds every answer feasible, complete and with the right slack",
  () => {
    const folder = mkdtempSync(path.join(tmpdir(), "vesper-plan-"));
    try {
      const given = readdirSync(path.join(reference, "instances")).map(
        (name) => JSON.parse(readFileSync(path.join(reference, "instances", name), "utf8")) as Instance,
      );
      const instances = [...given, ...adversarial.map(({ instance }) => instance), ...random];
      for (const policy of ["value", "strict"] as const) {
        const answers = instances.map((instance) =>
          answerToInstance(instance, plan(problemFromInstance(instance), { policy, iterations: 100 })),
        );
        writeFileSync(path.join(folder, `${policy}.json`), JSON.stringify({ instances, answers }));
        const verdicts = JSON.parse(
          execFileSync("python3", ["-c", EVALUATE_ALL, reference, path.join(folder, `${policy}.json`)], {
            encoding: "utf8",
          }),
        ) as { instance: string; errors: string[]; warnings: string[]; insertable_but_refused: number }[];
        expect(verdicts).toHaveLength(instances.length);
        expect(
          verdicts.filter((v) => v.errors.length + v.warnings.length + v.insertable_but_refused > 0),
        ).toEqual([]);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  120_000,
);

const EVALUATE_ALL = `
import json, sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import evaluate
d = json.load(open(sys.argv[2]))
print(json.dumps([evaluate.evaluate(i, a) for i, a in zip(d["instances"], d["answers"])]))
`;

function hasPython(): boolean {
  try {
    execFileSync("python3", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
