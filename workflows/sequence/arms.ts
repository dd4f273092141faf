import {
  ApplicationFailure,
  isCancellation,
  setCurrentDetails,
  upsertSearchAttributes,
} from "@temporalio/workflow";
import { deviceOf, instrumentOf, wheelBefore, type DeviceDescription } from "../../domain/observatory.ts";
import { failureSentence, failureType } from "../failure-words.ts";
import type { AlbumPlan } from "../messages.ts";
import type { Wheels } from "./filters.ts";
import { takeFrame } from "./frames.ts";
import { pointTelescope } from "./pointing.ts";
import type { ArmShare, RunningSequence, Step } from "./state.ts";

/** Failures that say nothing of an arm: whoever meets them first, all must stop. */
const CONCERN_ALL = ["LeaseLost", "Unsafe", "OutOfLimits", "NotReady", "DiskFull"];

/**
 * Takes the albums of all arms, in parallel on one pointing. Between two steps all arms are idle: then the telescope
 * makes its dither, and the wheel that sits on it turns once for all.
 */
export async function takeAlbums(running: RunningSequence, wheels: Wheels): Promise<void> {
  upsertSearchAttributes({ Phase: ["exposing"] });
  for (const [index, step] of running.steps.entries()) {
    if (running.stop !== null) return;
    if (index > 0) await prepareStep(running, step, wheels, running.steps[index - 1]);
    if (step.sharedFilter !== null) await turnSharedWheel(running, step, wheels);
    setCurrentDetails(detailsOf(running, index));
    await takeStep(running, step, wheels);
  }
}

async function prepareStep(
  running: RunningSequence,
  step: Step,
  wheels: Wheels,
  before: Step | undefined,
): Promise<void> {
  if (before?.position === step.position) return;
  await running.allArmsIdle(`dither position ${step.position + 1}`);
  wheels.turnAhead(step);
  await pointTelescope(running, step);
}

/** The wheel on the telescope: whichever instrument it is asked for, it turns for all. */
async function turnSharedWheel(running: RunningSequence, step: Step, wheels: Wheels): Promise<void> {
  const [share] = step.shares;
  if (share === undefined || step.sharedFilter === null) return;
  await running.allArmsIdle(`filter ${step.sharedFilter} on the telescope's wheel`);
  await wheels.bring(share.album.instrumentId, step.sharedFilter);
}

/** All arms in parallel; when one fails that is needed the others stop after their frame, and all have settled before this throws. */
async function takeStep(running: RunningSequence, step: Step, wheels: Wheels): Promise<void> {
  const ends = await Promise.allSettled(
    step.shares.map((share) =>
      takeShare(running, step, share, wheels).catch((error: unknown) => {
        running.stop ??= failureSentence(error);
        throw error;
      }),
    ),
  );
  const failed = ends.find((end) => end.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

/** One arm's frames of a step: its filters, and their frames in order. */
async function takeShare(
  running: RunningSequence,
  { position }: Step,
  { album, runs }: ArmShare,
  wheels: Wheels,
): Promise<void> {
  const { observatory } = running.input;
  const instrument = instrumentOf(observatory, album.instrumentId);
  const camera = deviceOf(observatory, instrument.cameraId);
  const wheel = wheelBefore(observatory, instrument) ?? camera;
  for (const { plan, frames } of runs) {
    if (running.stop !== null || running.skipped.has(album.albumId)) return;
    if (!(await goesOn(running, album, wheel, () => wheels.bring(album.instrumentId, plan.filter)))) return;
    for (const n of frames) {
      if (running.stop !== null) return;
      if (!running.timeLeftFor(plan.exposureS)) {
        running.stop = `its time was up before frame ${n} of ${plan.count}`;
        return;
      }
      const frame = { album, instrument, plan, n, position };
      if (!(await goesOn(running, album, camera, () => takeFrame(running, frame)))) return;
    }
  }
}

/**
 * Does a piece of work of one arm. When it fails by a device that blocks nothing, and another arm goes on, the rest of
 * the album is left out with the reason; every other failure is thrown.
 * @returns whether the arm goes on
 */
async function goesOn(
  running: RunningSequence,
  album: AlbumPlan,
  device: DeviceDescription,
  work: () => Promise<void>,
): Promise<boolean> {
  try {
    refuseUnavailable(running, device);
    await work();
    return true;
  } catch (error) {
    const concernsAll = isCancellation(error) || CONCERN_ALL.includes(failureType(error) ?? "");
    if (concernsAll || device.blocking || isLastArm(running, album)) throw error;
    skip(running, album, failureSentence(error));
    return false;
  }
}

/** A device that is known not to answer is not tried: the others would wait for it. A blocking one raises a hold. */
function refuseUnavailable({ unavailable }: RunningSequence, device: DeviceDescription): void {
  const why = unavailable[device.id];
  if (why !== undefined && !device.blocking) throw ApplicationFailure.nonRetryable(why, "DeviceUnavailable");
}

function isLastArm({ input, skipped }: RunningSequence, album: AlbumPlan): boolean {
  return !input.plan.albums.some((other) => other !== album && !skipped.has(other.albumId));
}

function skip(running: RunningSequence, album: AlbumPlan, reason: string): void {
  const { input, background, records, clock } = running;
  const { sequenceId, alertKey } = input.plan;
  const atMs = clock.nowMs();
  running.skipped.add(album.albumId);
  background.add("album left out", () =>
    records.skipAlbum({
      albumId: album.albumId,
      sequenceId,
      nightId: input.nightId,
      alertKey,
      instrumentName: instrumentOf(input.observatory, album.instrumentId).name,
      reason,
      atMs,
    }),
  );
}

function detailsOf(running: RunningSequence, index: number): string {
  const { target, albums } = running.input.plan;
  const frames = albums.flatMap(({ plans }) => plans).reduce((sum, plan) => sum + plan.frames.length, 0);
  const step = running.steps.length > 1 ? `, step ${index + 1} of ${running.steps.length}` : "";
  return `Exposing **${target.name}**: ${frames} frames${step}`;
}
