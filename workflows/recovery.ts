import {
  CancellationScope,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from "@temporalio/workflow";
import { deviceOf, type RecoveryStep } from "../domain/observatory.ts";
import type { RecoveryProgress } from "../domain/safety/device-health.ts";
import { asSentence } from "../domain/safety/sentences.ts";
import { doingOf, ladderOf, reached } from "../domain/safety/recovery.ts";
import { failureSentence, failureType } from "./failure-words.ts";
import {
  clockChangedSignal,
  recoveryQuery,
  recoveryReportSignal,
  tryNowSignal,
  type RecoveryInput,
} from "./messages.ts";
import { observatoryWorkflowId } from "./names.ts";
import { recoveryActivities } from "./proxies.ts";
import { SkyClock } from "./sky-clock.ts";

/** The last step is repeated until the device is back: one round of waiting for its answer, wall ms. */
const LAST_ROUND_WALL_MS = 5 * 60_000;
/** Between two tries to set up a device that answers, on the last step, wall ms. */
const LAST_PAUSE_WALL_MS = 10_000;

export interface RecoveryResult {
  readonly deviceId: string;
  /** Index of the step after which it came back. */
  readonly index: number;
}

/**
 * Brings one device back: step by step down its ladder, each with its limit and pause in wall time, until it answers,
 * is set up anew and verified. The last step never ends by itself: the device is asked until it answers.
 */
export async function deviceRecovery(input: RecoveryInput): Promise<RecoveryResult> {
  const { observatory, deviceId } = input;
  const siteId = observatory.site.id;
  const device = deviceOf(observatory, deviceId);
  const ladder = ladderOf(device);
  const clock = new SkyClock(input.clock);
  let index = input.carried?.index ?? 0;
  let lastTrouble = input.carried?.lastTrouble ?? input.why;
  let progress = progressAt(index, null);
  let hurried = false;
  let outletOff = input.carried?.outletOff ?? null;
  setHandler(clockChangedSignal, (fact) => clock.change(fact));
  setHandler(tryNowSignal, () => {
    hurried = true;
  });
  setHandler(recoveryQuery, () => progress);
  upsertSearchAttributes({ Site: [siteId], Phase: ["recovery"], Target: [deviceId] });

  for (;;) {
    const step = ladder[index] as RecoveryStep;
    const last = index === ladder.length - 1;
    hurried = false;
    await report(step, last);
    const trouble = await takeStep(step, last);
    if (trouble === null) break;
    lastTrouble = trouble;
    const pauseMs = step.pauseS * 1_000;
    await condition(() => hurried, last ? Math.max(pauseMs, LAST_PAUSE_WALL_MS) : Math.max(pauseMs, 1));
    if (!last) index += 1;
    if (workflowInfo().continueAsNewSuggested) {
      return continueAsNew<typeof deviceRecovery>({
        ...input,
        clock: clock.fact,
        carried: { index, lastTrouble, outletOff },
      });
    }
  }
  progress = progressAt(index, null);
  setCurrentDetails(`**${device.name}** is back`);
  await tell(true);
  return { deviceId, index };

  /** Does what the step says, waits for an answer, sets the device up. @returns what was in the way, or null. */
  async function takeStep(step: RecoveryStep, last: boolean): Promise<string | null> {
    const limitMs = last ? Math.max(LAST_ROUND_WALL_MS, step.limitS * 1_000) : step.limitS * 1_000;
    const { reconnect, powerCycle, powerOn, awaitAnswer, setUpDevice } = recoveryActivities(
      siteId,
      clock.fact,
      observatory,
      limitMs,
    );
    let trouble = "";
    try {
      if (outletOff !== null && step.kind !== "power-cycle") {
        await powerOn({ observatory, deviceId, step: outletOff });
        outletOff = null;
      }
      if (step.kind === "reconnect") await reconnect({ device });
      if (step.kind === "power-cycle") await powerCycle({ observatory, deviceId, step });
    } catch (error) {
      if (failureType(error) === "OutletOff" && step.kind === "power-cycle") outletOff = step;
      // What could not be done is no reason not to look whether it answers.
      trouble = failureSentence(error);
    }
    try {
      const { answers, why } = await interruptible(() => awaitAnswer({ device, limitMs }));
      if (!answers) return [trouble, why].map(asSentence).join(" ").trim();
      await setUpDevice({ observatory, deviceId });
      return null;
    } catch (error) {
      return failureSentence(error);
    }
  }

  /** A wait that a person may cut short to go on with the next step. */
  async function interruptible(
    wait: () => Promise<{ readonly answers: boolean; readonly why: string }>,
  ): Promise<{ readonly answers: boolean; readonly why: string }> {
    const scope = new CancellationScope({ cancellable: true });
    const waiting = scope.run(wait).catch((error: unknown) => {
      if (!isCancellation(error)) throw error;
      return { answers: false, why: "A person asked for the next step." };
    });
    let over = false;
    void waiting.then(
      () => (over = true),
      () => (over = true),
    );
    await condition(() => over || hurried);
    if (!over) scope.cancel();
    return waiting;
  }

  async function report(step: RecoveryStep, last: boolean): Promise<void> {
    const nextWallMs = last ? null : Date.now() + (step.limitS + step.pauseS + (step.offS ?? 0)) * 1_000;
    progress = progressAt(index, nextWallMs);
    setCurrentDetails(
      `**${device.name}**, step ${progress.step} of ${progress.steps}: ${progress.doing}. ${lastTrouble}`,
    );
    await tell(false);
  }

  async function tell(recovered: boolean): Promise<void> {
    await getExternalWorkflowHandle(observatoryWorkflowId(siteId))
      .signal(recoveryReportSignal, { deviceId, progress, recovered })
      .catch((error: unknown) => log.warn(`observatory could not be told: ${failureSentence(error)}`));
  }

  function progressAt(at: number, nextWallMs: number | null): RecoveryProgress {
    return {
      step: at + 1,
      steps: ladder.length,
      doing: doingOf((ladder[at] as RecoveryStep).kind),
      nextWallMs,
      lastTrouble,
      without: reached(ladder, at, "go-on-without"),
      calls: reached(ladder, at, "call"),
    };
  }
}
