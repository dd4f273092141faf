import { cancellationSignal } from "@temporalio/activity";
import type { SafetyMonitorClient } from "../adapters/alpaca/conditions.ts";
import type { DomeClient, DomeStatus } from "../adapters/alpaca/dome.ts";
import { motionLimitWallMs } from "../domain/clock.ts";
import type { Lease } from "../workflows/messages.ts";
import { nowMs, type Clocks } from "./clocks.ts";
import { failure, FAILURE } from "./failures.ts";
import { runActivity } from "./run-activity.ts";
import { checkLease, type ReadLease } from "./lease-check.ts";
import { readOrNull } from "./read-or-null.ts";
import { motionPollWallMs, waitUntil } from "./wait-until.ts";

export interface DomeDeps {
  readonly dome: DomeClient;
  readonly safety: SafetyMonitorClient;
  readonly readLease: ReadLease;
  readonly clocks: Clocks;
}

export interface OpenDomeInput {
  readonly lease: Lease;
  /** Observatory seconds. */
  readonly limitS: number;
}

export interface CloseDomeInput {
  /** Observatory seconds. */
  readonly limitS: number;
  /** A sentence for the history. */
  readonly why: string;
}

export interface DomeMoved {
  readonly doneMs: number;
  readonly doneWallMs: number;
  /** Nothing had to move. */
  readonly already: boolean;
}

/** A dome gets this long to begin to close before it is told again. */
const REPEAT_ORDER_WALL_MS = 1_000;

export type DomeActivities = ReturnType<typeof createDomeActivities>;

/** What moves the shutter. Opening needs the lease and a safe interlock; closing needs nothing. */
export function createDomeActivities({ dome, safety, readLease, clocks }: DomeDeps) {
  const done = (already: boolean): DomeMoved => ({
    doneMs: nowMs(clocks),
    doneWallMs: clocks.wallMs(),
    already,
  });

  /**
   * Opens the shutter and verifies Open. A closing that runs is waited for, never turned back.
   * Throws Unsafe, LeaseLost, NotReady (it began to close meanwhile), DeviceFault, LimitExceeded, DeviceUnreachable.
   */
  async function openDome({ lease, limitS }: OpenDomeInput): Promise<DomeMoved> {
    const clock = clocks.fact();
    const limitWallMs = motionLimitWallMs(clock, limitS);
    const pollWallMs = motionPollWallMs(clock);
    const begunMs = performance.now();
    const before = await waitUntil(
      { what: "a closing that runs to end", limitWallMs, pollWallMs },
      async (signal) => {
        const { shutter } = await dome.status({ signal });
        return shutter === "Closing" ? undefined : shutter;
      },
    );
    await checkSafe();
    await checkLease(readLease, lease);
    if (before === "Open") return done(true);
    if (before === "Error") {
      throw failure(FAILURE.DeviceFault, "The dome is not opened: its shutter reports an error.");
    }
    if (before !== "Opening") {
      const signal = cancellationSignal();
      signal.throwIfAborted();
      await dome.openShutter({ signal });
    }
    const leftWallMs = limitWallMs - (performance.now() - begunMs);
    await waitUntil({ what: "the dome to open", limitWallMs: leftWallMs, pollWallMs }, async (signal) => {
      const { shutter } = await dome.status({ signal });
      if (shutter === "Open") return true;
      if (shutter === "Error") {
        throw failure(FAILURE.DeviceFault, "The shutter reports an error while opening.");
      }
      if (shutter === "Closing" || shutter === "Closed") {
        throw failure(FAILURE.NotReady, "The dome was told to close while it was opening.");
      }
      return undefined;
    });
    return done(false);
  }

  /** The interlock is read by this activity itself, right before the command: no verdict that travelled counts. */
  async function checkSafe(): Promise<void> {
    if (await safety.isSafe({ signal: cancellationSignal() })) return;
    throw failure(FAILURE.Unsafe, "The dome is not opened: the interlock says unsafe.");
  }

  /**
   * Closes the shutter and verifies Closed. Needs no lease and stops nothing else; run twice it finds its own motion. A
   * shutter that cannot be read is ordered all the same.
   * Throws DeviceFault when the shutter reports an error a second time, LimitExceeded, DeviceUnreachable.
   */
  async function closeDome({ limitS }: CloseDomeInput): Promise<DomeMoved> {
    const clock = clocks.fact();
    const signal = cancellationSignal();
    const before = await readOrNull(() => dome.status({ signal }));
    if (before?.shutter === "Closed") return done(true);
    await dome.closeShutter({ signal });
    let orderedWallMs = clocks.wallMs();
    let retried = false;
    return waitUntil(
      {
        what: "the dome to close",
        limitWallMs: motionLimitWallMs(clock, limitS),
        pollWallMs: motionPollWallMs(clock),
      },
      async (signal) => {
        const { shutter } = await dome.status({ signal });
        if (shutter === "Closed") return done(false);
        // It gets a second to obey. Then, Error: once more. Still open, or opening again: the order stands.
        if (shutter === "Closing" || clocks.wallMs() - orderedWallMs < REPEAT_ORDER_WALL_MS) return undefined;
        if (shutter === "Error" && retried) {
          throw failure(
            FAILURE.DeviceFault,
            "The shutter reports an error while closing, for the second time.",
          );
        }
        retried ||= shutter === "Error";
        await dome.closeShutter({ signal });
        orderedWallMs = clocks.wallMs();
        return undefined;
      },
    );
  }

  return {
    openDome: (input: OpenDomeInput) => runActivity(() => openDome(input)),
    closeDome: (input: CloseDomeInput) => runActivity(() => closeDome(input)),
    /** The shutter as it is now. */
    domeStatus: (): Promise<DomeStatus> => runActivity(() => dome.status({ signal: cancellationSignal() })),
  };
}
