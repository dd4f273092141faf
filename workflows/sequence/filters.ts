import {
  instrumentOf,
  sitsOnTelescope,
  wheelBefore,
  type DeviceDescription,
} from "../../domain/observatory.ts";
import { taskQueues } from "../names.ts";
import { wheelActivities } from "../proxies.ts";
import type { RunningSequence, Step } from "./state.ts";

/** The filter that each wheel of the sequence was seen to hold, by device id. */
export class Wheels {
  private readonly running: RunningSequence;
  private readonly held = new Map<string, string>();
  private readonly turning = new Map<string, Promise<void>>();

  constructor(running: RunningSequence) {
    this.running = running;
  }

  /** Turns the wheels that the first frames of a step need, while the telescope moves. Failures come when they are waited for. */
  turnAhead(step: Step): void {
    for (const { album, runs } of step.shares) {
      const filter = step.sharedFilter ?? runs[0]?.plan.filter;
      if (filter !== undefined) this.bring(album.instrumentId, filter).catch(() => undefined);
    }
  }

  /**
   * Brings a filter before an instrument and waits until the wheel says that it is there. Nothing turns when it is.
   * Throws what setFilter throws.
   */
  async bring(instrumentId: string, filter: string): Promise<void> {
    const { observatory } = this.running.input;
    const wheel = wheelBefore(observatory, instrumentOf(observatory, instrumentId));
    if (wheel === null) return;
    const key = `${wheel.id} ${filter}`;
    let turn = this.turning.get(key);
    if (turn === undefined) {
      if (this.held.get(wheel.id) === filter) return;
      turn = this.turn(wheel, filter).finally(() => this.turning.delete(key));
      this.turning.set(key, turn);
    }
    await turn;
  }

  private async turn(wheel: DeviceDescription, filter: string): Promise<void> {
    const { siteId, clock } = this.running;
    const { observatory, lease } = this.running.input;
    const limitS = observatory.night.filterLimitS;
    const queues = taskQueues(siteId);
    const queue = sitsOnTelescope(observatory, wheel)
      ? queues.mount
      : queues.camera(wheel.boundTo ?? wheel.id);
    this.held.delete(wheel.id);
    await wheelActivities(siteId, queue, clock.fact, limitS).setFilter({
      lease,
      wheelId: wheel.id,
      filter,
      limitS,
    });
    this.held.set(wheel.id, filter);
  }
}
