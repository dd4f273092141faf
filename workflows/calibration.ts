import {
  allHandlersFinished,
  CancellationScope,
  condition,
  executeChild,
  isCancellation,
  ParentClosePolicy,
  setHandler,
  upsertSearchAttributes,
  WorkflowIdReusePolicy,
} from "@temporalio/workflow";
import type { PlannedGroup } from "../domain/imaging/calibration/calibration-night.ts";
import type { analysis } from "./analysis.ts";
import { takeFrames } from "./calibration/groups.ts";
import { askForLease } from "./calibration/lease.ts";
import { groupKey, RunningCalibration, TakingEnds } from "./calibration/state.ts";
import { failureSentence } from "./failure-words.ts";
import {
  clockChangedSignal,
  endCalibrationSignal,
  holdsSignal,
  leaseGrantedSignal,
  stateQuery,
  type CalibrationInput,
  type CalibrationResult,
} from "./messages.ts";
import { analysisWorkflowId } from "./names.ts";
import { lampActivities } from "./proxies.ts";

/** A quick-look of the same sequence may still be made: the final images wait this long, so many times. */
const BUSY_WALL_MS = 15_000;
const BUSY_TRIES = 8;

/**
 * The calibrations of one night, under a closed dome: bias, darks for each exposure time and flats for each filter used,
 * judged and made masters; then the night's images are calibrated with them. Whatever happens, what was taken is used,
 * and what is missing is taken from older nights and flagged.
 */
export async function calibration(input: CalibrationInput): Promise<CalibrationResult> {
  const work = new RunningCalibration(input);
  takeMessages(work);
  upsertSearchAttributes({ Site: [work.siteId], NightDate: [input.run.date], Phase: ["calibration"] });
  let status: CalibrationResult["status"] = "ended";
  let sequenceIds: readonly string[] = [];
  const masters = mastersInOrder(work);
  try {
    const plan = await work.rows.planCalibration({ observatory: input.observatory, run: input.run });
    work.groups = plan.groups;
    sequenceIds = plan.sequenceIds;
    await askForLease(work);
    await takeFrames(work, (group) => masters.add(group));
  } catch (error) {
    if (isCancellation(error)) work.ending ??= "it was cancelled";
    else if (error instanceof TakingEnds) work.ending ??= error.message;
    else {
      status = "failed";
      work.ending ??= failureSentence(error);
    }
  }
  return CancellationScope.nonCancellable(async () => {
    await giveBack(work);
    for (const group of work.groups) masters.add(group);
    await masters.done();
    const reason = reasonOf(work);
    await finalImages(work, sequenceIds);
    await work.rows
      .endCalibration({ run: input.run, status, reason })
      .catch((error: unknown) => work.note("the end of the calibration was not recorded", error));
    await work.background.drained();
    await condition(allHandlersFinished);
    return { status, reason, masters: work.results.filter(({ masterId }) => masterId !== null).length };
  });
}

/** Handlers change the state and return; what waits on it goes on. */
function takeMessages(work: RunningCalibration): void {
  setHandler(clockChangedSignal, (fact) => work.clock.change(fact));
  setHandler(leaseGrantedSignal, ({ lease, holds }) => {
    work.lease = lease;
    work.holds = holds;
  });
  setHandler(holdsSignal, (message) => {
    if (message.seq > (work.holds?.seq ?? -1)) work.holds = message;
  });
  setHandler(endCalibrationSignal, ({ reason }) => {
    work.ending ??= reason;
  });
  setHandler(stateQuery, () => work.answer());
}

/** Lamp off; then the lease goes back with the report. */
async function giveBack(work: RunningCalibration): Promise<void> {
  const { siteId, clock, lease } = work;
  if (lease !== null && work.hasCover()) {
    const { coverLimitS } = work.input.observatory.night;
    await lampActivities(siteId, clock.fact, coverLimitS)
      .lampOff()
      .catch((error: unknown) => work.note("the lamp was not turned off", error));
  }
  work.enter("reducing", "masters and images are made");
  await work.background.drained();
}

/** Masters are made while the next frames are taken, in order: darks need their bias, flats both. */
function mastersInOrder(work: RunningCalibration) {
  const added = new Set<string>();
  let tail: Promise<void> = Promise.resolve();
  return {
    add(group: PlannedGroup): void {
      const key = groupKey(group);
      if (added.has(key)) return;
      added.add(key);
      tail = tail.then(() => makeMaster(work, group));
    },
    done: () => tail,
  };
}

async function makeMaster(work: RunningCalibration, group: PlannedGroup): Promise<void> {
  const { observatory, run } = work.input;
  const cut = work.cut.get(groupKey(group)) ?? work.ending;
  try {
    const result = await work.images.makeGroupMaster({ observatory, run, group });
    const short = result.taken < group.count && cut !== null && cut !== undefined;
    const words = [result.words, ...(short ? [cut] : [])].filter((each) => each !== "").join("; ");
    work.results.push({ ...result, words });
  } catch (error) {
    const { key, kind, instrumentId, filter, exposureS } = group;
    const common = { key, kind, instrumentId, filter, exposureS, taken: 0, accepted: 0 };
    work.results.push({ ...common, masterId: null, olderMasterId: null, words: failureSentence(error) });
  }
  const groups = [...work.results];
  await work.rows
    .noteGroups({ run, groups })
    .catch((error: unknown) => work.note("the results were not recorded", error));
}

/** The final images of the night, sequence by sequence. */
async function finalImages(work: RunningCalibration, sequenceIds: readonly string[]): Promise<void> {
  const { observatory, run } = work.input;
  for (const [index, sequenceId] of sequenceIds.entries()) {
    work.enter("reducing", `final images of sequence ${index + 1} of ${sequenceIds.length}`);
    await finalImagesOf(sequenceId);
  }
  work.enter("ended", "");

  async function finalImagesOf(sequenceId: string): Promise<void> {
    for (let tried = 1; ; tried += 1) {
      try {
        await executeChild<typeof analysis>("analysis", {
          workflowId: analysisWorkflowId(sequenceId),
          workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
          parentClosePolicy: ParentClosePolicy.ABANDON,
          staticSummary: `Final images of ${sequenceId}`,
          args: [{ observatory, sequenceId, nightId: `${run.siteId}/${run.date}`, kind: "final" }],
        });
        return;
      } catch (error) {
        // A quick-look of the same sequence is still being made.
        if (tried === BUSY_TRIES) return work.note(`the final images of ${sequenceId} were not made`, error);
        await condition(() => false, BUSY_WALL_MS);
      }
    }
  }
}

/** How it ended, in words. */
function reasonOf({ results, ending }: RunningCalibration): string {
  const made = results.filter(({ masterId }) => masterId !== null).length;
  const older = results.filter(
    ({ masterId, olderMasterId }) => masterId === null && olderMasterId !== null,
  ).length;
  const none = results.length - made - older;
  const counts = [
    `${made} of ${results.length} masters made`,
    ...(older === 0
      ? []
      : [`${older} of ${older === 1 ? "an earlier night is" : "earlier nights are"} used instead`]),
    ...(none === 0 ? [] : [`${none} missing`]),
  ].join(", ");
  return ending === null ? counts : `${counts}; ended early: ${ending}`;
}
