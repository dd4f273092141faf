import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import type { ScheduleDetail } from "../../db/repositories/schedules.ts";
import { plan, ProblemError, type PlanOptions, type Problem, type Schedule } from "../../scheduler/index.ts";
import { answerToInstance, problemFromInstance } from "../../scheduler/neutral.ts";
import { UsageError, withUsage } from "./options.ts";

const USAGE =
  "vesper plan INSTANCE.json [-o ANSWER.json] [--policy value|strict] [--budget-ms N | --iterations N] [--seed N], or vesper plan --schedule ID";
/** Without a number of iterations the search of `value` stops after this. */
const DEFAULT_BUDGET_MS = 1_000;

/**
 * `vesper plan`: plans an instance of the neutral format (or a problem document of the scheduler) and writes the answer; with
 * `--schedule ID`, plans a stored problem again and says whether the bytes agree.
 * @returns 0 when planned (or the bytes agree), 1 when they do not, 2 with a reason when the input cannot be read.
 */
export async function planCommand(args: readonly string[]): Promise<number> {
  return withUsage("plan", async () => {
    const { values, positionals } = readArguments(args);
    if (values.schedule !== undefined) return planAgain(values.schedule);
    const [file] = positionals;
    if (file === undefined || positionals.length > 1) throw new UsageError(`one file is needed: ${USAGE}`);
    const options = optionsOf(values);
    const text = JSON.stringify(planDocument(await readJson(file), options, file), null, 1);
    if (values.output === undefined) {
      console.log(text);
      return 0;
    }
    try {
      await writeFile(values.output, `${text}\n`);
    } catch (error) {
      throw new UsageError(`${values.output} cannot be written: ${messageOf(error)}`);
    }
    return 0;
  });
}

type Values = ReturnType<typeof readArguments>["values"];

function readArguments(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        output: { type: "string", short: "o" },
        policy: { type: "string" },
        "budget-ms": { type: "string" },
        iterations: { type: "string" },
        seed: { type: "string" },
        schedule: { type: "string" },
      },
    });
  } catch (error) {
    throw new UsageError(`${messageOf(error)}; ${USAGE}`);
  }
}

function optionsOf(values: Values): PlanOptions {
  const policy = values.policy ?? "value";
  if (policy !== "value" && policy !== "strict") {
    throw new UsageError(`--policy is "${policy}": must be value or strict`);
  }
  const seed = wholeNumber("seed", values.seed, 0xffff_ffff) ?? 1;
  const iterations = wholeNumber("iterations", values.iterations, Number.MAX_SAFE_INTEGER);
  const budgetMs = wholeNumber("budget-ms", values["budget-ms"], 86_400_000);
  if (iterations === undefined)
    return { policy, seed, budgetMs: searchBudgetMs(budgetMs ?? DEFAULT_BUDGET_MS) };
  return {
    policy,
    seed,
    iterations,
    ...(budgetMs === undefined ? {} : { budgetMs: searchBudgetMs(budgetMs) }),
  };
}

/** The budget is for the whole command: what its start took is gone, but half is always for the search. */
function searchBudgetMs(budgetMs: number): number {
  return Math.max(budgetMs / 2, budgetMs - performance.now());
}

function wholeNumber(name: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= most))
    throw new UsageError(`--${name} is "${text}": must be a whole number from 0 to ${most}`);
  return value;
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${messageOf(error)}`);
  }
}

/** The answer in the format of the question. */
function planDocument(document: unknown, options: PlanOptions, file: string): unknown {
  try {
    const own = (document as { schema?: unknown } | null)?.schema === "vesper-scheduling-problem/1";
    if (own) return plan(document as Problem, options);
    const schedule = plan(problemFromInstance(document), options);
    const { policy, seed, iterations, objective, upperBound } = schedule;
    return {
      ...answerToInstance(document, schedule),
      policy,
      seed,
      iterations,
      objective,
      upper_bound: upperBound,
    };
  } catch (error) {
    if (error instanceof ProblemError)
      throw new UsageError(`${file} is no problem to plan: ${error.message}`);
    throw error;
  }
}

/** Plans a stored problem again, with its policy, seed and number of iterations, and compares what was stored of it. */
async function planAgain(idText: string): Promise<number> {
  const id = wholeNumber("schedule", idText, 2 ** 31 - 1) ?? 0;
  // Loading these takes as long as planning a night: only who needs them waits.
  const { readSettings } = await import("../../adapters/config/read-settings.ts");
  const { openDatabase } = await import("../../db/orm.ts");
  const database = await openDatabase(readSettings(process.env).databaseUrl);
  try {
    const [schedule, problem] = await Promise.all([
      database.schedules.one(id),
      database.schedules.problem(id),
    ]);
    if (schedule === null) throw new UsageError(`--schedule is "${idText}": there is no such schedule`);
    const again = planStoredAgain({ ...schedule, problem });
    for (const line of again.lines) console.log(line);
    return again.agree ? 0 : 1;
  } finally {
    await database.close();
  }
}

/** What is stored of a planning, as far as its repetition needs it. */
export type StoredPlanning = Pick<ScheduleDetail, "id" | "policy" | "seed" | "iterations" | "objective"> & {
  readonly problem: unknown;
  readonly rows: readonly Pick<
    ScheduleDetail["rows"][number],
    "sequenceId" | "tspMs" | "tepMs" | "deltaTLMs" | "deltaTRMs" | "score"
  >[];
};

/**
 * Plans a stored problem again with its policy, seed and number of iterations.
 * @returns whether what was stored of the plan is the same to the byte, and what to tell a person.
 * @throws UsageError when the stored planning cannot be repeated by this version.
 */
export function planStoredAgain(stored: StoredPlanning): { agree: boolean; lines: string[] } {
  const { id, policy, seed, iterations } = stored;
  if (policy !== "value" && policy !== "strict") {
    throw new UsageError(`schedule ${id} has the policy "${policy}", which this version does not know`);
  }
  const schedule = plan(stored.problem as Problem, { policy, seed, iterations });
  const [before, now] = [storedBytes(stored), plannedBytes(schedule, stored)];
  const agree = before === now;
  const lines = [
    `schedule ${id}: ${policy}, seed ${seed}, ${iterations} iterations, ${schedule.rows.length} rows, objective ${schedule.objective}`,
    `stored  sha256 ${sha256(before)}`,
    `planned sha256 ${sha256(now)}`,
    agree ? "The bytes agree." : `The bytes differ, first at: ${firstDifference(before, now)}`,
  ];
  return { agree, lines };
}

/** What the scheduler decided of a stored schedule, one line a row; what happened to the rows later is left out. */
function storedBytes(stored: StoredPlanning): string {
  const lines = stored.rows.flatMap((row) =>
    row.tspMs === null || row.tepMs === null
      ? []
      : [JSON.stringify([row.sequenceId, row.tspMs, row.tepMs, row.deltaTLMs, row.deltaTRMs, row.score])],
  );
  return [`objective ${stored.objective}`, ...lines.sort()].join("\n");
}

function plannedBytes(schedule: Schedule, stored: StoredPlanning): string {
  // A row that lost its reservation after the planning is stored as refused: the plan itself still had it.
  const refused = new Set(stored.rows.filter((row) => row.tspMs === null).map((row) => row.sequenceId));
  const { startUnixMs } = schedule.night;
  const lines = schedule.rows
    .filter((row) => !refused.has(row.sequenceId))
    .map((row) =>
      JSON.stringify([
        row.sequenceId,
        startUnixMs + row.tspMs,
        startUnixMs + row.tepMs,
        row.deltaTLMs,
        row.deltaTRMs,
        row.score,
      ]),
    );
  return [`objective ${schedule.objective}`, ...lines.sort()].join("\n");
}

function firstDifference(before: string, now: string): string {
  const [a, b] = [before.split("\n"), now.split("\n")];
  const k = a.findIndex((line, n) => line !== b[n]);
  const at = k < 0 ? a.length : k;
  return `stored ${a[at] ?? "nothing"}, planned ${b[at] ?? "nothing"}`;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
