import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "@temporalio/client";
import { WorkflowNotFoundError } from "@temporalio/client";
import type { AlertRepository } from "../db/repositories/alerts.ts";
import type { NoticeRepository } from "../db/repositories/notices.ts";
import { createDeliverer, type DeliveryDeps } from "./deliver.ts";

export interface RedeliveryDeps extends DeliveryDeps {
  readonly database: DeliveryDeps["database"] & {
    readonly alerts: Pick<AlertRepository, "update" | "live">;
    readonly notices: Pick<NoticeRepository, "markDelivered" | "recordOnly" | "undelivered" | "ofAlert">;
  };
  readonly client: Pick<Client, "workflow" | "withDeadline">;
  /** Told of a round that could not be finished. */
  readonly onProblem: (problem: Error) => void;
  /** Wait between rounds, wall ms; 10 s when absent. */
  readonly everyMs?: number;
  /** Wait after a round that failed, wall ms; 2 s when absent. */
  readonly retryMs?: number;
}

export interface Redelivery {
  /** Ends the rounds; resolves when none is under way. */
  stop(): Promise<void>;
}

/** Limit on one call of Temporal, wall ms. */
const CALL_LIMIT_MS = 3_000;
/** Calls at once: a thawed server should not be met by hundreds. */
const AT_ONCE = 8;

/**
 * Sends again what Temporal has not acknowledged, and looks after every live alert: one whose workflow is gone (the
 * server lost its newest writes in a power cut) is started again from its stored notices, one whose workflow was ended
 * from outside is closed. At the start, all notices of
 * live alerts are sent again, since a server that came back may have lost the newest. The workflow takes each notice
 * once. Runs until `stop`.
 */
export function startRedelivery(deps: RedeliveryDeps): Redelivery {
  const { database, client } = deps;
  const siteId = deps.observatory.site.id;
  const { deliver, setting } = createDeliverer(deps);
  const stopping = new AbortController();

  const run = async (): Promise<void> => {
    let first = true;
    while (!stopping.signal.aborted) {
      let waitMs = deps.everyMs ?? 10_000;
      try {
        await round(first);
        first = false;
      } catch (cause) {
        deps.onProblem(new Error("alert notices could not be sent again now; it is tried anew", { cause }));
        waitMs = deps.retryMs ?? 2_000;
      }
      await pause(waitMs, stopping.signal);
    }
  };

  const round = async (everything: boolean): Promise<void> => {
    const now = await setting();
    const waiting = await database.notices.undelivered(siteId);
    const failures = await inBatches(waiting, async (notice) => {
      if (notice.alertKey !== null)
        await deliver({ ...notice, alertKey: notice.alertKey }, now, CALL_LIMIT_MS);
    });
    const live = await database.alerts.live(siteId);
    const more = await inBatches(live, async (alert) => {
      const standing = await standingOf(alert.workflowId);
      if (standing === "closed") return closeAlert(alert.key);
      if (standing === "open" && !everything) return;
      for (const notice of await database.notices.ofAlert(alert.key)) {
        if (notice.needsDelivery) await deliver({ ...notice, alertKey: alert.key }, now, CALL_LIMIT_MS);
      }
    });
    if (failures.length + more.length > 0) {
      throw new AggregateError(
        [...failures, ...more],
        `${failures.length} notices and ${more.length} alerts`,
      );
    }
  };

  const standingOf = async (workflowId: string): Promise<"open" | "closed" | "lost"> => {
    try {
      const { status } = await client.withDeadline(deps.wallMs() + CALL_LIMIT_MS, () =>
        client.workflow.getHandle(workflowId).describe(),
      );
      return status.name === "RUNNING" ? "open" : "closed";
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return "lost";
      throw error;
    }
  };

  /** A workflow closes its alert before it ends: one that is still open was terminated, or failed. */
  const closeAlert = async (alertKey: string): Promise<void> => {
    const reason = "its workflow was ended from outside, or failed";
    await database.alerts.update(alertKey, { closed: true, reason, updatedWallMs: deps.wallMs() });
    deps.onProblem(new Error(`alert ${alertKey} is closed: ${reason}`));
  };

  const running = run();
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

/** Waits, or not when it is to stop. */
async function pause(waitMs: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(waitMs, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/**
 * Works through items, some at once, and returns the failures. One that fails does not keep the others back; when a
 * whole batch fails the server is away, and the rest is left for the next round.
 */
async function inBatches<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<unknown[]> {
  const failures: unknown[] = [];
  for (let from = 0; from < items.length; from += AT_ONCE) {
    const batch = items.slice(from, from + AT_ONCE);
    const outcomes = await Promise.allSettled(batch.map(work));
    const failed = outcomes.flatMap((outcome) =>
      outcome.status === "rejected" ? [outcome.reason as unknown] : [],
    );
    failures.push(...failed);
    if (failed.length === batch.length) break;
  }
  return failures;
}
