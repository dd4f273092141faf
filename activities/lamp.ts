import { cancellationSignal } from "@temporalio/activity";
import type { CoverClient } from "../adapters/alpaca/cover.ts";
import { motionLimitWallMs } from "../domain/clock.ts";
import type { Lease } from "../workflows/messages.ts";
import { nowMs, type Clocks } from "./clocks.ts";
import { failure, FAILURE } from "./failures.ts";
import { checkLease, type ReadLease } from "./lease-check.ts";
import { runActivity } from "./run-activity.ts";
import { motionPollWallMs, waitUntil } from "./wait-until.ts";

export interface LampDeps {
  /** Null when the observatory has no cover with a lamp. */
  readonly cover: CoverClient | null;
  readonly readLease: ReadLease;
  readonly clocks: Clocks;
}

export type LampActivities = ReturnType<typeof createLampActivities>;

/** The flat-field lamp. Lighting it needs the lease, turning it off nothing. */
export function createLampActivities({ cover, readLease, clocks }: LampDeps) {
  /**
   * Turns the lamp on and waits until it is steady.
   * @param brightnessPct of the lamp's own maximum
   * @param limitS observatory seconds
   * Throws LeaseLost, DeviceFault, LimitExceeded, DeviceUnreachable.
   */
  async function lampOn({
    lease,
    brightnessPct,
    limitS,
  }: {
    readonly lease: Lease;
    readonly brightnessPct: number;
    readonly limitS: number;
  }): Promise<{ readonly readyMs: number }> {
    const client = present();
    const signal = cancellationSignal();
    const most = await client.maxBrightness({ signal });
    const brightness = Math.max(1, Math.round((most * brightnessPct) / 100));
    await checkLease(readLease, lease);
    signal.throwIfAborted();
    await client.lampOn(brightness, { signal });
    const clock = clocks.fact();
    return waitUntil(
      {
        what: `the lamp of ${client.name} to be steady`,
        limitWallMs: motionLimitWallMs(clock, limitS),
        pollWallMs: motionPollWallMs(clock),
      },
      async (signal) => {
        const { lamp } = await client.status({ signal });
        if (lamp === "Error")
          throw failure(FAILURE.DeviceFault, `The lamp of ${client.name} reports an error.`);
        return lamp === "Ready" ? { readyMs: nowMs(clocks) } : undefined;
      },
    );
  }

  /** Turns the lamp off; without one there is nothing to do. Throws DeviceFault, DeviceUnreachable. */
  async function lampOff(): Promise<void> {
    if (cover !== null) await cover.lampOff({ signal: cancellationSignal() });
  }

  function present(): CoverClient {
    if (cover !== null) return cover;
    throw failure(FAILURE.DeviceFault, "The observatory file has no flat-field lamp: no flats are taken.");
  }

  return {
    lampOn: (input: { readonly lease: Lease; readonly brightnessPct: number; readonly limitS: number }) =>
      runActivity(() => lampOn(input)),
    lampOff: () => runActivity(lampOff),
  };
}
