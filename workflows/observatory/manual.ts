import { CancellationScope, isCancellation, log, sleep } from "@temporalio/workflow";
import { formatDeclination, formatRightAscension } from "../../domain/astronomy/sexagesimal.ts";
import {
  deviceOfOperation,
  operationInWords,
  whyNotOperation,
  type ManualOperation,
} from "../../domain/manual/operation.ts";
import {
  instrumentOf,
  sitsOnTelescope,
  wheelBefore,
  type InstrumentDescription,
} from "../../domain/observatory.ts";
import { may } from "../../domain/permissions/permissions.ts";
import { closesDome, holdOf } from "../../domain/safety/holds.ts";
import { ON_TARGET_ARCSEC } from "../../domain/safety/pointing.ts";
import { ARCSEC_PER_DEG, separationDeg } from "../../domain/units.ts";
import { failureSentence } from "../failure-words.ts";
import { taskQueues } from "../names.ts";
import type { ManualOrder, ManualRun, ObservatoryState, PersonalOrder } from "../messages.ts";
import {
  cameraActivities,
  coverActivities,
  coverClosingActivities,
  domeActivities,
  fastActivities,
  focuserActivities,
  mountActivities,
  slewStartActivities,
  wheelActivities,
} from "../proxies.ts";
import { raise } from "./holds.ts";
import { journal } from "./journal.ts";
import { exposeByHand } from "./manual-exposure.ts";
import type { Majordome } from "./state.ts";

/** Operations that are over and still shown. */
const RUNS_KEPT = 12;
/** An order that took longer than this to arrive is not carried out: nobody expects the motion any more. */
const OLDEST_ORDER_WALL_MS = 20_000;
/** A slew that was on its way to the mount when the stop came is stopped as well. */
const STOP_AGAIN_WALL_MS = 2_000;

/** What an operation came to. */
export interface Outcome {
  readonly result: string;
  readonly imageId?: string;
}

/* ---- Checks --------------------------------------------------------------------------------------------- */

/** Why an operation by hand is refused now, in words for people, or null. */
export function whyNotByHand(majordome: Majordome, order: ManualOrder): string | null {
  const { profile, by, operation, sentWallMs } = order;
  if (!may(profile, "devices")) return `Profile "${profile}" may not move devices; an operator or admin may.`;
  const ageWallMs = Date.now() - sentWallMs;
  if (ageWallMs > OLDEST_ORDER_WALL_MS) {
    return `This order was given ${Math.round(ageWallMs / 1_000)} s ago and nothing has moved. Give it again if you still want it.`;
  }
  return (
    whyNotHolder(majordome, by) ??
    whyNotOperation(operation, majordome.file, majordome.clock.nowMs()) ??
    (operation.kind === "openDome" ? whyNotOpen(majordome) : null) ??
    whyBusy(majordome, operation)
  );
}

/** By hand moves only who has the maintenance hold, and only under the observatory's own lease. */
function whyNotHolder(majordome: Majordome, by: string): string | null {
  const hold = holdOf(majordome.holds, "maintenance");
  if (hold === undefined)
    return "Take the maintenance hold first: nothing moves by hand while Vesper observes.";
  if (hold.who !== by)
    return `${hold.who} has the maintenance hold. Take it over first: that tells ${hold.who}.`;
  if (majordome.leavingMaintenance) return "The maintenance hold is being left.";
  if (majordome.lease.generation === 0) {
    return "Vesper has just started and takes up the telescope's lease. Press again in a moment.";
  }
  if (majordome.lease.holder !== majordome.ownId) {
    return "The night still hands the telescope over. Press again in a moment.";
  }
  return null;
}

/** Never while unsafe, whoever asks. */
function whyNotOpen({ holds, watch, closing, closingAnnounced }: Majordome): string | null {
  const closed = (why: string): string => `The dome stays closed: ${why} This cannot be overridden here.`;
  if (closing !== null) return "The dome is being closed. Wait until it is.";
  if (closingAnnounced !== null) return closed(closingAnnounced.why);
  const holding = holds.find((hold) => closesDome(hold.kind));
  if (holding !== undefined) return closed(holding.why);
  if (watch === null) return closed("the devices have not been seen yet.");
  const unsafe = [...watch.safety.reasons, ...watch.weather.reasons];
  return watch.safety.safe && watch.weather.safe ? null : closed(unsafe.join(" "));
}

function whyBusy({ operations, file }: Majordome, operation: ManualOperation): string | null {
  const busy = operations.get(deviceOfOperation(operation, file));
  if (busy === undefined) return null;
  return `${busy.run.by} still has this under way: ${operationInWords(busy.run.operation)}. Stop it first, or wait.`;
}

/** Why a person may not stop, or null. Nothing else forbids it. */
export function whyNoStop({ profile }: PersonalOrder): string | null {
  return may(profile, "night.control")
    ? null
    : `Profile "${profile}" may not stop the telescope; an operator or admin may.`;
}

/* ---- Orders --------------------------------------------------------------------------------------------- */

/** Begins an operation and answers at once; how it goes on is in the state. */
export function beginByHand(majordome: Majordome, order: ManualOrder): ObservatoryState {
  const { clock, file, operations } = majordome;
  const { operation, by, id } = order;
  const deviceId = deviceOfOperation(operation, file);
  const run: ManualRun = {
    id,
    deviceId,
    operation,
    by,
    startedMs: clock.nowMs(),
    endedMs: null,
    state: "running",
    result: "",
    imageId: null,
  };
  if (operation.kind === "openDome") majordome.closedByHand = false;
  let stoppedWhy: string | null = null;
  const scope = new CancellationScope({ cancellable: true });
  const settled = scope
    .run(() => carryOut(majordome, order))
    .then(
      ({ result, imageId }) =>
        endRun(majordome, order, run, { state: "done", result, imageId: imageId ?? null }),
      (error: unknown) =>
        endRun(majordome, order, run, {
          state: stoppedWhy !== null || isCancellation(error) ? "stopped" : "failed",
          result: stoppedWhy ?? failureSentence(error),
          imageId: null,
        }),
    );
  operations.set(deviceId, {
    run,
    stop: async (why) => {
      stoppedWhy ??= `Stopped: ${why}.`;
      if (operation.kind === "expose") await abortOne(majordome, deviceId, why);
      scope.cancel();
      await settled;
    },
  });
  journal(majordome, "info", `${by} by hand: ${operationInWords(operation)}.`, {
    module: "manual",
    deviceId,
    userId: order.userId,
  });
  return majordome.answer();
}

function endRun(
  majordome: Majordome,
  { userId }: ManualOrder,
  run: ManualRun,
  end: Pick<ManualRun, "state" | "result" | "imageId">,
): void {
  const { operations, clock } = majordome;
  operations.delete(run.deviceId);
  majordome.manualRuns = [{ ...run, ...end, endedMs: clock.nowMs() }, ...majordome.manualRuns].slice(
    0,
    RUNS_KEPT,
  );
  const level = end.state === "failed" ? "warning" : "info";
  const words = operationInWords(run.operation);
  const { records, background } = majordome;
  const endedMs = clock.nowMs();
  const why = holdOf(majordome.holds, "maintenance")?.why ?? "by hand";
  background.add("command", () =>
    records.recordCommand({
      id: run.id,
      deviceId: run.deviceId,
      command: words,
      who: run.by,
      why,
      startedMs: run.startedMs,
      tookMs: (endedMs - run.startedMs) / clock.fact.rate,
      outcome: end.state === "running" ? "done" : end.state,
      detail: end.result,
    }),
  );
  journal(majordome, level, `${run.by} by hand: ${words}: ${end.state}. ${end.result}`, {
    module: "manual",
    deviceId: run.deviceId,
    userId,
  });
}

/**
 * Stops the mount and aborts exposures, whoever moves them. Without maintenance it pauses as well, or the night would go on
 * at once. The shutter is not stopped half way: closing it is another button.
 */
export function stopEverything(majordome: Majordome, by: string): ObservatoryState {
  if (!majordome.inMaintenance()) {
    majordome.stopWord = "now";
    raise(majordome, { kind: "operator", who: by, why: `Stopped by ${by}.` });
  }
  journal(majordome, "info", `${by} pressed Stop: the mount stops, exposures are aborted.`, {
    module: "manual",
  });
  majordome.stopping += 1;
  void CancellationScope.nonCancellable(() => stopMotion(majordome, by)).finally(() => {
    majordome.stopping -= 1;
  });
  return majordome.answer();
}

async function stopMotion(majordome: Majordome, by: string): Promise<void> {
  const { siteId, file, operations } = majordome;
  const fast = fastActivities(siteId);
  const cameraIds = file.instruments.map((instrument) => instrument.cameraId);
  const why = `Stop pressed by ${by}`;
  const unconfirmed = (what: string) => (error: unknown) =>
    journal(majordome, "alarm", `${what} was not confirmed as stopped: ${failureSentence(error)}`);
  const moving = [...operations.values()].filter(({ run }) => STOPPED_BY_STOP.has(run.operation.kind));
  await Promise.all([
    fast.stopMount().catch(unconfirmed("The mount")),
    fast.abortExposures({ cameraIds, reason: why }).catch(unconfirmed("An exposure")),
    ...moving.map((operation) => operation.stop(why)),
  ]);
  await sleep(STOP_AGAIN_WALL_MS);
  if (majordome.closing === null && operations.size === 0) {
    await fast.stopMount().catch(unconfirmed("The mount"));
  }
}

const STOPPED_BY_STOP: ReadonlySet<ManualOperation["kind"]> = new Set([
  "slew",
  "park",
  "unpark",
  "tracking",
  "expose",
  "focus",
  "filter",
]);

async function abortOne({ siteId }: Majordome, cameraId: string, reason: string): Promise<void> {
  await fastActivities(siteId)
    .abortExposures({ cameraIds: [cameraId], reason })
    .catch((error: unknown) =>
      log.error(`the exposure was not confirmed as aborted: ${failureSentence(error)}`),
    );
}

/* ---- What each operation does ---------------------------------------------------------------------------- */

async function carryOut(majordome: Majordome, order: ManualOrder): Promise<Outcome> {
  const { siteId, clock, lease, file } = majordome;
  const { slewLimitS } = file.telescope;
  const { domeLimitS, parkLimitS, coolLimitS } = file.night;
  const { operation } = order;
  switch (operation.kind) {
    case "slew": {
      const { target } = operation;
      await slewStartActivities(siteId).startSlew({ lease, target, minAltDeg: file.telescope.minAltDeg });
      const mount = mountActivities(siteId, clock.fact, slewLimitS);
      const { offsetArcsec } = await mount.awaitOnTarget({ target, limitS: slewLimitS });
      return { result: `On ${target.name}, ${offsetArcsec.toFixed(1)}″ off, tracking.` };
    }
    case "park": {
      const mount = mountActivities(siteId, clock.fact, parkLimitS);
      const { alreadyParked } = await mount.park({ limitS: parkLimitS });
      return { result: alreadyParked ? "It was parked already." : "Parked." };
    }
    case "unpark":
      await mountActivities(siteId, clock.fact, slewLimitS).unpark({ lease });
      return { result: "Unparked, standing still." };
    case "tracking":
      await mountActivities(siteId, clock.fact, slewLimitS).setTracking({ lease, on: operation.on });
      return { result: operation.on ? "Tracking." : "Standing still." };
    case "openDome": {
      const { already } = await domeActivities(siteId, clock.fact, domeLimitS).openDome({
        lease,
        limitS: domeLimitS,
      });
      return { result: already ? "It was open already." : "Open." };
    }
    case "cover": {
      const limitS = file.night.coverLimitS;
      if (operation.open) await coverActivities(siteId, clock.fact, limitS).openCover({ lease, limitS });
      else await coverClosingActivities(siteId, clock.fact, limitS).closeCover({ limitS });
      return { result: operation.open ? "Open." : "Closed." };
    }
    case "filter":
      await turnFilter(majordome, instrumentOf(file, operation.instrumentId), operation.filter);
      return { result: `Filter ${operation.filter} is in the beam.` };
    case "focus": {
      const limitS = file.night.focusLimitS;
      const { positionSteps: position } = operation;
      const focused = await focuserActivities(siteId, clock.fact, limitS).moveFocuser({
        lease,
        position,
        limitS,
      });
      return { result: `At ${focused.position} steps.` };
    }
    case "expose": {
      const { filter, light } = operation;
      if (light) await turnFilter(majordome, instrumentOf(file, operation.instrumentId), filter);
      return exposeByHand(majordome, order, operation, nameOfPlace);
    }
    case "cool": {
      const { cameraId } = instrumentOf(file, operation.instrumentId);
      const { setPointC } = operation;
      const { temperatureC } = await cameraActivities(siteId, cameraId, clock.fact, coolLimitS).coolCamera({
        cameraId,
        setPointC,
        limitS: coolLimitS,
      });
      return { result: `At ${celsius(temperatureC)} °C.` };
    }
    default: {
      const { cameraId } = instrumentOf(file, operation.instrumentId);
      await cameraActivities(siteId, cameraId, clock.fact, coolLimitS).warmCamera({ lease, cameraId });
      return { result: "The cooler is off; the camera warms up by itself." };
    }
  }
}

/** Brings a filter into the beam of an instrument; one without a wheel has its filter already. */
async function turnFilter(
  { siteId, clock, lease, file }: Majordome,
  instrument: InstrumentDescription,
  filter: string,
): Promise<void> {
  const wheel = wheelBefore(file, instrument);
  if (wheel === null) return;
  const queues = taskQueues(siteId);
  const queue = sitsOnTelescope(file, wheel) ? queues.mount : queues.camera(instrument.cameraId);
  const limitS = file.night.filterLimitS;
  const wheels = wheelActivities(siteId, queue, clock.fact, limitS);
  await wheels.setFilter({ lease, wheelId: wheel.id, filter, limitS });
}

/** Of the last slew by hand when the mount still points there, else its coordinates. */
function nameOfPlace(
  { manualRuns }: Majordome,
  place: { readonly raDeg: number; readonly decDeg: number },
): string {
  for (const { operation, state } of manualRuns) {
    if (operation.kind !== "slew" || state !== "done") continue;
    const { name, raDeg, decDeg } = operation.target;
    const offDeg = separationDeg(raDeg, decDeg, place.raDeg, place.decDeg);
    if (offDeg * ARCSEC_PER_DEG <= ON_TARGET_ARCSEC) return name;
  }
  return `${formatRightAscension(place.raDeg, 0)} ${formatDeclination(place.decDeg, 0)}`;
}

function celsius(value: number): string {
  return value.toFixed(1).replace("-", "−");
}
