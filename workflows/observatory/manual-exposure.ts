import { ApplicationFailure, CancellationScope, log } from "@temporalio/workflow";
import type { ExposureInput } from "../../activities/camera.ts";
import type { ManualOperation } from "../../domain/manual/operation.ts";
import { instrumentOf, sitsOnTelescope, wheelBefore } from "../../domain/observatory.ts";
import { failureSentence } from "../failure-words.ts";
import type { ManualOrder } from "../messages.ts";
import { taskQueues } from "../names.ts";
import { cameraActivities, mountActivities, wheelActivities } from "../proxies.ts";
import type { Outcome } from "./manual.ts";
import type { Majordome } from "./state.ts";

/** Takes one exposure where the mount points and stores it as any other, marked manual. */
export async function exposeByHand(
  majordome: Majordome,
  { id, by, userId }: ManualOrder,
  operation: Extract<ManualOperation, { kind: "expose" }>,
  nameOfPlace: (majordome: Majordome, place: { raDeg: number; decDeg: number }) => string,
): Promise<Outcome> {
  const { siteId, clock, file, lease, records } = majordome;
  const { filter, exposureS, light } = operation;
  const instrument = instrumentOf(file, operation.instrumentId);
  const { slewLimitS } = file.telescope;
  const place = await mountActivities(siteId, clock.fact, slewLimitS).mountPlace();
  const target = { name: light ? nameOfPlace(majordome, place) : "dark", ...place };
  const frame = await records.openManualFrame({
    id,
    site: file.site,
    by,
    userId,
    target,
    instrumentId: instrument.id,
    filter,
    exposureS,
    nowMs: clock.nowMs(),
  });
  const exposure: ExposureInput = {
    ...frame,
    lease,
    n: 1,
    attempt: 1,
    instrumentId: instrument.id,
    filter,
    exposureS,
    light,
    target,
    alertKey: null,
  };
  const camera = cameraActivities(siteId, instrument.cameraId, clock.fact, instrument.readoutLimitS);
  const { sequenceId } = frame;
  try {
    const wheel = wheelBefore(file, instrument);
    if (light && wheel !== null) {
      const limitS = file.night.filterLimitS;
      const queues = taskQueues(siteId);
      const queue = sitsOnTelescope(file, wheel) ? queues.mount : queues.camera(instrument.cameraId);
      const order = { lease, wheelId: wheel.id, filter, limitS };
      await wheelActivities(siteId, queue, clock.fact, limitS).setFilter(order);
    }
    const { startMs } = await camera.startExposure(exposure);
    await clock.sleepUntil(startMs + exposureS * 1_000);
    const fetched = await camera.fetchExposure(exposure);
    if (fetched.kind === "lost") throw ApplicationFailure.nonRetryable(fetched.reason, "FrameLost");
    await records.closeManualFrame({ sequenceId, reason: null });
    return { result: `Stored as ${fetched.imageId}.`, imageId: fetched.imageId };
  } catch (error) {
    await CancellationScope.nonCancellable(async () => {
      await camera.settleAborted(exposure);
      await records.closeManualFrame({ sequenceId, reason: failureSentence(error) });
    }).catch((failed: unknown) =>
      log.error(`frame ${id} by hand was not settled: ${failureSentence(failed)}`),
    );
    throw error;
  }
}
