import {
  CancellationScope,
  isCancellation,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
} from "@temporalio/workflow";
import type { ExposureInput } from "../activities/camera.ts";
import { FRAME_ATTEMPTS } from "../domain/night/frame-attempts.ts";
import { instrumentOf, type InstrumentDescription } from "../domain/observatory.ts";
import { Background } from "./background.ts";
import { failureSentence, failureType } from "./failure-words.ts";
import {
  clockChangedSignal,
  stopAfterFrameSignal,
  type AlbumPlan,
  type PlannedFrames,
  type SequenceInput,
  type SequenceResult,
} from "./messages.ts";
import { cameraActivities, mountActivities, recordActivities, slewStartActivities } from "./proxies.ts";
import { SkyClock } from "./sky-clock.ts";

/**
 * One attempt at one sequence: slew, then the albums of all detectors in parallel, with a barrier at the end.
 * Cancelled or stopped, it keeps its finished frames, settles the one under way, and returns what was taken.
 */
export async function sequence(input: SequenceInput): Promise<SequenceResult> {
  const { observatory, plan } = input;
  const siteId = observatory.site.id;
  const clock = new SkyClock(input.clock);
  const background = new Background();
  let stop: string | null = null;
  let framesStored = 0;
  let exposedS = 0;
  setHandler(clockChangedSignal, (fact) => clock.change(fact));
  setHandler(stopAfterFrameSignal, ({ reason }) => {
    stop ??= reason;
  });
  upsertSearchAttributes({ Site: [siteId], Target: [plan.target.name], Phase: ["slewing"] });
  setCurrentDetails(`Slewing to **${plan.target.name}**`);

  const end = await observe();
  await CancellationScope.nonCancellable(() => background.drained());
  return { ...end, framesStored, exposedS };

  async function observe(): Promise<Pick<SequenceResult, "outcome" | "reason">> {
    try {
      await pointTelescope();
      upsertSearchAttributes({ Phase: ["exposing"] });
      setCurrentDetails(`Exposing **${plan.target.name}**: ${frameTotal(plan.albums)} frames`);
      await takeAlbums();
      return { outcome: stop === null ? "completed" : "interrupted", reason: stop ?? "" };
    } catch (error) {
      if (isCancellation(error)) return { outcome: "interrupted", reason: stop ?? "stopped by the night" };
      return {
        outcome: failureType(error) === "LeaseLost" ? "interrupted" : "failed",
        reason: failureSentence(error),
      };
    }
  }

  /** All detectors in parallel; the first that fails stops the others, and all have settled before this throws. */
  async function takeAlbums(): Promise<void> {
    const ends = await Promise.allSettled(
      plan.albums.map((album) =>
        takeAlbum(album).catch((error: unknown) => {
          stop ??= failureSentence(error);
          throw error;
        }),
      ),
    );
    const failed = ends.find((albumEnd) => albumEnd.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  async function pointTelescope(): Promise<void> {
    const limitS = observatory.telescope.slewLimitS;
    const { startedWallMs } = await slewStartActivities(siteId).startSlew({
      lease: input.lease,
      target: plan.target,
      minAltDeg: plan.minAltDeg,
    });
    stampStage({ slewStartedAt: startedWallMs });
    await mountActivities(siteId, clock.fact, limitS).awaitOnTarget({ target: plan.target, limitS });
  }

  async function takeAlbum(album: AlbumPlan): Promise<void> {
    const instrument = instrumentOf(observatory, album.instrumentId);
    for (const frames of album.plans) {
      for (const n of frames.frames) {
        if (stop !== null) return;
        if (!timeLeftFor(frames.exposureS)) {
          stop = `its time was up before frame ${n} of ${frames.count}`;
          return;
        }
        await takeFrame(album, instrument, frames, n);
      }
    }
  }

  /** Takes one frame: start, durable timer, fetch. A lost frame is taken again while its window allows. */
  async function takeFrame(
    album: AlbumPlan,
    instrument: InstrumentDescription,
    frames: PlannedFrames,
    n: number,
  ): Promise<void> {
    const camera = cameraActivities(siteId, instrument.cameraId, clock.fact, instrument.readoutLimitS);
    for (let attempt = 1; attempt <= FRAME_ATTEMPTS; attempt += 1) {
      if (attempt > 1 && (stop !== null || !timeLeftFor(frames.exposureS))) return;
      const exposure = exposureInput(album, instrument, frames, n, frameAttempt(attempt));
      try {
        const { startMs, startWallMs } = await camera.startExposure(exposure);
        if (framesStored === 0) stampStage({ shutterOpenedAt: startWallMs });
        await clock.sleepUntil(startMs + frames.exposureS * 1_000);
        const fetched = await camera.fetchExposure(exposure);
        if (fetched.kind === "stored") {
          if (framesStored === 0) stampStage({ firstImageAt: Date.now() });
          framesStored += 1;
          exposedS += frames.exposureS;
          return;
        }
      } catch (error) {
        await CancellationScope.nonCancellable(() => settle(exposure, camera));
        throw error;
      }
    }
    throw new LostFrameSignal(`frame ${n} of ${frames.count} was lost ${FRAME_ATTEMPTS} times`);
  }

  /** Brings an exposure that was stopped on the way to its end: stored when it was read out, else aborted. */
  async function settle(exposure: ExposureInput, camera: ReturnType<typeof cameraActivities>): Promise<void> {
    const settled = await camera.settleAborted(exposure);
    if (settled.kind === "stored") {
      framesStored += 1;
      exposedS += exposure.exposureS;
    }
  }

  /** Stages of an alert's latency ladder; the first stamp of a stage stands. */
  function stampStage(stages: {
    slewStartedAt?: number;
    shutterOpenedAt?: number;
    firstImageAt?: number;
  }): void {
    const { alertKey } = plan;
    if (alertKey !== null)
      background.add("stages", () => recordActivities(siteId).stampStages({ alertKey, stages }));
  }

  /** Attempts at a frame are numbered through all attempts at its sequence, so that (plan, n, attempt) is unique. */
  function frameAttempt(attempt: number): number {
    return (input.attempt - 1) * FRAME_ATTEMPTS + attempt;
  }

  function timeLeftFor(exposureS: number): boolean {
    return clock.nowMs() + exposureS * 1_000 <= input.notAfterMs;
  }

  function exposureInput(
    album: AlbumPlan,
    instrument: InstrumentDescription,
    frames: PlannedFrames,
    n: number,
    attempt: number,
  ): ExposureInput {
    return {
      lease: input.lease,
      nightId: input.nightId,
      sequenceId: plan.sequenceId,
      requestName: plan.requestName,
      programmeId: plan.programmeId,
      albumId: album.albumId,
      planId: frames.planId,
      n,
      attempt,
      instrumentId: instrument.id,
      filter: frames.filter,
      exposureS: frames.exposureS,
      light: true,
      target: plan.target,
      alertKey: plan.alertKey,
    };
  }
}

/** Thrown inside `sequence` only, and turned into its result: never leaves the workflow. */
class LostFrameSignal extends Error {}

function frameTotal(albums: readonly AlbumPlan[]): number {
  return albums.reduce(
    (total, album) => total + album.plans.reduce((sum, frames) => sum + frames.frames.length, 0),
    0,
  );
}
