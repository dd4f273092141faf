import { cancellationSignal } from "@temporalio/activity";
import type { FocuserClient } from "../adapters/alpaca/focuser.ts";
import { motionLimitWallMs } from "../domain/clock.ts";
import type { Lease } from "../workflows/messages.ts";
import { nowMs, type Clocks } from "./clocks.ts";
import { failure, FAILURE } from "./failures.ts";
import { checkLease, type ReadLease } from "./lease-check.ts";
import { runActivity } from "./run-activity.ts";
import { motionPollWallMs, waitUntil } from "./wait-until.ts";

export interface FocuserDeps {
  /** Null when the observatory has no focuser. */
  readonly focuser: FocuserClient | null;
  readonly readLease: ReadLease;
  readonly clocks: Clocks;
}

export interface FocusInput {
  readonly lease: Lease;
  /** Focuser steps. */
  readonly position: number;
  /** Observatory seconds. */
  readonly limitS: number;
}

export interface Focused {
  readonly position: number;
  readonly doneMs: number;
  /** It stood there already. */
  readonly already: boolean;
}

export type FocuserActivities = ReturnType<typeof createFocuserActivities>;

/** A focuser is where it was sent when it is nearer than this, steps. */
const TOLERANCE_STEPS = 5;

/** What moves the focuser. */
export function createFocuserActivities({ focuser, readLease, clocks }: FocuserDeps) {
  /**
   * Moves the focuser and verifies where it stopped. Run twice it finds its own motion, or that it is there.
   * Throws LeaseLost, DeviceFault when it stops elsewhere, LimitExceeded, DeviceUnreachable.
   */
  async function moveFocuser({ lease, position, limitS }: FocusInput): Promise<Focused> {
    if (focuser === null) throw failure(FAILURE.DeviceFault, "The observatory file has no focuser.");
    const client = focuser;
    const clock = clocks.fact();
    const signal = cancellationSignal();
    const isThere = (at: number): boolean => Math.abs(at - position) <= TOLERANCE_STEPS;
    const before = await client.status({ signal });
    if (!before.moving && isThere(before.position)) {
      return { position: before.position, doneMs: nowMs(clocks), already: true };
    }
    await checkLease(readLease, lease);
    signal.throwIfAborted();
    await client.moveTo(position, { signal });
    return waitUntil(
      {
        what: `${client.name} to reach step ${position}`,
        limitWallMs: motionLimitWallMs(clock, limitS),
        pollWallMs: motionPollWallMs(clock),
      },
      async (signal) => {
        const now = await client.status({ signal });
        if (now.moving) return undefined;
        if (isThere(now.position)) return { position: now.position, doneMs: nowMs(clocks), already: false };
        throw failure(
          FAILURE.DeviceFault,
          `${client.name} was sent to step ${position} and stopped at ${now.position}.`,
        );
      },
    );
  }

  return { moveFocuser: (input: FocusInput) => runActivity(() => moveFocuser(input)) };
}
