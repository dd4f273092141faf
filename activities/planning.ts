import { cancellationSignal } from "@temporalio/activity";
import { nightDateAt, nightOf, sunCrossings } from "../domain/astronomy/night.ts";
import { nextRow, type PlannedRow, type SkipReason } from "../domain/night/next-row.ts";
import { NO_MEASUREMENT, type MeasuredOverhead } from "../domain/night/overhead.ts";
import type { Observatory } from "../domain/observatory.ts";
import { OBSERVABLE_STATUSES } from "../domain/requests/request.ts";
import type { Database } from "../db/orm.ts";
import type { ScheduledSequenceRecord } from "../db/entities/scheduled-sequence.ts";
import type { SequenceDetail } from "../db/repositories/sequences.ts";
import type { PlanningThread } from "../scheduler/index.ts";
import type { NightTimes, SequencePlan } from "../workflows/messages.ts";
import { createConditions } from "./planning/conditions.ts";
import { createNightSkies, refusalBetween, type NightSky } from "./planning/observability.ts";
import { problemOf, remainingTime, type Candidate, type ExecutingRow } from "./planning/problem.ts";
import { createReservations, quotaLeft } from "./planning/reservations.ts";
import { sequencePlanOf } from "./planning/sequence-plan.ts";
import { storedRows } from "./planning/stored-rows.ts";

/** Lateness makes the night plan again at most this often, observatory ms. */
const LATENESS_REPLAN_EVERY_MS = 5 * 60_000;
const MS_PER_MINUTE = 60_000;
/** The plan of a night never changes for another seed: a stored plan is planned again with the same one. */
const SEED = 1;

export type PlanningDatabase = Pick<Database, "sequences" | "schedules" | "quota" | "programmes" | "weather">;

export interface PlanningDeps {
  readonly database: PlanningDatabase;
  /** Plans off the event loop, in a thread that is there already. */
  readonly planner: Pick<PlanningThread, "plan">;
  readonly wallMs: () => number;
}

/** The night that is planned, and what it has learned of its overheads. */
export interface PlanningInput {
  readonly observatory: Observatory;
  readonly nightId: string;
  readonly nowMs: number;
  readonly duskMs: number;
  readonly dawnMs: number;
  readonly overhead: MeasuredOverhead;
}

export interface NextStepInput extends PlanningInput {
  /** Why to plan again first, or null to go on with the current schedule. */
  readonly replan: string | null;
  readonly lastLatenessReplanMs: number | null;
  /** Devices that do not work, by id with the reason. */
  readonly unavailable: Readonly<Record<string, string>>;
}

export interface PlanBesideInput extends PlanningInput {
  readonly cause: string;
  /** What the telescope does meanwhile: it keeps its row. */
  readonly executing: ExecutingRow;
}

export type NextStep = { readonly latenessReplan: boolean } & (
  | {
      readonly kind: "observe";
      readonly plan: SequencePlan;
      readonly attempt: number;
      readonly scheduleId: string;
      readonly notAfterMs: number;
      readonly plannedS: number;
      /** How long the schedule counts with, measured overheads included, observatory ms. */
      readonly blockMs: number;
    }
  | { readonly kind: "wait"; readonly untilMs: number; readonly why: string }
);

/** A stored schedule, as far as what comes next depends on it. */
interface CurrentPlan {
  readonly id: number;
  /** What is still planned. */
  readonly rows: readonly ScheduledTimes[];
}

type ScheduledTimes = Pick<
  ScheduledSequenceRecord,
  "sequenceId" | "tspMs" | "tepMs" | "deltaTLMs" | "deltaTRMs"
>;

export type PlanningActivities = ReturnType<typeof createPlanningActivities>;

/** Planning and ephemerides: what the night asks before each sequence. */
export function createPlanningActivities({ database, planner, wallMs }: PlanningDeps) {
  const skyOf = createNightSkies();
  const applyConditions = createConditions({ database, wallMs });
  const reservations = createReservations({ quota: database.quota, wallMs });

  /** The instants of the night of a date. */
  async function nightTimes({
    observatory,
    date,
  }: {
    readonly observatory: Observatory;
    readonly date: string;
  }): Promise<NightTimes> {
    const { site, night } = observatory;
    const almanac = nightOf(site, date);
    const dusk = sunCrossings(site, almanac.windowStartMs, almanac.windowEndMs, night.observingSunAltDeg);
    const open = sunCrossings(site, almanac.windowStartMs, almanac.windowEndMs, night.domeOpenSunAltDeg);
    const duskMs = dusk.find((crossing) => !crossing.rising)?.tMs ?? null;
    const dawnMs = dusk.find((crossing) => crossing.rising)?.tMs ?? null;
    const sunsetMs = almanac.sun.eveningMs;
    const never = almanac.sunMinAltDeg > night.observingSunAltDeg;
    const always = almanac.sunMaxAltDeg < night.observingSunAltDeg;
    // In the polar night the Sun never comes up: observing goes from noon to noon.
    const from = always ? almanac.windowStartMs : duskMs;
    const to = always ? almanac.windowEndMs : dawnMs;
    const beforeDusk = sunsetMs ?? from;
    return {
      date,
      prepareMs:
        never || beforeDusk === null
          ? null
          : Math.max(almanac.windowStartMs, beforeDusk - night.prepareBeforeSunsetMin * MS_PER_MINUTE),
      sunsetMs,
      domeOpenMs: never ? null : (open.find((crossing) => !crossing.rising)?.tMs ?? from),
      duskMs: never ? null : from,
      dawnMs: never ? null : to,
      sunriseMs: almanac.sun.morningMs,
      windowEndMs: almanac.windowEndMs,
      why: never
        ? `the Sun stays above ${night.observingSunAltDeg}° all night: its lowest altitude is ${almanac.sunMinAltDeg.toFixed(1)}°`
        : "",
    };
  }

  /** The night that `nowMs` belongs to: from local mean solar noon to noon. */
  async function tonight({
    observatory,
    nowMs,
  }: {
    readonly observatory: Observatory;
    readonly nowMs: number;
  }): Promise<NightTimes> {
    return nightTimes({ observatory, date: nightDateAt(observatory.site, nowMs) });
  }

  /**
   * What to do now: observe a sequence, or wait. Sets the statuses of sequences to what sky and devices allow, re-checks every constraint right before the slew, marks what is
   * skipped with its reason, and plans again when there is cause.
   */
  async function decideNext(input: NextStepInput): Promise<NextStep> {
    const conditions = await applyConditions(input);
    let cause = input.replan ?? conditions;
    let latenessReplan = false;
    // Each round skips rows or plans again, after which a round settles: three are enough.
    for (let round = 0; round < 3; round += 1) {
      const schedule =
        cause === null ? await currentPlan(input.nightId) : await planAgain(input, cause, null);
      if (schedule === null) {
        cause = "first schedule of the night";
        continue;
      }
      cause = null;
      const choice = await choose(input, schedule);
      const skippedForGood = choice.skipped.some(({ reason }) => reason.code !== "late");
      const late = choice.skipped.some(({ reason }) => reason.code === "late");
      const mayForLateness: boolean =
        late &&
        !latenessReplan &&
        (input.lastLatenessReplanMs === null ||
          input.nowMs - input.lastLatenessReplanMs >= LATENESS_REPLAN_EVERY_MS);
      if (round < 2 && (skippedForGood || mayForLateness)) {
        cause = choice.skipped.map(({ row, reason }) => `${row.sequenceId} ${reason.code}`).join(", ");
        latenessReplan ||= mayForLateness;
        continue;
      }
      return { latenessReplan, ...choice.step };
    }
    return {
      latenessReplan,
      kind: "wait",
      untilMs: input.nowMs + MS_PER_MINUTE,
      why: "the schedule to settle",
    };
  }

  async function currentPlan(nightId: string): Promise<CurrentPlan | null> {
    const id = await database.schedules.newest(nightId);
    return id === null ? null : { id, rows: await database.schedules.plannedRows(id) };
  }

  /** Picks the next row of a schedule and writes down why others are passed over. */
  async function choose(input: NextStepInput, schedule: CurrentPlan) {
    const { observatory, nowMs, dawnMs } = input;
    const night = skyOf(observatory, input.duskMs, dawnMs);
    const found = await database.sequences.details(schedule.rows.map((row) => row.sequenceId));
    const details = new Map(found.map((sequence) => [sequence.id, sequence]));
    const planned = schedule.rows.map((row) => plannedRowOf(row, details.get(row.sequenceId)));
    const refusalOf = (row: PlannedRow, startMs: number): SkipReason | null => {
      const sequence = details.get(row.sequenceId);
      if (
        sequence === undefined ||
        !OBSERVABLE_STATUSES.includes(sequence.status) ||
        sequence.request.status !== "submitted"
      ) {
        if (sequence?.status === "waiting") {
          return { code: "conditions", text: `Skipped: ${sequence.statusReason ?? "it waits"}`, numbers: {} };
        }
        const why = sequence?.statusReason ?? `its request is ${sequence?.request.status ?? "gone"}`;
        return { code: "withdrawn", text: `Skipped: it was withdrawn (${why}).`, numbers: {} };
      }
      const lengthMs = row.tepMs - row.tspMs;
      const refusal = refusalBetween(
        sequence,
        observatory,
        night.windowsOf(sequence),
        startMs,
        startMs + lengthMs,
      );
      return refusal === null ? null : { code: "constraint", ...refusal };
    };
    const next = nextRow(planned, nowMs, refusalOf);
    for (const { row, reason } of next.skipped) {
      await database.schedules.markRow({
        scheduleId: schedule.id,
        sequenceId: row.sequenceId,
        status: "skipped",
        reasonCode: reason.code,
        reason: reason.text,
        numbers: reason.numbers,
      });
    }
    return { skipped: next.skipped, step: stepOf(next, schedule, details, input, night) };
  }

  function stepOf(
    next: ReturnType<typeof nextRow>,
    schedule: CurrentPlan,
    details: ReadonlyMap<string, SequenceDetail>,
    input: NextStepInput,
    night: NightSky,
  ) {
    if (next.kind === "none") {
      return { kind: "wait" as const, untilMs: input.dawnMs, why: "dawn: nothing else fits tonight" };
    }
    const sequence = details.get(next.row.sequenceId);
    const name = sequence?.targetName ?? next.row.sequenceId;
    if (next.kind === "wait" || sequence === undefined) {
      const untilMs = next.kind === "wait" ? next.untilMs : input.nowMs + MS_PER_MINUTE;
      return { kind: "wait" as const, untilMs, why: `${name}, planned for ${utcSecond(next.row.tspMs)}` };
    }
    const windows = night.windowsOf(sequence);
    const endMs = windows.find(
      (window) => window.startMs <= input.nowMs && input.nowMs <= window.endMs,
    )?.endMs;
    return {
      kind: "observe" as const,
      plan: sequencePlanOf(sequence, input.observatory),
      attempt: sequence.attempt + 1,
      scheduleId: String(schedule.id),
      notAfterMs: endMs ?? input.dawnMs,
      plannedS: sequence.overheadS + remainingTime(sequence, input.observatory, NO_MEASUREMENT).durationS,
      blockMs: next.row.tepMs - next.row.tspMs,
    };
  }

  /**
   * Plans again while a sequence executes: its row stays where it is, the rest of the night is planned around it.
   * @returns how long it took, wall ms.
   */
  async function planBeside(input: PlanBesideInput): Promise<{ readonly tookMs: number }> {
    const beganWallMs = wallMs();
    const { sequenceId } = input.executing;
    const { id } = await planAgain(input, input.cause, input.executing);
    // It may have ended while the others were planned: its end then marked the rows it found, not this one.
    const sequence = await database.sequences.record(sequenceId);
    if (sequence !== null && sequence.status !== "executing") {
      const status = sequence.status === "executed" ? "done" : "interrupted";
      await database.schedules.markRow({ scheduleId: id, sequenceId, status, reason: sequence.statusReason });
    }
    return { tookMs: wallMs() - beganWallMs };
  }

  /** Plans the rest of the night, stores it with its whole problem, and reserves the quota of what was planned. */
  async function planAgain(
    input: PlanningInput,
    cause: string,
    executing: ExecutingRow | null,
  ): Promise<CurrentPlan> {
    const { observatory, nightId, nowMs, duskMs, dawnMs } = input;
    const [found, waiting, open, balances] = await Promise.all([
      database.sequences.candidates(Math.max(nowMs, duskMs), dawnMs),
      database.sequences.asked(nowMs, dawnMs, ["waiting"]),
      database.quota.openAttempts(),
      database.quota.balances(),
    ]);
    const sequences = found.filter((sequence) => sequence.id !== executing?.sequenceId);
    const night = skyOf(observatory, duskMs, dawnMs);
    const all: Candidate[] = sequences.map((sequence) => ({
      sequence,
      windows: night.windowsOf(sequence),
      time: remainingTime(sequence, observatory, input.overhead),
    }));
    const candidates = all.filter((candidate) => candidate.windows.length > 0);
    const never = all.filter((candidate) => candidate.windows.length === 0);
    const quotaLeftS = quotaLeft(all, open, balances);
    const problem = problemOf({ candidates, duskMs, dawnMs, nowMs, quotaLeftS, executing });
    const plan = await planner.plan(problem, { policy: "strict", seed: SEED }, cancellationSignal());
    await reservations.drop(candidates, plan, open, nowMs);
    const shortOfQuota = await reservations.reserve(candidates, plan, open, nowMs);
    const rows = storedRows(plan, duskMs, never, waiting, night, shortOfQuota, executing?.sequenceId ?? null);
    const { id, isNew } = await database.schedules.store({
      nightId,
      madeMs: nowMs,
      madeWallMs: wallMs(),
      reason: cause,
      problem,
      seed: plan.seed,
      iterations: plan.iterations,
      objective: plan.objective,
      policy: plan.policy,
      rows,
    });
    // Run twice, it is the schedule of the first time that counts, and rows of it may be over.
    const planned = isNew
      ? rows.filter((row) => row.status === "planned")
      : await database.schedules.plannedRows(id);
    const before = new Set(found.filter(({ status }) => status === "planned").map((each) => each.id));
    const added = planned.map((row) => row.sequenceId).filter((sequenceId) => !before.has(sequenceId));
    await database.sequences.setPlanned(added, wallMs());
    return { id, rows: planned };
  }

  /**
   * The frames still to be taken of a sequence that was interrupted, and the number of its next attempt.
   * `fallback` is the whole plan, for a sequence whose rows are still being written.
   */
  async function remainingPlan({
    observatory,
    sequenceId,
    fallback,
  }: {
    readonly observatory: Observatory;
    readonly sequenceId: string;
    readonly fallback: SequencePlan;
  }): Promise<{ readonly plan: SequencePlan | null; readonly attempt: number }> {
    const sequence = await database.sequences.detail(sequenceId);
    if (sequence === null) return { plan: fallback, attempt: 1 };
    const plan = sequencePlanOf(sequence, observatory);
    return { plan: plan.albums.length === 0 ? null : plan, attempt: sequence.attempt + 1 };
  }

  return { nightTimes, tonight, decideNext, planBeside, remainingPlan };
}

function plannedRowOf(row: ScheduledTimes, sequence: SequenceDetail | undefined): PlannedRow {
  return {
    sequenceId: row.sequenceId,
    tspMs: row.tspMs ?? 0,
    tepMs: row.tepMs ?? 0,
    deltaTLMs: row.deltaTLMs ?? 0,
    deltaTRMs: row.deltaTRMs ?? 0,
    prefersTime: typeof sequence?.preferredMs === "number",
  };
}

function utcSecond(ms: number): string {
  return `${new Date(ms).toISOString().slice(11, 19)} UTC`;
}
