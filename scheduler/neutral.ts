import { ProblemError, type OwnerInput, type Problem, type SequenceInput } from "./problem.ts";
import { asText, isObject } from "./read-problem.ts";
import type { RefusalCode, Schedule } from "./schedule.ts";

/**
 * The neutral format of scheduling instances (`pyros-sched-instance/1`): Julian dates (UTC) as doubles, seconds, and
 * the strings "NaN", "Infinity", "-Infinity" for the numbers JSON cannot hold.
 */

const DAY_MS = 86_400_000;
/** Julian date of 1970-01-01T00:00:00 UTC. */
const UNIX_EPOCH_JD = 2_440_587.5;
/** A window may be open by far (jd1 = 0, jd2 = 1e300): beyond this from the night nothing changes. */
const FAR_MS = 1e14;

/** An answer in the neutral format, for `evaluate.py`. */
export interface NeutralAnswer {
  readonly instance: string;
  readonly scheduled: readonly {
    readonly id: string;
    readonly tsp: number;
    readonly tep: number;
    readonly deltaTL_s: number;
    readonly deltaTR_s: number;
  }[];
  readonly refused: readonly { readonly id: unknown; readonly reason: RefusalCode; readonly text: string }[];
}

/**
 * A problem from an instance in the neutral format, rounded to 1 ms (a Julian date as a double has a grain of 40 us).
 * Faulty fields of a sequence are carried on, so that `plan` refuses that sequence with its reason.
 * @throws ProblemError with the path of the fault when the instance as a whole cannot be read.
 */
export function problemFromInstance(instance: unknown): Problem {
  if (!isObject(instance)) throw new ProblemError("", "must be an object");
  if (instance.schema !== undefined && instance.schema !== "pyros-sched-instance/1") {
    throw new ProblemError("/schema", 'must be "pyros-sched-instance/1"');
  }
  if (!isObject(instance.night)) throw new ProblemError("/night", "must be an object");
  const startJd = julianDate(instance.night.start_jd, "/night/start_jd");
  const endJd = julianDate(instance.night.end_jd, "/night/end_jd");
  if (!isObject(instance.owners)) throw new ProblemError("/owners", "must be an object");
  if (!Array.isArray(instance.sequences)) throw new ProblemError("/sequences", "must be a list");
  const sinceStartMs = (jd: unknown): number => {
    const days = neutralNumber(jd) - startJd;
    return Number.isFinite(days) ? Math.max(-FAR_MS, Math.min(FAR_MS, Math.round(days * DAY_MS))) : days;
  };
  const lengthMs = sinceStartMs(endJd);
  if (lengthMs < 0) throw new ProblemError("/night/end_jd", "must not lie before start_jd");
  if (lengthMs >= FAR_MS) throw new ProblemError("/night/end_jd", "must not lie ages after start_jd");
  return {
    schema: "vesper-scheduling-problem/1",
    night: { startUnixMs: Math.round((startJd - UNIX_EPOCH_JD) * DAY_MS), lengthMs },
    nowMs: 0,
    // The objective of these instances weighs all priorities alike.
    alertsBelow: 0,
    owners: Object.fromEntries(
      Object.entries(instance.owners).map(([name, owner]): [string, OwnerInput] => [
        name,
        { quotaLeftMs: isObject(owner) ? quotaMs(owner.quota_left_s) : Number.NaN },
      ]),
    ),
    sequences: instance.sequences.map((item: unknown): SequenceInput => {
      const sequence = isObject(item) ? item : {};
      return {
        id: sequence.id as string,
        owner: sequence.owner as string,
        priority: neutralNumber(sequence.priority),
        durationMs: wholeMs(sequence.duration_s),
        overheadMs: wholeMs(sequence.overhead_s),
        windows: [{ startMs: sinceStartMs(sequence.jd1), endMs: sinceStartMs(sequence.jd2) }],
        preferredMs:
          sequence.t_prefered === null || sequence.t_prefered === undefined
            ? null
            : sinceStartMs(sequence.t_prefered),
      };
    }),
  };
}

/** The answer to `instance` that says what `schedule` says. */
export function answerToInstance(instance: unknown, schedule: Schedule): NeutralAnswer {
  const { night, name, sequences } = instance as {
    night: { start_jd: number };
    name?: unknown;
    sequences: readonly unknown[];
  };
  const jd = (ms: number): number => night.start_jd + ms / DAY_MS;
  // Ids that are no text come back as they were: 12 is not "12".
  const rawIds = new Map<string, unknown>();
  for (const sequence of sequences) {
    const id = isObject(sequence) ? sequence.id : undefined;
    if (typeof id !== "string") rawIds.set(asText(id), id ?? null);
  }
  return {
    instance: typeof name === "string" ? name : "",
    scheduled: schedule.rows.map((row) => ({
      id: row.sequenceId,
      tsp: jd(row.tspMs),
      tep: jd(row.tepMs),
      deltaTL_s: row.deltaTLMs / 1_000,
      deltaTR_s: row.deltaTRMs / 1_000,
    })),
    refused: schedule.refused.map((refusal) => ({
      id:
        refusal.code === "invalid_id" && rawIds.has(refusal.sequenceId)
          ? rawIds.get(refusal.sequenceId)
          : refusal.sequenceId,
      reason: refusal.code,
      text: refusal.text,
    })),
  };
}

/** A number of the neutral format; NaN for anything else, which `plan` refuses as invalid. */
function neutralNumber(value: unknown): number {
  if (typeof value === "number") return value;
  if (value === "Infinity") return Number.POSITIVE_INFINITY;
  if (value === "-Infinity") return Number.NEGATIVE_INFINITY;
  return Number.NaN;
}

function wholeMs(seconds: unknown): number {
  return Math.round(neutralNumber(seconds) * 1_000);
}

/** More than any night has is all the same. */
function quotaMs(seconds: unknown): number {
  const ms = wholeMs(seconds);
  return Number.isFinite(ms) ? Math.min(ms, FAR_MS) : ms;
}

function julianDate(value: unknown, path: string): number {
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new ProblemError(path, "must be a Julian date");
  }
  return value;
}
