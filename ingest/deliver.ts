import type { Client } from "@temporalio/client";
import { WorkflowExecutionAlreadyStartedError } from "@temporalio/client";
import type { ClockFact } from "../domain/clock.ts";
import type { Observatory } from "../domain/observatory.ts";
import type { Strategy } from "../domain/strategies/strategy.ts";
import type { AlertRepository } from "../db/repositories/alerts.ts";
import type { NightRepository } from "../db/repositories/nights.ts";
import type { NoticeRepository } from "../db/repositories/notices.ts";
import type { StrategyRepository } from "../db/repositories/strategies.ts";
import { type AlertInput, type AlertNotice, noticeSignal } from "../workflows/messages.ts";
import {
  alertWorkflowId,
  nightWorkflowId,
  taskQueues,
  WORKFLOW_TASK_TIMEOUT,
  WORKFLOW_TYPES,
} from "../workflows/names.ts";

/** A stored notice that a workflow is to hear of. */
export interface Delivery {
  readonly id: number;
  readonly alertKey: string;
  readonly parsed: unknown;
  readonly receivedWallMs: number;
}

/** Strategy and night in force. */
export interface Setting {
  readonly strategy: Strategy;
  /** Workflow id of the night that is open, or null. */
  readonly nightWorkflowId: string | null;
}

export interface DeliveryDeps {
  readonly database: {
    readonly alerts: Pick<AlertRepository, "update">;
    readonly nights: Pick<NightRepository, "latest">;
    readonly notices: Pick<NoticeRepository, "markDelivered" | "recordOnly">;
    readonly strategies: Pick<StrategyRepository, "byDefault">;
  };
  readonly client: Pick<Client, "workflow" | "withDeadline">;
  readonly observatory: Observatory;
  readonly clock: () => ClockFact;
  readonly wallMs: () => number;
}

export type Deliverer = ReturnType<typeof createDeliverer>;

/** Hands stored notices to the workflows of their alerts. */
export function createDeliverer(deps: DeliveryDeps) {
  const { client, database, observatory } = deps;
  const siteId = observatory.site.id;

  /**
   * Signals the alert's workflow, starting it when there is none: acknowledged by the server alone, no worker needed.
   * Sent twice, the workflow takes a notice once, by its id. A workflow that has closed is not started again: the
   * notice is then only recorded.
   * @param setting strategy and night in force
   * @param limitMs how long Temporal may take, wall ms
   * @throws the SDK's error when it did not acknowledge in time
   */
  const deliver = async (delivery: Delivery, setting: Setting, limitMs: number): Promise<void> => {
    const input: AlertInput = {
      alertKey: delivery.alertKey,
      siteId,
      observatory,
      clock: deps.clock(),
      strategy: setting.strategy,
      nightWorkflowId: setting.nightWorkflowId,
      carried: null,
    };
    const notice: AlertNotice = {
      noticeId: String(delivery.id),
      notice: delivery.parsed,
      receivedWallMs: delivery.receivedWallMs,
    };
    try {
      await client.withDeadline(deps.wallMs() + limitMs, () =>
        client.workflow.signalWithStart(WORKFLOW_TYPES.alert, {
          workflowId: alertWorkflowId(siteId, delivery.alertKey),
          taskQueue: taskQueues(siteId).control,
          args: [input],
          signal: noticeSignal,
          signalArgs: [notice],
          workflowIdReusePolicy: "REJECT_DUPLICATE",
          workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT,
          staticSummary: `Alert ${delivery.alertKey}`,
        }),
      );
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      await database.alerts.update(delivery.alertKey, { closed: true, updatedWallMs: deps.wallMs() });
      await database.notices.recordOnly(
        delivery.id,
        "the alert has closed, so that the notice is only recorded",
      );
      return;
    }
    await database.notices.markDelivered(delivery.id, deps.wallMs());
  };

  /** What a new alert is started with. Throws when no strategy is stored: the database was never seeded. */
  const setting = async (): Promise<Setting> => {
    const [strategy, night] = await Promise.all([
      database.strategies.byDefault(),
      database.nights.latest(siteId),
    ]);
    if (strategy === null)
      throw new Error(
        "no default strategy is stored: put strategies/default.json beside the observatory file and run `vesper seed`",
      );
    return {
      strategy: strategy.document as unknown as Strategy,
      nightWorkflowId: night?.status === "open" ? nightWorkflowId(siteId, night.date) : null,
    };
  };

  return { deliver, setting };
}
