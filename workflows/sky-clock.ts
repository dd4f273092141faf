import { condition } from "@temporalio/workflow";
import { observatoryMs, wallWaitMs, type ClockFact } from "../domain/clock.ts";

/**
 * Observatory time inside a workflow. The fact may be anchored anew while the workflow waits (`clockChanged`); every
 * wait for a sky instant goes through `sleepUntil`, which reads the clock again on waking.
 */
export class SkyClock {
  fact: ClockFact;

  constructor(fact: ClockFact) {
    this.fact = fact;
  }

  /** Takes a newer fact; an older epoch that arrives late is ignored. */
  change(fact: ClockFact): void {
    if (fact.epoch >= this.fact.epoch) this.fact = fact;
  }

  /** Observatory time now, Unix ms. Date.now() is the workflow's replay-safe wall time. */
  nowMs(): number {
    return observatoryMs(this.fact, Date.now());
  }

  /**
   * Waits until the observatory clock shows `instantMs`, or `interrupted` becomes true.
   * @returns whether the instant was reached (false: interrupted).
   */
  async sleepUntil(instantMs: number, interrupted: () => boolean = () => false): Promise<boolean> {
    for (;;) {
      if (interrupted()) return false;
      const waitMs = wallWaitMs(this.fact, instantMs, Date.now());
      if (waitMs === 0) return true;
      const epoch = this.fact.epoch;
      await condition(() => interrupted() || this.fact.epoch !== epoch, waitMs);
    }
  }
}
