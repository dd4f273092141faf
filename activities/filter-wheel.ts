import { cancellationSignal } from "@temporalio/activity";
import type { FilterWheelClient } from "../adapters/alpaca/filter-wheel.ts";
import { motionLimitWallMs } from "../domain/clock.ts";
import type { Lease } from "../workflows/messages.ts";
import { nowMs, type Clocks } from "./clocks.ts";
import { failure, FAILURE } from "./failures.ts";
import { checkLease, type ReadLease } from "./lease-check.ts";
import { runActivity } from "./run-activity.ts";
import { motionPollWallMs, waitUntil } from "./wait-until.ts";

export interface FilterWheelDeps {
  /** Wheel clients by device id. */
  readonly wheels: ReadonlyMap<string, FilterWheelClient>;
  readonly readLease: ReadLease;
  readonly clocks: Clocks;
}

export interface FilterInput {
  readonly lease: Lease;
  readonly wheelId: string;
  readonly filter: string;
  /** Observatory seconds. */
  readonly limitS: number;
}

export interface FilterSet {
  readonly filter: string;
  readonly doneMs: number;
  /** It was in the beam already. */
  readonly already: boolean;
}

export type FilterWheelActivities = ReturnType<typeof createFilterWheelActivities>;

/** What turns filter wheels. */
export function createFilterWheelActivities({ wheels, readLease, clocks }: FilterWheelDeps) {
  /**
   * Brings a filter into the beam and verifies it by what the wheel says. Run twice it finds its own motion.
   * Throws LeaseLost, BadRequest when the wheel has no such filter, DeviceFault when it stops at another,
   * LimitExceeded, DeviceUnreachable.
   */
  async function setFilter({ lease, wheelId, filter, limitS }: FilterInput): Promise<FilterSet> {
    const wheel = wheels.get(wheelId);
    if (wheel === undefined) {
      throw failure(FAILURE.DeviceFault, `The observatory file has no filter wheel "${wheelId}".`);
    }
    const clock = clocks.fact();
    const signal = cancellationSignal();
    const filters = await wheel.filters({ signal });
    const slot = filters.indexOf(filter);
    if (slot < 0) {
      throw failure(
        FAILURE.BadRequest,
        `${wheel.name} has no filter "${filter}"; it has ${filters.join(", ")}.`,
      );
    }
    if ((await wheel.status({ signal })).slot === slot) {
      return { filter, doneMs: nowMs(clocks), already: true };
    }
    await checkLease(readLease, lease);
    signal.throwIfAborted();
    await wheel.turnTo(slot, { signal });
    return waitUntil(
      {
        what: `${wheel.name} to bring ${filter} into the beam`,
        limitWallMs: motionLimitWallMs(clock, limitS),
        pollWallMs: motionPollWallMs(clock),
      },
      async (signal) => {
        const now = await wheel.status({ signal });
        if (now.slot === null) return undefined;
        if (now.slot === slot) return { filter, doneMs: nowMs(clocks), already: false };
        throw failure(
          FAILURE.DeviceFault,
          `${wheel.name} was sent to ${filter} and stopped at ${now.filter ?? "no filter"}.`,
        );
      },
    );
  }

  return { setFilter: (input: FilterInput) => runActivity(() => setFilter(input)) };
}
