import { activityInfo } from "@temporalio/activity";
import { setTimeout as sleep } from "node:timers/promises";
import { failure, FAILURE } from "./failures.ts";

/** An abort waits this long for an order that is on its way to a device; one that hangs must not hold it up. */
const PASSING_LIMIT_MS = 500;
/** Interrupted workflows that are remembered: what they had under way has long ended when they are forgotten. */
const REMEMBERED = 200;

/**
 * What every start of an exposure or a slew passes last. A sequence learns of its cancellation a moment after its
 * exposures were aborted; what it asked for in between would begin while the telescope turns to the alert. So the abort
 * names the sequence, and from then on nothing of it passes. Kept in the one process that moves the devices: when it dies,
 * the cancellation has arrived before another runs.
 */
export interface StartGate {
  /** Sends one order for the workflow whose activity runs. Throws LeaseLost when that was interrupted. */
  pass<R>(order: () => Promise<R>): Promise<R>;
  /** Lets no further order of a workflow pass; returns when those on their way have arrived, or after half a second. */
  close(workflowId: string): Promise<void>;
}

export function createStartGate(): StartGate {
  const closed = new Set<string>();
  const passing = new Map<Promise<unknown>, string>();

  return {
    async pass(order) {
      const workflowId = activityInfo().workflowExecution?.workflowId ?? "";
      if (closed.has(workflowId)) {
        throw failure(FAILURE.LeaseLost, `Nothing was started: ${workflowId} was interrupted.`);
      }
      const sent = order();
      passing.set(sent, workflowId);
      try {
        return await sent;
      } finally {
        passing.delete(sent);
      }
    },

    async close(workflowId) {
      closed.add(workflowId);
      for (const oldest of closed) if (closed.size > REMEMBERED) closed.delete(oldest);
      const onTheirWay = [...passing].flatMap(([sent, by]) => (by === workflowId ? [sent] : []));
      if (onTheirWay.length === 0) return;
      const timer = new AbortController();
      await Promise.race([
        Promise.allSettled(onTheirWay),
        sleep(PASSING_LIMIT_MS, undefined, { signal: timer.signal }).catch(() => undefined),
      ]);
      timer.abort();
    },
  };
}
