import {
  CancellationScope,
  ChildWorkflowCancellationType,
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  ParentClosePolicy,
  patched,
  startChild,
  WorkflowIdReusePolicy,
  type ChildWorkflowHandle,
} from "@temporalio/workflow";
import type { analysis } from "../analysis.ts";
import { measured } from "../../domain/night/overhead.ts";
import { failureSentence } from "../failure-words.ts";
import {
  stopAfterFrameSignal,
  unavailableSignal,
  type Executing,
  type HoldsMessage,
  type PreemptRequest,
  type SequenceResult,
} from "../messages.ts";
import { analysisWorkflowId, sequenceWorkflowId, WORKFLOW_TASK_TIMEOUT } from "../names.ts";
import { slewStartActivities } from "../proxies.ts";
import { inTrace } from "../trace.ts";
import type { sequence } from "../sequence.ts";
import { afterAlert } from "./alerts.ts";
import { interruptionOf, urgent, type Interruption } from "./interruption.ts";
import { enter } from "./report.ts";
import type { Job, OpenNight } from "./state.ts";
import { idle } from "./waits.ts";

/** After a sequence that failed by itself, before the next, observatory ms: a fault must not spin. */
const AFTER_FAILURE_MS = 2 * 60_000;

/** Observes one sequence to its end or until something interrupts it, and keeps the account of it. */
export async function observeJob(tonight: OpenNight, job: Job): Promise<void> {
  const { clock, background, records, nightId } = tonight;
  const startedMs = clock.nowMs();
  const childId = sequenceWorkflowId(job.plan.sequenceId, job.attempt);
  tonight.running = {
    job,
    withdrawn: null,
    planBesideFailed: false,
    executing: executingOf(job, childId, startedMs),
  };
  enter(tonight, job.claim === null ? "observing" : "alert", job.plan.target.name, null);
  background.add("start of sequence", () =>
    records.startSequence({
      observatory: tonight.input.observatory,
      plan: job.plan,
      attempt: job.attempt,
      scheduleId: job.scheduleId,
      nightId,
      startedMs,
    }),
  );
  const result = await runUntilDoneOrInterrupted(tonight, job, childId);
  const { interruption } = result;
  tonight.running = null;
  tonight.framesStored += result.framesStored;
  if (result.outcome === "completed") tonight.sequencesDone += 1;
  const endedMs = clock.nowMs();
  const words = interruption === null ? result.reason : interruption.reason;
  if (result.framesStored > 0) tonight.failing = null;
  else if (result.outcome === "failed") {
    tonight.failing = { count: (tonight.failing?.count ?? 0) + 1, why: words };
  }
  background.add("end of sequence", () =>
    records.endSequence({
      sequenceId: job.plan.sequenceId,
      attempt: job.attempt,
      scheduleId: job.scheduleId,
      nightId,
      outcome: result.outcome,
      reason: words,
      framesStored: result.framesStored,
      exposedS: result.exposedS,
      startedMs,
      endedMs,
    }),
  );
  // The plan is read from the database next: it must have seen this end.
  await background.drained();
  if (tonight.input.calibrates && result.framesStored > 0) {
    background.add("quick-looks", () => startQuickLooks(tonight, job.plan.sequenceId));
  }
  if (job.claim !== null) await afterAlert(tonight, job.claim, result, interruption);
  if (result.outcome === "completed" && job.claim === null) {
    tonight.overhead = measured(tonight.overhead, {
      actualS: (endedMs - startedMs) / 1_000,
      plannedS: job.plannedS,
      frames: result.framesOfLongestArm ?? result.framesStored,
    });
  }
  if (result.outcome === "failed" && job.claim === null)
    await idle(tonight, "a moment after a failure", endedMs + AFTER_FAILURE_MS);
  if (result.outcome !== "completed") tonight.replan ??= words === "" ? "a sequence did not complete" : words;
  if (job.claim !== null) tonight.replan ??= `alert ${job.claim.alertKey} has had the telescope`;
}

/**
 * Runs the child until it is done or something interrupts it: then the abort goes out on `fast` together with the child's
 * cancellation, the slew to an alert right behind the abort, and the child settles the frame that was under way.
 */
async function runUntilDoneOrInterrupted(
  tonight: OpenNight,
  job: Job,
  childId: string,
): Promise<SequenceResult & { readonly interruption: Interruption | null }> {
  let result: SequenceResult | null = null;
  let child: ChildWorkflowHandle<typeof sequence> | null = null;
  const scope = new CancellationScope({ cancellable: true });
  const ended = scope
    .run(async () => {
      child = await startSequence(tonight, job, childId);
      return await child.result();
    })
    .then(
      (value) => {
        result = value;
      },
      (error: unknown) => {
        result = {
          outcome: isCancellation(error) ? "interrupted" : "failed",
          reason: failureSentence(error),
          framesStored: 0,
          exposedS: 0,
        };
      },
    );
  const settled = (): boolean => result !== null || interruptionOf(tonight, job) !== null;
  for (;;) {
    await condition(() => settled() || mayPlanBeside(tonight, job));
    if (settled()) break;
    planBeside(tonight, job);
  }
  let interruption = result === null ? interruptionOf(tonight, job) : null;
  if (interruption?.kind === "hold" && interruption.stop === "frameEnd") {
    const words = interruption.reason;
    if (child !== null) {
      await (child as ChildWorkflowHandle<typeof sequence>)
        .signal(stopAfterFrameSignal, { reason: words })
        .catch((error: unknown) => log.warn(`the sequence had ended already: ${failureSentence(error)}`));
    }
    await condition(() => result !== null || urgent(interruptionOf(tonight, job)));
    interruption = result === null ? interruptionOf(tonight, job) : interruption;
  }
  if (result === null && interruption !== null) {
    const why = interruption.reason;
    const claim = interruption.kind === "alert" ? interruption.claim : null;
    const aborted = inTrace(claim?.trace, () => abortExposures(tonight, why, childId));
    // In the same breath: a frame begun between the abort and the cancellation would be smeared by the slew.
    if (patched("cancel with the abort")) scope.cancel();
    if (claim !== null) await inTrace(claim.trace, () => startAlertSlew(tonight, claim, aborted));
    scope.cancel();
    await aborted;
  }
  await ended;
  return { ...(result as unknown as SequenceResult), interruption };
}

/** A request that comes while a routine sequence executes is planned at once; an alert is planned around when it is over. */
function mayPlanBeside(tonight: OpenNight, job: Job): boolean {
  const untried = tonight.running?.planBesideFailed === false && tonight.planningBeside === null;
  return job.claim === null && tonight.replan !== null && untried;
}

/** Plans the rest of the night around the sequence that executes; nothing that counts waits for it. */
function planBeside(tonight: OpenNight, job: Job): void {
  const cause = tonight.replan ?? "";
  const startedMs = tonight.running?.executing.startedMs ?? tonight.clock.nowMs();
  const nowMs = tonight.clock.nowMs();
  tonight.replan = null;
  tonight.planningBeside = tonight.planning
    .planBeside({
      observatory: tonight.input.observatory,
      nightId: tonight.nightId,
      nowMs,
      duskMs: tonight.times?.duskMs ?? nowMs,
      dawnMs: tonight.times?.dawnMs ?? nowMs,
      overhead: tonight.overhead,
      cause,
      executing: { sequenceId: job.plan.sequenceId, startMs: startedMs, endMs: startedMs + job.blockMs },
    })
    .then(
      () => undefined,
      (error: unknown) => {
        log.warn(`the night was not planned again: ${failureSentence(error)}`);
        tonight.replan ??= cause;
        if (tonight.running?.job === job) tonight.running.planBesideFailed = true;
      },
    )
    .then(() => {
      tonight.planningBeside = null;
    });
}

function startSequence(
  tonight: OpenNight,
  job: Job,
  childId: string,
): Promise<ChildWorkflowHandle<typeof sequence>> {
  return startChild<typeof sequence>("sequence", {
    workflowId: childId,
    args: [
      {
        observatory: tonight.input.observatory,
        clock: tonight.clock.fact,
        nightId: tonight.nightId,
        nightWorkflowId: tonight.workflowId,
        lease: tonight.lease,
        plan: job.plan,
        attempt: job.attempt,
        notAfterMs: job.notAfterMs,
        unavailable: tonight.holds.unavailable,
      },
    ],
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT,
    cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
    staticSummary: `${job.plan.target.name}, ${job.plan.requestName}`,
  });
}

/**
 * Devices that are lost or back: the rest of the night is planned for it, and the sequence that runs is told which it can no
 * longer, or again, count on.
 */
export function noticeUnavailable(tonight: OpenNight, before: HoldsMessage): void {
  const { running, holds } = tonight;
  const now = namesOf(holds);
  if (now === namesOf(before)) return;
  tonight.replan ??= now === "" ? "all devices work again" : `without ${now}`;
  if (running === null) return;
  void getExternalWorkflowHandle(running.executing.workflowId)
    .signal(unavailableSignal, holds.unavailable)
    .catch((error: unknown) => log.warn(`the sequence had ended already: ${failureSentence(error)}`));
}

/** The ids of the devices that cannot be used; a message of a former version names none. */
function namesOf({ unavailable }: Partial<Pick<HoldsMessage, "unavailable">>): string {
  return Object.keys(unavailable ?? {})
    .sort()
    .join(", ");
}

/** Quick-looks of what was stored, made beside the night. Those being made already take the new frames along. */
async function startQuickLooks(tonight: OpenNight, sequenceId: string): Promise<void> {
  const { input, nightId } = tonight;
  await startChild<typeof analysis>("analysis", {
    workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT,
    workflowId: analysisWorkflowId(sequenceId),
    workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    parentClosePolicy: ParentClosePolicy.ABANDON,
    staticSummary: `Quick-looks of ${sequenceId}`,
    args: [{ observatory: input.observatory, sequenceId, nightId, kind: "quicklook" }],
  });
}

/**
 * Aborts every camera at once; the failure of an abort must not stop the slew or the closing behind it.
 * @param interrupted id of the workflow of which nothing may start any more
 * @returns when it was acknowledged, wall ms, or null
 */
export async function abortExposures(
  tonight: OpenNight,
  why: string,
  interrupted?: string,
): Promise<number | null> {
  const cameraIds = tonight.input.observatory.instruments.map((instrument) => instrument.cameraId);
  try {
    const order = { cameraIds, reason: why, ...(interrupted === undefined ? {} : { interrupted }) };
    return (await tonight.fast.abortExposures(order)).abortedWallMs;
  } catch (error) {
    log.error(`exposures were not confirmed as aborted: ${failureSentence(error)}`);
    return null;
  }
}

/** The slew goes out as soon as the abort is acknowledged; it does not wait for a read-out. */
async function startAlertSlew(
  tonight: OpenNight,
  claim: PreemptRequest,
  aborted: Promise<number | null>,
): Promise<void> {
  const { siteId, lease, background, records } = tonight;
  const abortedAt = await aborted;
  try {
    const { startedWallMs } = await slewStartActivities(siteId).startSlew({
      lease,
      target: claim.plan.target,
      minAltDeg: claim.plan.minAltDeg,
    });
    background.add("stages", () =>
      records.stampStages({
        alertKey: claim.alertKey,
        stages: { ...(abortedAt === null ? {} : { abortedAt }), slewStartedAt: startedWallMs },
      }),
    );
  } catch (error) {
    // The sequence of the alert slews again and reports the failure on its row.
    log.warn(`the slew to ${claim.plan.target.name} did not start: ${failureSentence(error)}`);
  }
}

function executingOf(job: Job, childId: string, startedMs: number): Executing {
  return {
    sequenceId: job.plan.sequenceId,
    requestId: job.plan.requestId,
    target: job.plan.target.name,
    raDeg: job.plan.target.raDeg,
    decDeg: job.plan.target.decDeg,
    alertKey: job.plan.alertKey,
    workflowId: childId,
    startedMs,
    cameras: [],
  };
}
