import { CancellationScope, condition } from "@temporalio/workflow";
import type { CalibrationFetched } from "../../activities/calibration-frames.ts";
import type { ExposureInput } from "../../activities/exposure.ts";
import { groupId, type PlannedGroup } from "../../domain/imaging/calibration/calibration-night.ts";
import { FRAME_ATTEMPTS } from "../../domain/night/frame-attempts.ts";
import { instrumentOf } from "../../domain/observatory.ts";
import { failureSentence, failureType } from "../failure-words.ts";
import { calibrationFrameActivities, fastActivities } from "../proxies.ts";
import { askForLease } from "./lease.ts";
import { TakingEnds, type RunningCalibration } from "./state.ts";

/** A stored frame: its row, and its level. */
export interface TakenFrame {
  readonly frameId: string;
  readonly levelAdu: number | null;
}

/**
 * Takes one frame: start, durable timer, fetch. A hold throws it away and it is taken again when the hold has lifted; a
 * lost one is taken again some times.
 * Throws TakingEnds when no more is to be taken, and what the camera fails with.
 */
export async function takeFrame(
  work: RunningCalibration,
  group: PlannedGroup,
  n: number,
  exposureS: number,
): Promise<TakenFrame> {
  let lost = 0;
  for (let attempt = 1; ; attempt += 1) {
    await clearToExpose(work, exposureS);
    const input = exposureInput(work, group, n, attempt, exposureS);
    const taken = await exposeOnce(work, input);
    if (taken === "interrupted") continue;
    if (taken.kind === "stored") {
      work.framesTaken += 1;
      return { frameId: taken.imageId, levelAdu: taken.levelAdu };
    }
    lost += 1;
    if (lost === FRAME_ATTEMPTS) {
      throw new TakingEnds(`frame ${n} was lost ${FRAME_ATTEMPTS} times: ${taken.reason}`);
    }
  }
}

/** Waits while a hold stops it. Throws TakingEnds when there is no time for the frame, or the hold does not lift. */
async function clearToExpose(work: RunningCalibration, exposureS: number): Promise<void> {
  const { clock, rules } = work;
  if (work.ending === null && work.heldBy() !== null) {
    const untilMs = Math.min(work.deadlineMs, clock.nowMs() + rules.holdLimitMin * 60_000);
    work.enter("held", work.heldBy() ?? "");
    await clock.sleepUntil(untilMs, () => work.ending !== null || work.heldBy() === null);
    const held = work.heldBy();
    if (held !== null) work.ending ??= `held for too long by ${held}`;
    else work.enter("taking", "goes on after a hold");
  }
  if (work.ending === null && work.lease === null) {
    await askForLease(work);
    work.enter("taking", "goes on with the cameras");
  }
  if (work.ending !== null) throw new TakingEnds(work.ending);
  if (clock.nowMs() + exposureS * 1_000 > work.deadlineMs) {
    work.ending = `its ${rules.limitMin} min were over`;
    throw new TakingEnds(work.ending);
  }
}

async function exposeOnce(
  work: RunningCalibration,
  input: ExposureInput,
): Promise<CalibrationFetched | "interrupted"> {
  const { siteId, clock } = work;
  const instrument = instrumentOf(work.input.observatory, input.instrumentId);
  const { cameraId, readoutLimitS } = instrument;
  const camera = calibrationFrameActivities(siteId, cameraId, clock.fact, readoutLimitS);
  type End = { readonly fetched: CalibrationFetched } | { readonly error: unknown };
  let end: End | null = null;
  const scope = new CancellationScope({ cancellable: true });
  const ended = scope
    .run(async () => {
      const { startMs } = await camera.startCalibrationFrame(input);
      await clock.sleepUntil(startMs + input.exposureS * 1_000);
      return camera.fetchCalibrationFrame(input);
    })
    .then(
      (fetched) => {
        end = { fetched };
      },
      (error: unknown) => {
        end = { error };
      },
    );
  await condition(() => end !== null || work.mustStop());
  const interrupted = end === null;
  if (interrupted) {
    const reason = work.ending ?? work.heldBy() ?? "held";
    // The abort goes out first: a hold counts from the moment it comes.
    await fastActivities(siteId)
      .abortExposures({ cameraIds: [cameraId], reason })
      .catch((error: unknown) => work.note("an exposure was not confirmed as aborted", error));
    scope.cancel();
  }
  await ended;
  const result = end as unknown as End;
  if ("fetched" in result) return result.fetched;
  return CancellationScope.nonCancellable(async () => {
    const settled = await camera.settleCalibrationFrame(input);
    if (settled.kind === "stored") return { ...settled, levelAdu: null };
    if (interrupted) return "interrupted";
    const type = failureType(result.error);
    if (type === "LeaseLost") {
      // A person or a night has the cameras now: it waits until they are free again.
      work.lease = null;
      return "interrupted";
    }
    // Given up before it was exposed, e.g. by a worker that died: the next attempt takes it.
    if (type === "ExposureEnded") return { kind: "lost", reason: failureSentence(result.error) };
    throw result.error;
  });
}

function exposureInput(
  work: RunningCalibration,
  group: PlannedGroup,
  n: number,
  attempt: number,
  exposureS: number,
): ExposureInput {
  const { run } = work.input;
  return {
    lease: work.granted(),
    nightId: `${run.siteId}/${run.date}`,
    planId: groupId(run, group),
    n,
    attempt,
    instrumentId: group.instrumentId,
    filter: group.filter,
    exposureS,
    light: group.kind === "flat",
    calibration: { calibrationId: run.id, kind: group.kind },
    // Frames of no target: nothing of these reaches their headers.
    sequenceId: "",
    albumId: "",
    requestName: "",
    programmeId: "",
    alertKey: null,
    target: { name: "", raDeg: 0, decDeg: 0 },
  };
}
