import {
  allHandlersFinished,
  condition,
  continueAsNew,
  patched,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from "@temporalio/workflow";
import { LIFTED_BY_RESUME } from "../domain/safety/holds.ts";
import {
  calibrationReportSignal,
  clockChangedSignal,
  closeUpdate,
  endNightSignal,
  endNightUpdate,
  leaveMaintenanceUpdate,
  manualUpdate,
  nightReportSignal,
  observatoryFileSignal,
  pauseUpdate,
  preemptSignal,
  recoveryReportSignal,
  requestsChangedSignal,
  resumeUpdate,
  startCalibrationUpdate,
  startNightUpdate,
  stateQuery,
  stopUpdate,
  takeMaintenanceUpdate,
  unorderedClosingSignal,
  watchStateSignal,
  withdrawAlertSignal,
  type NightTimes,
  type ObservatoryInput,
  type ObservatoryState,
} from "./messages.ts";
import { keepAlarms } from "./observatory/alarms.ts";
import { onPreempt, onWithdrawn } from "./observatory/alerts.ts";
import { onCalibrationReport, startCalibrationBy, whyNoCalibration } from "./observatory/calibrations.ts";
import { closeNow } from "./observatory/closing.ts";
import { onRecoveryReport, takeFile } from "./observatory/devices.ts";
import {
  countSafeTimeAnew,
  lift,
  onUnorderedClosing,
  raise,
  sendHolds,
  takeUpHolds,
} from "./observatory/holds.ts";
import {
  leaveMaintenance,
  takeMaintenance,
  whyNoLeaving,
  whyNoMaintenance,
} from "./observatory/maintenance.ts";
import { beginByHand, stopEverything, whyNoStop, whyNotByHand } from "./observatory/manual.ts";
import { onNightReport, shouldStart, startNight, takeUpLease, whyNoStart } from "./observatory/nights.ts";
import { Majordome } from "./observatory/state.ts";
import { tellNight } from "./observatory/tell-night.ts";
import { onWatchState, startWatch } from "./observatory/watch.ts";
import { takeUpdate } from "./updates.ts";

/** Histories from before do not read the holds at their start. */
const HOLDS_ARE_TAKEN_UP = "holds are taken up";

/**
 * The majordome of a site, always on: owns holds, device states, the lease and pending alerts, and starts each
 * night. Monitoring, alerts and pages go on under any hold.
 */
export async function observatory(input: ObservatoryInput): Promise<never> {
  const majordome = new Majordome(input);
  takeSignals(majordome);
  takeButtons(majordome);
  upsertSearchAttributes({ Site: [majordome.siteId], Phase: ["observatory"] });

  if (!majordome.continued) {
    await takeUpLease(majordome);
    if (patched(HOLDS_ARE_TAKEN_UP)) await takeUpHolds(majordome);
  }
  const watching = startWatch(majordome);
  void keepAlarms(majordome);
  if (majordome.continued) countSafeTimeAnew(majordome);

  for (;;) {
    majordome.tonight = await majordome.planning.tonight({
      observatory: majordome.file,
      nowMs: majordome.clock.nowMs(),
    });
    if (majordome.nightDate !== null) {
      await condition(() => majordome.nightDate === null || mayContinueAsNew(majordome));
    } else if (shouldStart(majordome)) {
      await startNight(majordome, majordome.startRequestedBy ?? "the clock");
    } else {
      await waitForSomethingToDo(majordome, majordome.tonight);
    }
    if (!mayContinueAsNew(majordome)) continue;
    await majordome.background.drained();
    // A message that came meanwhile may have begun what the next run would not know of.
    if (!mayContinueAsNew(majordome)) continue;
    watching.cancel();
    return continueAsNew<typeof observatory>(majordome.handover());
  }
}

/** Sleeps until the start of preparation, else the next local noon; a message may wake it before. */
function waitForSomethingToDo(
  majordome: Majordome,
  { prepareMs, windowEndMs }: NightTimes,
): Promise<boolean> {
  const { clock } = majordome;
  const epoch = clock.fact.epoch;
  const nowMs = clock.nowMs();
  const untilMs =
    prepareMs !== null && nowMs < prepareMs ? prepareMs : Math.max(windowEndMs + 1_000, nowMs + 60_000);
  return clock.sleepUntil(
    untilMs,
    () =>
      mayContinueAsNew(majordome) ||
      clock.fact.epoch !== epoch ||
      majordome.startRequestedBy !== null ||
      majordome.nightDate !== null ||
      shouldStart(majordome),
  );
}

/** Only when nothing is under way that the next run would not know of. */
function mayContinueAsNew(majordome: Majordome): boolean {
  const { closing, closingAnnounced, exporting, operations, stopping, telling, calibrationAskedBy } =
    majordome;
  const closes = closing !== null || closingAnnounced !== null || operations.size > 0 || stopping > 0;
  const busy = closes || exporting || telling > 0 || calibrationAskedBy !== null;
  return workflowInfo().continueAsNewSuggested && !busy && allHandlersFinished();
}

/* ---- Messages --------------------------------------------------------------------------------------------- */

function takeSignals(majordome: Majordome): void {
  setHandler(clockChangedSignal, (fact) => majordome.clock.change(fact));
  setHandler(observatoryFileSignal, (newer) => takeFile(majordome, newer));
  setHandler(watchStateSignal, (newer) => onWatchState(majordome, newer));
  setHandler(recoveryReportSignal, (report) => onRecoveryReport(majordome, report));
  setHandler(nightReportSignal, (report) => onNightReport(majordome, report));
  setHandler(calibrationReportSignal, (report) => onCalibrationReport(majordome, report));
  setHandler(requestsChangedSignal, (change) =>
    tellNight(majordome, (handle) => handle.signal(requestsChangedSignal, change)),
  );
  setHandler(preemptSignal, (claim) => onPreempt(majordome, claim));
  setHandler(withdrawAlertSignal, (withdrawal) => onWithdrawn(majordome, withdrawal));
  setHandler(unorderedClosingSignal, ({ why }) => onUnorderedClosing(majordome, why));
  setHandler(stateQuery, () => majordome.answer());
}

/** The buttons: an update answers with the state after it, or with the sentence of its refusal. */
function takeButtons(majordome: Majordome): void {
  takeUpdate(pauseUpdate, ({ by, when }) => {
    majordome.stopWord = when;
    raise(majordome, {
      kind: "operator",
      who: by,
      why: when === "now" ? `Paused by ${by}.` : `Paused by ${by} after the exposure that ran.`,
    });
    return majordome.answer();
  });
  takeUpdate(
    resumeUpdate,
    async ({ by }) => {
      if (majordome.inMaintenance()) await leaveMaintenance(majordome, by);
      majordome.closedByHand = false;
      lift(majordome, by, ...LIFTED_BY_RESUME);
      return majordome.answer();
    },
    () => whyNoResume(majordome),
  );
  takeUpdate(closeUpdate, ({ by }) => close(majordome, by));
  takeUpdate(stopUpdate, ({ by }) => stopEverything(majordome, by), whyNoStop);
  takeUpdate(
    takeMaintenanceUpdate,
    (order) => takeMaintenance(majordome, order),
    (order) => whyNoMaintenance(majordome, order),
  );
  takeUpdate(
    leaveMaintenanceUpdate,
    ({ by }) => leaveMaintenance(majordome, by),
    () => whyNoLeaving(majordome),
  );
  takeUpdate(
    manualUpdate,
    (order) => beginByHand(majordome, order),
    (order) => whyNotByHand(majordome, order),
  );
  takeUpdate(
    startNightUpdate,
    ({ by }) => {
      majordome.startRequestedBy = by;
      return majordome.answer();
    },
    () => whyNoStart(majordome),
  );
  takeUpdate(
    startCalibrationUpdate,
    ({ by }) => {
      startCalibrationBy(majordome, by);
      return majordome.answer();
    },
    () => whyNoCalibration(majordome),
  );
  takeUpdate(
    endNightUpdate,
    async ({ by }) => {
      await tellNight(majordome, (handle) => handle.signal(endNightSignal, { by }));
      return majordome.answer();
    },
    () => (majordome.nightDate === null ? "No night is open." : null),
  );
}

/** Always allowed and never asks; an open night closes by the holds that it is sent. */
function close(majordome: Majordome, by: string): ObservatoryState {
  majordome.stopWord = "now";
  majordome.closedByHand = true;
  raise(majordome, { kind: "operator", who: by, why: `Closed by ${by}.` });
  // Once more: the hold may have stood already, with the same words, and the closing is news.
  void sendHolds(majordome);
  // A night that gave the telescope to a person does not close: it is done here.
  if (majordome.nightDate === null || majordome.inMaintenance()) closeNow(majordome, `closed by ${by}`);
  return majordome.answer();
}

function whyNoResume({ holds }: Majordome): string | null {
  if (holds.some((hold) => LIFTED_BY_RESUME.includes(hold.kind))) return null;
  const others = holds.map((hold) => `${hold.kind}: ${hold.why}`).join("; ");
  return others === ""
    ? "Nothing to resume: nobody has paused."
    : `Nothing to resume: no person has paused. What holds lifts by itself: ${others}`;
}
