import { cancellationSignal } from "@temporalio/activity";
import { AlpacaError } from "../adapters/alpaca/errors.ts";
import type { TelescopeClient, TelescopeStatus } from "../adapters/alpaca/telescope.ts";
import { motionLimitWallMs } from "../domain/clock.ts";
import type { Observatory } from "../domain/observatory.ts";
import { ON_TARGET_ARCSEC, whyNotPointing } from "../domain/safety/pointing.ts";
import { ARCSEC_PER_DEG, separationDeg } from "../domain/units.ts";
import type { Lease, TargetPosition } from "../workflows/messages.ts";
import { nowMs, type Clocks } from "./clocks.ts";
import { failure, FAILURE, isFailure } from "./failures.ts";
import { runActivity } from "./run-activity.ts";
import { checkLease, type ReadLease } from "./lease-check.ts";
import { readOrNull } from "./read-or-null.ts";
import type { StartGate } from "./start-gate.ts";
import { motionPollWallMs, waitUntil } from "./wait-until.ts";

export interface TelescopeDeps {
  readonly observatory: Pick<Observatory, "site" | "telescope">;
  readonly telescope: TelescopeClient;
  readonly readLease: ReadLease;
  readonly gate: StartGate;
  readonly clocks: Clocks;
}

export interface SlewInput {
  readonly lease: Lease;
  readonly target: TargetPosition;
  readonly minAltDeg: number;
  /** How near counts as being there already; 30 arcsec when left out, less for dithers. */
  readonly toleranceArcsec?: number;
}

export interface AwaitInput {
  readonly target: TargetPosition;
  /** Observatory seconds. */
  readonly limitS: number;
  readonly toleranceArcsec?: number;
}

export interface SlewStarted {
  readonly startedWallMs: number;
  readonly startedMs: number;
  /** It already tracked the target. */
  readonly alreadyThere: boolean;
}

export interface OnTarget {
  readonly onTargetMs: number;
  readonly offsetArcsec: number;
}

export interface Parked {
  readonly parkedMs: number;
  readonly alreadyParked: boolean;
}

/** A mount's answer that it was sent to this place: coordinates travel as decimal text, so they come back to 0.1". */
const SAME_TARGET_ARCSEC = 1;
/** How long a mount may take to stop after AbortSlew. */
const STOP_LIMIT_WALL_MS = 10_000;
/** Stop does not wait for a mount that is slow to say how it is. */
const STOP_LOOK_LIMIT_MS = 1_000;
/** Looks in a row at which a mount stands still unparked before parking counts as failed. */
const STILL_LOOKS = 10;

export type TelescopeActivities = ReturnType<typeof createTelescopeActivities>;

/** What moves the mount. Slewing needs the lease; stopping and parking never do. */
export function createTelescopeActivities({
  observatory,
  telescope,
  readLease,
  gate,
  clocks,
}: TelescopeDeps) {
  /**
   * Starts a slew and returns at once. Run twice it finds its own slew, or the target reached.
   * Throws LeaseLost, OutOfLimits (sentence with numbers), DeviceFault, DeviceUnreachable.
   */
  async function startSlew({ lease, target, minAltDeg, toleranceArcsec }: SlewInput): Promise<SlewStarted> {
    const signal = cancellationSignal();
    const moving = async (command: () => Promise<void>): Promise<void> => {
      await checkLease(readLease, lease);
      signal.throwIfAborted();
      await gate.pass(command);
    };
    const started = (alreadyThere: boolean): SlewStarted => ({
      startedWallMs: clocks.wallMs(),
      startedMs: nowMs(clocks),
      alreadyThere,
    });

    const why = whyNotPointing(observatory, target, minAltDeg, nowMs(clocks));
    if (why !== null) throw failure(FAILURE.OutOfLimits, `No slew to ${target.name}: ${why}`);

    const status = await telescope.status({ signal });
    if (onTarget(status, target, toleranceArcsec)) {
      await checkLease(readLease, lease);
      return started(true);
    }
    if (status.slewing) {
      // A mount that is parking slews too, without tracking, and still names its former target.
      if (status.tracking && (await isSentTo(target, signal))) {
        await checkLease(readLease, lease);
        return started(false);
      }
      await stopSlew(signal);
    }
    if (status.parked) await moving(() => telescope.unpark({ signal }));
    if (status.parked || !status.tracking) await moving(() => telescope.setTracking(true, { signal }));
    // Not cut short by a cancellation: whether the mount moves must be known.
    await moving(() => telescope.slewTo(target));
    return started(false);
  }

  /** Whether the mount was sent to this place: asked of the mount itself, so that it outlives this process. */
  async function isSentTo(target: TargetPosition, signal: AbortSignal): Promise<boolean> {
    const sentTo = await telescope.target({ signal });
    return sentTo !== null && offsetArcsec(sentTo, target) <= SAME_TARGET_ARCSEC;
  }

  async function stopSlew(signal: AbortSignal): Promise<void> {
    await telescope.abortSlew({ signal });
    await waitUntil(
      { what: "the mount to stop", limitWallMs: STOP_LIMIT_WALL_MS, pollWallMs: 50 },
      async (signal) => ((await telescope.status({ signal })).slewing ? undefined : true),
    );
  }

  /**
   * Waits until the mount has stopped on the target and tracks it. One that does not get there in time is stopped.
   * @param limitS observatory seconds
   * Throws NotOnTarget when it stopped elsewhere, LimitExceeded, DeviceUnreachable.
   */
  async function awaitOnTarget({ target, limitS, toleranceArcsec }: AwaitInput): Promise<OnTarget> {
    const clock = clocks.fact();
    return stoppedWhenLate(() =>
      waitUntil(
        {
          what: `the mount to reach ${target.name}`,
          limitWallMs: motionLimitWallMs(clock, limitS),
          pollWallMs: motionPollWallMs(clock),
        },
        async (signal) => {
          const status = await telescope.status({ signal });
          if (status.slewing) return undefined;
          const reached = { onTargetMs: nowMs(clocks), offsetArcsec: offsetOf(status, target) };
          if (onTarget(status, target, toleranceArcsec)) return reached;
          throw failure(
            FAILURE.NotOnTarget,
            `The mount stopped ${arcsecInWords(reached.offsetArcsec)} from ${target.name}${status.parked ? ", parked" : status.tracking ? "" : ", not tracking"}.`,
          );
        },
      ),
    );
  }

  /** Nobody waits for a slew any more that took too long: it must not go on. */
  async function stoppedWhenLate<R>(wait: () => Promise<R>): Promise<R> {
    try {
      return await wait();
    } catch (error) {
      if (isFailure(error, FAILURE.LimitExceeded)) {
        await readOrNull(() => telescope.abortSlew({ signal: cancellationSignal() }));
      }
      throw error;
    }
  }

  /**
   * Parks and verifies AtPark. Needs no lease; run twice it finds its own motion. A mount that cannot be read is ordered
   * all the same.
   * @param limitS observatory seconds
   * Throws DeviceFault when it stands still unparked, LimitExceeded, DeviceUnreachable.
   */
  async function park({ limitS }: { readonly limitS: number }): Promise<Parked> {
    const clock = clocks.fact();
    const signal = cancellationSignal();
    if ((await readOrNull(() => telescope.status({ signal })))?.parked === true) {
      return { parkedMs: nowMs(clocks), alreadyParked: true };
    }
    try {
      await telescope.park({ signal });
    } catch (error) {
      // Some mounts refuse to park out of a slew.
      if (!(error instanceof AlpacaError)) throw error;
      await stopSlew(signal);
      await telescope.park({ signal });
    }
    let still = 0;
    return waitUntil(
      {
        what: "the mount to park",
        limitWallMs: motionLimitWallMs(clock, limitS),
        pollWallMs: motionPollWallMs(clock),
      },
      async (signal) => {
        const status = await telescope.status({ signal });
        if (status.parked) return { parkedMs: nowMs(clocks), alreadyParked: false };
        still = status.slewing ? 0 : still + 1;
        if (still < STILL_LOOKS) return undefined;
        throw failure(FAILURE.DeviceFault, "The mount was told to park, but stands still and is not parked.");
      },
    );
  }

  /** Unparks by hand; the mount stands still. Throws LeaseLost, DeviceFault, DeviceUnreachable. */
  async function unpark({ lease }: { readonly lease: Lease }): Promise<void> {
    const signal = cancellationSignal();
    if (!(await telescope.status({ signal })).parked) return;
    await checkLease(readLease, lease);
    await telescope.unpark({ signal });
  }

  /**
   * Starts or stops tracking where the mount points. Throws LeaseLost, NotReady (parked or slewing), OutOfLimits (it
   * would track too low or near the Sun), DeviceFault, DeviceUnreachable.
   */
  async function setTracking({ lease, on }: { readonly lease: Lease; readonly on: boolean }): Promise<void> {
    const signal = cancellationSignal();
    const status = await telescope.status({ signal });
    if (status.parked) throw failure(FAILURE.NotReady, "The telescope is parked: unpark it first.");
    if (status.slewing) throw failure(FAILURE.NotReady, "The telescope is slewing: wait, or stop it first.");
    if (on) {
      const place = placeOf(status);
      const target = { name: "The field in front of the telescope", ...place };
      const why = whyNotPointing(observatory, target, observatory.telescope.minAltDeg, nowMs(clocks));
      if (why !== null) throw failure(FAILURE.OutOfLimits, `No tracking: ${why}`);
    }
    await checkLease(readLease, lease);
    await telescope.setTracking(on, { signal });
  }

  /** Where the mount points, ICRS degrees. Throws NotReady when it does not say. */
  async function mountPlace(): Promise<Place> {
    return placeOf(await telescope.status({ signal: cancellationSignal() }));
  }

  /** Stops every motion of the mount at once. Needs no lease; does nothing when it is parked or still. In doubt it stops. */
  async function stopMount(): Promise<{ readonly stoppedWallMs: number }> {
    const signal = cancellationSignal();
    const before = await readOrNull(() => telescope.status({ signal, limitMs: STOP_LOOK_LIMIT_MS }));
    if (before?.parked !== true) await telescope.abortSlew({ signal });
    return { stoppedWallMs: clocks.wallMs() };
  }

  /**
   * Ends the tracking of a mount that has gone beyond its limits. Needs no lease, as every stop; does nothing when it is
   * parked. Throws DeviceFault, DeviceUnreachable.
   */
  async function stopTracking(): Promise<{ readonly stoppedWallMs: number }> {
    const signal = cancellationSignal();
    const before = await readOrNull(() => telescope.status({ signal, limitMs: STOP_LOOK_LIMIT_MS }));
    if (before?.parked !== true) await telescope.setTracking(false, { signal });
    return { stoppedWallMs: clocks.wallMs() };
  }

  return {
    startSlew: (input: SlewInput) => runActivity(() => startSlew(input)),
    awaitOnTarget: (input: AwaitInput) => runActivity(() => awaitOnTarget(input)),
    park: (input: { readonly limitS: number }) => runActivity(() => park(input)),
    unpark: (input: { readonly lease: Lease }) => runActivity(() => unpark(input)),
    setTracking: (input: { readonly lease: Lease; readonly on: boolean }) =>
      runActivity(() => setTracking(input)),
    mountPlace: () => runActivity(mountPlace),
    stopMount: () => runActivity(stopMount),
    stopTracking: () => runActivity(stopTracking),
  };
}

interface Place {
  readonly raDeg: number;
  readonly decDeg: number;
}

function placeOf({ raDeg, decDeg }: TelescopeStatus): Place {
  if (raDeg === null || decDeg === null) {
    throw failure(FAILURE.NotReady, "The mount does not say where it points.");
  }
  return { raDeg, decDeg };
}

function offsetArcsec(a: Place, b: Place): number {
  return separationDeg(a.raDeg, a.decDeg, b.raDeg, b.decDeg) * ARCSEC_PER_DEG;
}

/** Distance of the mount from a target in arcsec; infinite when it does not say where it points. */
export function offsetOf(status: TelescopeStatus, target: Place): number {
  if (status.raDeg === null || status.decDeg === null) return Number.POSITIVE_INFINITY;
  return offsetArcsec({ raDeg: status.raDeg, decDeg: status.decDeg }, target);
}

/** Whether the mount tracks a target: unparked, still, tracking, and within the tolerance (30 arcsec) of it. */
export function onTarget(
  status: TelescopeStatus,
  target: Place,
  toleranceArcsec: number = ON_TARGET_ARCSEC,
): boolean {
  return status.tracking && !status.parked && !status.slewing && offsetOf(status, target) <= toleranceArcsec;
}

/** An angle for people: arcsec below one degree, else degrees. */
export function arcsecInWords(arcsec: number): string {
  if (!Number.isFinite(arcsec)) return "an unknown distance";
  return arcsec < ARCSEC_PER_DEG ? `${arcsec.toFixed(0)}″` : `${(arcsec / ARCSEC_PER_DEG).toFixed(1)}°`;
}
