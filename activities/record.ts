import { activityInfo, heartbeat } from "@temporalio/activity";
import { ApplicationFailure } from "@temporalio/common";
import { FRAME_ATTEMPTS } from "../domain/night/frame-attempts.ts";
import { nightDateAt } from "../domain/astronomy/night.ts";
import { instrumentOf, type Observatory } from "../domain/observatory.ts";
import { ALERT_PROGRAMME_ID, reservationS } from "../domain/quota/ledger.ts";
import { sequenceDurationS } from "../domain/requests/duration.ts";
import type { Hold, HoldKind } from "../domain/safety/holds.ts";
import { withoutFullStop } from "../domain/sentence.ts";
import type { AlertStages } from "../db/entities/alert.ts";
import type { AlertFacts } from "../db/repositories/alerts.ts";
import type { Database } from "../db/orm.ts";
import type { Lease, NightTimes, SequencePlan, TargetPosition } from "../workflows/messages.ts";

/** A workflow that has closed, as its history file is named. */
export interface ClosedWorkflow {
  readonly workflowId: string;
  readonly runId: string;
}

export interface RecordDeps {
  readonly database: Pick<
    Database,
    | "nights"
    | "sequences"
    | "exposures"
    | "schedules"
    | "quota"
    | "holds"
    | "journal"
    | "lease"
    | "alerts"
    | "notices"
    | "requests"
    | "manualFrames"
    | "deviceCommands"
  >;
  readonly wallMs: () => number;
  /** Observatory time now. */
  readonly nowMs: () => number;
  /** Tells the guard and the watch, which have no database, who holds the lease. */
  readonly publishLease: (lease: Lease) => Promise<void>;
  /** Closed workflows whose history belongs to a night, of all types. */
  readonly closedWorkflows: (siteId: string, nightDate: string) => AsyncIterable<ClosedWorkflow>;
  /** Writes the history of one closed workflow to its file; false when it is there already. */
  readonly exportHistory: (workflow: ClosedWorkflow, nightDate: string) => Promise<boolean>;
}

/** What is known of a frame before it is taken by hand. */
export interface ManualFrame {
  /** Of the order: short and unique. */
  readonly id: string;
  readonly site: Observatory["site"];
  readonly by: string;
  readonly userId: string | null;
  readonly target: TargetPosition;
  readonly instrumentId: string;
  readonly filter: string;
  readonly exposureS: number;
  readonly nowMs: number;
}

export interface ManualFrameIds {
  readonly planId: string;
  readonly albumId: string;
  readonly sequenceId: string;
  readonly requestName: string;
  readonly programmeId: string;
  readonly nightId: string | null;
}

/** A sequence that failed by itself is given up at this attempt. */
const LAST_ATTEMPT_AFTER_FAILURE = 6;

export type RecordActivities = ReturnType<typeof createRecordActivities>;

/** Rows and journal lines of the night: short, idempotent by natural key. */
export function createRecordActivities(deps: RecordDeps) {
  const { database, wallMs } = deps;

  /* ---- Lease and holds ---- */

  async function readLease({ siteId }: { readonly siteId: string }): Promise<Lease | null> {
    const stored = await database.lease.read(siteId);
    return stored === null ? null : { siteId, holder: stored.holder ?? "", generation: stored.generation };
  }

  /** Grants the lease. Throws LeaseLost (final) when a higher generation stands already. */
  async function writeLease(lease: Lease): Promise<void> {
    const written = await database.lease.write({
      site: lease.siteId,
      holder: lease.holder,
      generation: lease.generation,
      wallMs: wallMs(),
    });
    if (!written) {
      throw ApplicationFailure.nonRetryable(
        `The lease of generation ${lease.generation} was not granted: a later one stands.`,
        "LeaseLost",
      );
    }
    await deps.publishLease(lease);
  }

  /** Holds that stand, oldest first. */
  async function readHolds({ siteId }: { readonly siteId: string }): Promise<Hold[]> {
    return (await database.holds.open(siteId)).map(({ kind, who, why, sinceMs, sinceWallMs }) => ({
      kind: kind as HoldKind,
      who,
      why,
      sinceMs,
      sinceWallMs,
    }));
  }

  async function raiseHold({
    siteId,
    hold,
  }: {
    readonly siteId: string;
    readonly hold: Hold;
  }): Promise<void> {
    const recorded = await database.holds.record({
      site: siteId,
      kind: hold.kind,
      who: hold.who,
      why: hold.why,
      sinceMs: hold.sinceMs,
      sinceWallMs: hold.sinceWallMs,
    });
    if (recorded)
      await line(
        hold.kind === "operator" ? "info" : "warning",
        "observatory",
        `Hold ${hold.kind}: ${hold.why}`,
        {},
      );
  }

  async function liftHold(lift: {
    readonly siteId: string;
    readonly kind: string;
    readonly by: string;
    readonly nowMs: number;
  }): Promise<void> {
    const lifted = await database.holds.lift({
      site: lift.siteId,
      kind: lift.kind,
      liftedMs: lift.nowMs,
      liftedWallMs: wallMs(),
      liftedBy: lift.by,
    });
    if (lifted) await line("info", "observatory", `Hold ${lift.kind} lifted: ${lift.by}`, {});
  }

  /* ---- Night ---- */

  async function openNight(night: {
    readonly siteId: string;
    readonly date: string;
    readonly workflowId: string;
    readonly generation: number;
    readonly startedBy: string;
    readonly times: NightTimes;
    readonly nowMs: number;
  }): Promise<{ readonly run: number }> {
    const row = await database.nights.open({
      site: night.siteId,
      date: night.date,
      // One run per granted lease: a retry of this activity finds the run it opened.
      openedBy: `${night.workflowId}#${night.generation}`,
      phase: "preparing",
      startedMs: night.nowMs,
      startedWallMs: wallMs(),
      almanac: { ...night.times },
    });
    await settleLeftovers(night.nowMs);
    // First: what may move on to this night has not expired.
    await database.sequences.carryOver(night.nowMs, wallMs());
    await database.sequences.expire(night.nowMs, wallMs());
    await line("info", "night", `Night ${night.date} run ${row.run} opened by ${night.startedBy}.`, {
      nightId: row.id,
    });
    return { run: row.run };
  }

  /** What a night that ended wrongly left executing: its stored frames are kept, the rest goes back. */
  async function settleLeftovers(nowMs: number): Promise<void> {
    for (const sequence of await database.sequences.executing()) {
      await endSequence({
        sequenceId: sequence.id,
        attempt: Math.max(1, sequence.attempt),
        scheduleId: null,
        nightId: null,
        outcome: "interrupted",
        reason: "the night ended while it was observed",
        framesStored: 0,
        exposedS: 0,
        startedMs: nowMs,
        endedMs: nowMs,
      });
    }
  }

  async function endNight(end: {
    readonly nightId: string;
    /** false: a person had the telescope, and it was left where it was. */
    readonly parked?: boolean;
    readonly run: number;
    readonly outcome: "ended" | "failed";
    readonly reason: string;
    readonly nowMs: number;
  }): Promise<void> {
    const night = await database.nights.one(end.nightId);
    const ended = await database.nights.end({
      id: end.nightId,
      run: end.run === 0 ? (night?.run ?? 1) : end.run,
      endedMs: end.nowMs,
      reason: end.outcome === "ended" ? end.reason : `ended wrongly: ${end.reason}`,
    });
    if (!ended) return;
    const level = end.outcome === "ended" ? "info" : "alarm";
    const telescope =
      end.parked === false ? "telescope left to the person who works by hand" : "telescope parked";
    await line(level, "night", `Night ended, dome closed and ${telescope}: ${end.reason}.`, {
      nightId: end.nightId,
    });
  }

  /* ---- Sequences ---- */

  async function startSequence(start: {
    readonly observatory: Observatory;
    readonly plan: SequencePlan;
    readonly attempt: number;
    readonly scheduleId: string | null;
    readonly nightId: string;
    readonly startedMs: number;
  }): Promise<void> {
    const { plan, attempt } = start;
    await database.sequences.setStatus({
      id: plan.sequenceId,
      status: "executing",
      reason: null,
      attempt,
      wallMs: wallMs(),
    });
    if (plan.alertKey !== null) await reserveForAlert(start);
    if (start.scheduleId !== null) {
      await database.schedules.markRow({
        scheduleId: Number(start.scheduleId),
        sequenceId: plan.sequenceId,
        status: "executing",
      });
    }
    await line(
      "info",
      plan.alertKey === null ? "night" : "alert",
      `Observing ${plan.target.name} for ${plan.requestName}.`,
      {
        nightId: start.nightId,
        sequenceId: plan.sequenceId,
        alertKey: plan.alertKey,
        onceKey: `start ${plan.sequenceId}/${attempt}`,
      },
    );
  }

  /** Routine sequences reserve when they are scheduled; an alert, which is not, when it starts. */
  async function reserveForAlert({
    observatory,
    plan,
    attempt,
    startedMs,
  }: {
    readonly observatory: Observatory;
    readonly plan: SequencePlan;
    readonly attempt: number;
    readonly startedMs: number;
  }): Promise<void> {
    const stored = await database.sequences.detail(plan.sequenceId);
    if (stored === null) {
      throw ApplicationFailure.create({
        message: `sequence ${plan.sequenceId} is not stored yet`,
        type: "NotStoredYet",
      });
    }
    const durationS = sequenceDurationS(observatory, plan.albums, plan.dither ?? null);
    await database.quota.reserve({
      sequenceId: plan.sequenceId,
      attempt,
      programmeId: ALERT_PROGRAMME_ID,
      seconds: reservationS(stored.overheadS, durationS),
      atMs: startedMs,
      atWallMs: wallMs(),
    });
  }

  async function endSequence(end: {
    readonly sequenceId: string;
    readonly attempt: number;
    readonly scheduleId: string | null;
    readonly nightId: string | null;
    readonly outcome: "completed" | "interrupted" | "failed";
    readonly reason: string;
    readonly framesStored: number;
    readonly exposedS: number;
    readonly startedMs: number;
    readonly endedMs: number;
  }): Promise<void> {
    const sequence = await database.sequences.detail(end.sequenceId);
    if (sequence === null) {
      throw ApplicationFailure.create({
        message: `sequence ${end.sequenceId} is not stored yet`,
        type: "NotStoredYet",
      });
    }
    const framesLeft = sequence.albums.some((album) =>
      album.plans.some((plan) => plan.remainingFrames.length > 0),
    );
    const completed = !framesLeft;
    await database.quota.settle({
      sequenceId: end.sequenceId,
      attempt: end.attempt,
      atMs: end.endedMs,
      atWallMs: wallMs(),
      outcome: completed ? "completed" : "interrupted",
      storedExposureS: storedExposureS(sequence, end.attempt),
      note: completed ? "observed" : end.reason,
    });
    const givenUp = end.outcome === "failed" && end.attempt >= LAST_ATTEMPT_AFTER_FAILURE;
    await database.sequences.setStatus({
      id: end.sequenceId,
      status: completed ? "executed" : givenUp ? "cancelled" : "interrupted",
      reason: completed
        ? null
        : givenUp
          ? `given up after ${end.attempt} attempts: ${end.reason}`
          : end.reason,
      from: ["executing", "submitted", "planned", "interrupted"],
      attempt: end.attempt,
      wallMs: wallMs(),
    });
    if (end.scheduleId !== null) {
      await database.schedules.markRow({
        scheduleId: Number(end.scheduleId),
        sequenceId: end.sequenceId,
        status: completed ? "done" : "interrupted",
        reasonCode: completed ? null : end.outcome,
        reason: completed ? null : end.reason,
      });
    }
    // Planned again meanwhile, it has rows in later schedules too.
    await database.schedules.settleExecuting({
      sequenceId: end.sequenceId,
      status: completed ? "done" : "interrupted",
      reasonCode: completed ? null : end.outcome,
      reason: completed ? null : end.reason,
    });
    const frames = `${end.framesStored} ${end.framesStored === 1 ? "frame" : "frames"} stored`;
    const text = completed
      ? `${sequence.targetName} is done, ${frames}.`
      : `${sequence.targetName} ${end.outcome === "failed" ? "failed" : "was interrupted"}: ${withoutFullStop(end.reason)}. ${frames}, the rest is planned again.`;
    await line(end.outcome === "failed" ? "warning" : "info", "night", text, {
      nightId: end.nightId,
      sequenceId: end.sequenceId,
      alertKey: sequence.request.alertKey,
      onceKey: `end ${end.sequenceId}/${end.attempt}`,
    });
  }

  /** An arm failed and the others go on: the rest of its album is left out, with the reason, for good. */
  async function skipAlbum(skip: {
    readonly albumId: string;
    readonly sequenceId: string;
    readonly nightId: string;
    readonly alertKey: string | null;
    readonly instrumentName: string;
    readonly reason: string;
    readonly atMs: number;
  }): Promise<void> {
    const { albumId, sequenceId, nightId, alertKey, reason } = skip;
    const stored = await database.sequences.detail(sequenceId);
    if (stored === null) {
      throw ApplicationFailure.create({
        message: `sequence ${sequenceId} is not stored yet`,
        type: "NotStoredYet",
      });
    }
    if (!(await database.sequences.skipAlbum({ albumId, reason, atMs: skip.atMs }))) return;
    await line(
      "warning",
      "night",
      `${stored.targetName} goes on without the ${skip.instrumentName}: ${withoutFullStop(reason)}.`,
      { nightId, sequenceId, alertKey, onceKey: `skip ${albumId}` },
    );
  }

  /** A frame of which nobody can say any more what became of it: its camera is given up. It is not taken for stored. */
  async function giveUpFrame({
    reason,
    ...key
  }: {
    readonly planId: string;
    readonly n: number;
    readonly attempt: number;
    readonly reason: string;
  }): Promise<void> {
    if ((await database.exposures.one(key)) !== null) await database.exposures.move(key, "lost", { reason });
  }

  /** Exposure time of the frames stored in one attempt: frame attempts are numbered through the sequence's attempts. */
  function storedExposureS(
    sequence: NonNullable<Awaited<ReturnType<Database["sequences"]["detail"]>>>,
    attempt: number,
  ): number {
    const first = (attempt - 1) * FRAME_ATTEMPTS + 1;
    const last = attempt * FRAME_ATTEMPTS;
    let seconds = 0;
    for (const plan of sequence.albums.flatMap((album) => album.plans)) {
      const stored = plan.exposures.filter(
        (exposure) => exposure.state === "stored" && exposure.attempt >= first && exposure.attempt <= last,
      );
      seconds += stored.length * plan.exposureS;
    }
    return seconds;
  }

  /* ---- Alerts ---- */

  async function stampStages({
    alertKey,
    stages,
  }: {
    readonly alertKey: string;
    readonly stages: AlertStages;
  }): Promise<void> {
    await database.alerts.stamp(alertKey, stages);
  }

  /** Writes what the alert workflow knows now. */
  async function recordAlert({
    key,
    ...change
  }: Partial<AlertFacts> & { readonly key: string }): Promise<void> {
    await database.alerts.update(key, { ...change, updatedWallMs: wallMs() });
  }

  /** What one notice led to, in words. */
  async function noteDecision(note: {
    readonly noticeId: string;
    readonly decision: string;
    readonly reason: string;
  }): Promise<void> {
    await database.notices.noteDecision(Number(note.noticeId), note.decision, note.reason);
  }

  /** The request, sequence, albums and plans of one generation of an alert, by natural key. */
  async function storeAlertRequest(request: {
    readonly observatory: Observatory;
    readonly alertKey: string;
    readonly name: string;
    readonly comment: string;
    readonly generation: number;
    readonly rank: number;
    readonly plan: SequencePlan;
    readonly validFromMs: number;
    readonly validUntilMs: number;
  }): Promise<{ readonly sequenceId: string }> {
    const { observatory, plan } = request;
    const albums = plan.albums.map((album) => ({
      instrumentId: album.instrumentId,
      plans: album.plans.map(({ filter, exposureS, count }) => ({ filter, exposureS, count })),
    }));
    const instruments = plan.albums.map((album) => instrumentOf(observatory, album.instrumentId));
    const sequenceId = await database.requests.upsertForAlert({
      alertKey: request.alertKey,
      name: request.name,
      comment: request.comment,
      programmeId: ALERT_PROGRAMME_ID,
      generation: request.generation,
      wallMs: wallMs(),
      sequence: {
        targetName: plan.target.name,
        raDeg: plan.target.raDeg,
        decDeg: plan.target.decDeg,
        windowStartMs: request.validFromMs,
        windowEndMs: request.validUntilMs,
        preferredMs: null,
        priority: request.rank,
        constraints: {
          minAltDeg: plan.minAltDeg,
          maxAirmass: null,
          minMoonSepDeg: 0,
          maxSunAltDeg: observatory.night.observingSunAltDeg,
        },
        albums,
        overheadS: Math.max(0, ...instruments.map((instrument) => instrument.overheadS)),
        durationS: sequenceDurationS(observatory, albums, plan.dither ?? null),
        dither: plan.dither ?? null,
      },
    });
    return { sequenceId };
  }

  /* ---- Frames by hand ---- */

  /**
   * The rows of one frame taken by hand (request, sequence, album, plan), so that its image hangs where all images hang.
   * By the order's id: run twice it is one frame.
   */
  async function openManualFrame(frame: ManualFrame): Promise<ManualFrameIds> {
    const date = nightDateAt(frame.site, frame.nowMs);
    const night = await database.nights.one(`${frame.site.id}/${date}`);
    const ids = await database.manualFrames.open({ ...frame, date, wallMs: wallMs() });
    return { ...ids, nightId: night?.id ?? null };
  }

  /** Writes what a person ordered by hand into the history of the device. */
  async function recordCommand(command: {
    readonly id: string;
    readonly deviceId: string;
    readonly command: string;
    readonly who: string;
    readonly why: string;
    readonly startedMs: number;
    /** Wall time. */
    readonly tookMs: number;
    readonly outcome: "done" | "failed" | "stopped";
    readonly detail: string;
  }): Promise<void> {
    const { id, startedMs, tookMs, ...what } = command;
    await database.deviceCommands.append({
      ...what,
      atMs: startedMs,
      atWallMs: Math.round(wallMs() - tookMs),
      tookS: tookMs / 1_000,
      onceKey: `by hand ${id}`,
    });
  }

  /** @param reason why there is no image; null when it is stored */
  async function closeManualFrame(end: {
    readonly sequenceId: string;
    readonly reason: string | null;
  }): Promise<void> {
    await database.sequences.setStatus({
      id: end.sequenceId,
      status: end.reason === null ? "executed" : "cancelled",
      reason: end.reason,
      from: ["executing"],
      attempt: 1,
      wallMs: wallMs(),
    });
  }

  /* ---- Journal and histories ---- */

  async function journal(entry: {
    readonly level: "info" | "warning" | "alarm";
    readonly module: string;
    readonly text: string;
    readonly nightId: string | null;
    readonly alertKey?: string | null;
    readonly deviceId?: string;
    readonly userId?: string | null;
    readonly atMs: number;
  }): Promise<void> {
    const { runId } = activityInfo().workflowExecution ?? { runId: "" };
    await database.journal.append({
      atWallMs: wallMs(),
      atMs: entry.atMs,
      level: entry.level,
      module: entry.module,
      text: entry.text,
      nightId: entry.nightId,
      alertKey: entry.alertKey ?? null,
      deviceId: entry.deviceId ?? null,
      userId: entry.userId ?? null,
      onceKey: `${runId}/${activityInfo().activityId}`,
    });
  }

  /** Exports the histories of a night's closed workflows, so that the night can be replayed. Run again it goes on. */
  async function exportHistories({
    siteId,
    nightDate,
  }: {
    readonly siteId: string;
    readonly nightDate: string;
  }): Promise<{ readonly exported: number }> {
    let exported = 0;
    for await (const workflow of deps.closedWorkflows(siteId, nightDate)) {
      heartbeat(workflow.workflowId);
      if (await deps.exportHistory(workflow, nightDate)) exported += 1;
    }
    return { exported };
  }

  async function line(
    level: "info" | "warning" | "alarm",
    module: string,
    text: string,
    links: {
      readonly nightId?: string | null;
      readonly sequenceId?: string | null;
      readonly alertKey?: string | null;
      readonly onceKey?: string | null;
    },
  ): Promise<void> {
    await database.journal.append({ atWallMs: wallMs(), atMs: deps.nowMs(), level, module, text, ...links });
  }

  return {
    readLease,
    writeLease,
    readHolds,
    raiseHold,
    liftHold,
    openNight,
    endNight,
    startSequence,
    endSequence,
    skipAlbum,
    giveUpFrame,
    stampStages,
    recordAlert,
    noteDecision,
    storeAlertRequest,
    openManualFrame,
    closeManualFrame,
    recordCommand,
    journal,
    exportHistories,
  };
}
