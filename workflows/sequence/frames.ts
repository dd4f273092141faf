import { ApplicationFailure, CancellationScope, log, patched } from "@temporalio/workflow";
import type { ExposureInput } from "../../activities/camera.ts";
import { FRAME_ATTEMPTS } from "../../domain/night/frame-attempts.ts";
import { isBlocking, type InstrumentDescription } from "../../domain/observatory.ts";
import { ditherOffset } from "../../domain/sequence/dither.ts";
import { failureSentence } from "../failure-words.ts";
import type { AlbumPlan, PlannedFrames } from "../messages.ts";
import { cameraActivities, settlingActivities } from "../proxies.ts";
import type { RunningSequence } from "./state.ts";

const NOT_ASKED = "a camera that is known to be lost is not asked for its frame";

/** One frame of a plan on one arm. */
export interface FrameToTake {
  readonly album: AlbumPlan;
  readonly instrument: InstrumentDescription;
  readonly plan: PlannedFrames;
  readonly n: number;
  /** Position of the dither pattern. */
  readonly position: number;
}

/**
 * Takes one frame: start, durable timer, fetch. A lost frame is taken again while its window allows. The exposure under
 * way is settled before this throws.
 */
export async function takeFrame(running: RunningSequence, frame: FrameToTake): Promise<void> {
  const { cameraId } = frame.instrument;
  running.busy.add(cameraId);
  try {
    await exposeUntilStored(running, frame);
  } finally {
    running.busy.delete(cameraId);
  }
}

async function exposeUntilStored(running: RunningSequence, frame: FrameToTake): Promise<void> {
  const { siteId, clock } = running;
  const { album, instrument, plan, n } = frame;
  const camera = cameraActivities(siteId, instrument.cameraId, clock.fact, instrument.readoutLimitS, {
    patient: isBlocking(running.input.observatory, instrument),
  });
  for (let attempt = 1; attempt <= FRAME_ATTEMPTS; attempt += 1) {
    if (attempt > 1 && (running.stop !== null || !running.timeLeftFor(plan.exposureS))) return;
    const exposure = exposureInput(running, frame, attempt);
    try {
      const { startMs, startWallMs } = await camera.startExposure(exposure);
      if (running.framesStored === 0) running.stampStage({ shutterOpenedAt: startWallMs });
      await clock.sleepUntil(startMs + plan.exposureS * 1_000);
      const fetched = await camera.fetchExposure(exposure);
      if (fetched.kind === "stored") {
        if (running.framesStored === 0) running.stampStage({ firstImageAt: Date.now() });
        running.stored(album.albumId, plan.exposureS);
        return;
      }
    } catch (error) {
      await CancellationScope.nonCancellable(() => settle(running, frame, exposure));
      throw error;
    }
  }
  throw ApplicationFailure.nonRetryable(
    `frame ${n} of ${plan.count} was lost ${FRAME_ATTEMPTS} times`,
    "FrameLost",
  );
}

/**
 * Brings an exposure that was stopped on the way to its end: stored when it was read out, else aborted. Of a camera that
 * does not answer any more nobody can say: the frame counts as lost.
 */
async function settle(
  running: RunningSequence,
  { album, instrument }: FrameToTake,
  exposure: ExposureInput,
): Promise<void> {
  const { siteId, clock } = running;
  const { cameraId, readoutLimitS } = instrument;
  try {
    // Known not to answer, it is not asked: an alert that took the telescope waits for this.
    const lost = running.unavailable[cameraId];
    if (lost !== undefined && patched(NOT_ASKED))
      throw ApplicationFailure.nonRetryable(lost, "DeviceUnavailable");
    const settled = await settlingActivities(siteId, cameraId, clock.fact, readoutLimitS).settleAborted(
      exposure,
    );
    if (settled.kind === "stored") running.stored(album.albumId, exposure.exposureS);
  } catch (error) {
    const { planId, n, attempt } = exposure;
    const reason = failureSentence(error);
    log.warn(`frame ${planId}/${n}/${attempt} is given up: ${reason}`);
    running.background.add("frame given up", () =>
      running.records.giveUpFrame({ planId, n, attempt, reason }),
    );
  }
}

function exposureInput(
  { input, dither }: RunningSequence,
  { album, instrument, plan, n, position }: FrameToTake,
  attempt: number,
): ExposureInput {
  return {
    lease: input.lease,
    nightId: input.nightId,
    sequenceId: input.plan.sequenceId,
    requestName: input.plan.requestName,
    programmeId: input.plan.programmeId,
    albumId: album.albumId,
    planId: plan.planId,
    n,
    // Numbered through all attempts at its sequence, so that (plan, n, attempt) is unique.
    attempt: (input.attempt - 1) * FRAME_ATTEMPTS + attempt,
    instrumentId: instrument.id,
    filter: plan.filter,
    exposureS: plan.exposureS,
    light: true,
    target: input.plan.target,
    ...(dither === null ? {} : { offset: ditherOffset(dither, position) }),
    alertKey: input.plan.alertKey,
  };
}
