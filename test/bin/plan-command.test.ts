import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { planStoredAgain, type StoredPlanning } from "../../bin/commands/plan.ts";
import { plan } from "../../scheduler/index.ts";
import { problemFromInstance, type NeutralAnswer } from "../../scheduler/neutral.ts";
import { adversarialInstance, randomInstance } from "../../scheduler/test/instances.ts";

const VESPER = path.resolve(import.meta.dirname, "../../bin/vesper.ts");
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "vesper-plan-command-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function vesperPlan(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [VESPER, "plan", ...args],
      { timeout: 25_000, maxBuffer: 1 << 26 },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
      },
    );
  });
}

async function stored(name: string, content: unknown): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

test("an instance is planned into an answer file: every sequence scheduled or refused", async () => {
  const { instance, optimum } = adversarialInstance("greedy-trap", 3);
  const answerFile = path.join(folder, "answer.json");
  const run = await vesperPlan(
    await stored("instance.json", instance),
    "-o",
    answerFile,
    "--iterations",
    "5000",
    "--seed",
    "4",
  );
  expect(run).toMatchObject({ code: 0, stderr: "" });
  const answer = JSON.parse(await readFile(answerFile, "utf8")) as NeutralAnswer & { objective: number };
  expect(answer.instance).toBe(instance.name);
  expect(answer.objective).toBe(optimum);
  const answered = [...answer.scheduled, ...answer.refused].map(({ id }) => id);
  expect(answered).toHaveLength(instance.sequences.length);
  expect(new Set(answered)).toEqual(new Set(instance.sequences.map(({ id }) => id)));
});

test("the budget is kept, and the policy is obeyed", async () => {
  const file = await stored("random.json", randomInstance(200, 5));
  const began = performance.now();
  const value = await vesperPlan(file, "--policy", "value", "--budget-ms", "1000");
  // A busy machine needs longer to start a process; the search itself has ended in time.
  expect(performance.now() - began).toBeLessThan(20_000);
  const strict = await vesperPlan(file, "--policy", "strict");
  const objective = (text: string): number => (JSON.parse(text) as { objective: number }).objective;
  expect(objective(value.stdout)).toBeGreaterThan(objective(strict.stdout));
}, 60_000);

test("input that cannot be read ends with 2 and a reason", async () => {
  const cases: [string[], string][] = [
    [["/nowhere/instance.json"], "cannot be read"],
    [[await stored("broken.json", "{")], "cannot be read"],
    [[await stored("list.json", [])], "must be an object"],
    [[await stored("night.json", { night: {}, owners: {}, sequences: [] })], "/night/start_jd"],
    [[], "one file is needed"],
    [["--policy", "greedy", "x.json"], "must be value or strict"],
    [["--seed", "-1", "x.json"], "--seed"],
    [["--budget-ms", "soon", "x.json"], "--budget-ms"],
  ];
  for (const [args, reason] of cases) {
    const run = await vesperPlan(...args);
    expect([args, run.code, run.stderr]).toEqual([args, 2, expect.stringContaining(reason)]);
  }
}, 60_000);

test("a stored planning is repeated to the byte; a row that was changed is found", () => {
  const problem = { ...problemFromInstance(randomInstance(60, 9)), alertsBelow: 10 };
  const schedule = plan(problem, { policy: "value", iterations: 150, seed: 8 });
  const { startUnixMs } = schedule.night;
  const planning: StoredPlanning = {
    id: 3,
    policy: "value",
    seed: 8,
    iterations: schedule.iterations,
    objective: schedule.objective,
    // As it comes back from a JSON column: keys in another order.
    problem: JSON.parse(JSON.stringify(Object.fromEntries(Object.entries(problem).toReversed()))) as unknown,
    rows: [
      ...schedule.rows.map((row) => ({
        ...row,
        tspMs: startUnixMs + row.tspMs,
        tepMs: startUnixMs + row.tepMs,
      })),
      ...schedule.refused.map(({ sequenceId }) => ({
        sequenceId,
        tspMs: null,
        tepMs: null,
        deltaTLMs: null,
        deltaTRMs: null,
        score: null,
      })),
    ],
  };
  expect(planStoredAgain(planning)).toMatchObject({ agree: true });
  const [first, ...others] = planning.rows;
  if (first === undefined) throw new Error("nothing was planned");
  const changed = { ...planning, rows: [{ ...first, deltaTRMs: (first.deltaTRMs ?? 0) + 1 }, ...others] };
  const again = planStoredAgain(changed);
  expect(again.agree).toBe(false);
  expect(again.lines.at(-1)).toContain(first.sequenceId);
});
