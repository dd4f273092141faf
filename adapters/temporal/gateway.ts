import { randomUUID } from "node:crypto";
import type { Client, WorkflowHandle } from "@temporalio/client";
import { WorkflowUpdateFailedError } from "@temporalio/client";
import type { UpdateDefinition } from "@temporalio/common";
import {
  closeUpdate,
  endNightUpdate,
  leaveMaintenanceUpdate,
  manualUpdate,
  pauseUpdate,
  requestsChangedSignal,
  resumeUpdate,
  startCalibrationUpdate,
  startNightUpdate,
  stateQuery,
  stopUpdate,
  takeMaintenanceUpdate,
} from "../../workflows/messages.ts";
import type { ManualOrder, ObservatoryState, PersonalOrder } from "../../workflows/messages.ts";
import { observatoryWorkflowId } from "../../workflows/names.ts";
import { NotAnsweringError, notAnswering } from "./not-answering.ts";

/** What came of a command of a person within the time a person waits for it. */
export type CommandOutcome =
  | { readonly kind: "applied"; readonly state: ObservatoryState }
  /** The workflow's validator said no; `reason` is its sentence. Nothing changed. */
  | { readonly kind: "refused"; readonly reason: string }
  /** Nobody answered in time. It goes on being sent; `reason` says who is away. */
  | { readonly kind: "unconfirmed"; readonly reason: string };

/** A command that was not confirmed at once, and what came of it since. */
export interface LateCommand {
  /** Id of its update: unique. */
  readonly id: string;
  readonly command: string;
  readonly by: string;
  readonly sentWallMs: number;
  readonly outcome: "sending" | "applied" | "refused" | "givenUp";
  readonly reason: string;
}

/** Typed access to the workflows of one site, with a limit on every call. */
export interface TemporalGateway {
  /** State of `observatory`. @throws NotAnsweringError after 2 s */
  observatoryState(): Promise<ObservatoryState>;
  pause(by: string, when: "now" | "frameEnd"): Promise<CommandOutcome>;
  resume(by: string): Promise<CommandOutcome>;
  close(by: string): Promise<CommandOutcome>;
  startNight(by: string): Promise<CommandOutcome>;
  endNight(by: string): Promise<CommandOutcome>;
  stop(order: PersonalOrder): Promise<CommandOutcome>;
  takeMaintenance(order: PersonalOrder & { readonly reason: string }): Promise<CommandOutcome>;
  leaveMaintenance(order: PersonalOrder): Promise<CommandOutcome>;
  /** One operation by hand. Sent once: a motion that begins minutes after it was ordered would surprise. */
  manual(order: ManualOrder): Promise<CommandOutcome>;
  /** Takes the calibrations of the last night once more. */
  startCalibration(by: string): Promise<CommandOutcome>;
  /** Tells `observatory` that requests changed. @throws NotAnsweringError after 2 s */
  requestsChanged(reason: string): Promise<void>;
  /** Whether the server answers. @throws NotAnsweringError after 2 s */
  ping(): Promise<void>;
  /** Commands of this process that were not confirmed at once, newest first. */
  lateCommands(): readonly LateCommand[];
}

export interface GatewayDeps {
  readonly client: Client;
  readonly siteId: string;
  /** Told when a command was not confirmed in time, and again when it was applied, refused or given up. */
  readonly onLateCommand?: (command: LateCommand) => void;
  readonly answerLimitMs?: number;
  /** How long an unconfirmed command goes on being sent. */
  readonly resendForMs?: number;
}

/**
 * The gateway of one site. A command is a Temporal update with an id of its own. An update that no worker has accepted is not durable on
 * the server, so an unconfirmed one is sent again under the same id (the server applies it once) until the
 * worker is back or `resendForMs` (10 min) have passed.
 */
export function createTemporalGateway(deps: GatewayDeps): TemporalGateway {
  const { client, siteId, answerLimitMs = 2_000, resendForMs = 600_000 } = deps;
  const workflowId = observatoryWorkflowId(siteId);
  const late: LateCommand[] = [];
  const handle = (): WorkflowHandle => client.workflow.getHandle(workflowId);

  async function within<T>(limitMs: number, call: () => Promise<T>): Promise<T> {
    try {
      return await client.withDeadline(Date.now() + limitMs, call);
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError) throw error;
      throw notAnswering(error, workflowId, limitMs);
    }
  }

  async function command<Args extends [{ by: string }]>(
    definition: UpdateDefinition<ObservatoryState, Args>,
    args: Args,
    { resent = true }: { readonly resent?: boolean } = {},
  ): Promise<CommandOutcome> {
    const updateId = randomUUID();
    const send = (limitMs: number): Promise<ObservatoryState> =>
      within(limitMs, () => handle().executeUpdate(definition, { args, updateId }));
    try {
      return { kind: "applied", state: await send(answerLimitMs) };
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError) return { kind: "refused", reason: refusalOf(error) };
      if (!(error instanceof NotAnsweringError)) throw error;
      if (resent) void resend(updateId, definition.name, args[0].by, send);
      return { kind: "unconfirmed", reason: error.message };
    }
  }

  async function resend(
    id: string,
    name: string,
    by: string,
    send: (limitMs: number) => Promise<ObservatoryState>,
  ): Promise<void> {
    const sentWallMs = Date.now();
    const record = (outcome: LateCommand["outcome"], reason: string): void => {
      const entry: LateCommand = { id, command: name, by, sentWallMs, outcome, reason };
      const at = late.findIndex((each) => each.id === id);
      late.splice(Math.max(0, at), at < 0 ? 0 : 1, entry);
      late.length = Math.min(late.length, 20);
      deps.onLateCommand?.(entry);
    };
    record("sending", "");
    while (Date.now() - sentWallMs < resendForMs) {
      try {
        await send(10_000);
        record("applied", "");
        return;
      } catch (error) {
        if (error instanceof WorkflowUpdateFailedError) {
          record("refused", refusalOf(error));
          return;
        }
        if (!(error instanceof NotAnsweringError)) {
          record("givenUp", String(error));
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, 1_000).unref());
      }
    }
    record("givenUp", `nobody answered for ${Math.round(resendForMs / 60_000)} min`);
  }

  return {
    observatoryState: async () => {
      const state = await within(answerLimitMs, () => handle().query(stateQuery));
      if (state.kind !== "observatory") {
        throw new NotAnsweringError(`Workflow ${workflowId} answered as ${state.kind}.`);
      }
      return state;
    },
    pause: (by, when) => command(pauseUpdate, [{ by, when }]),
    resume: (by) => command(resumeUpdate, [{ by }]),
    close: (by) => command(closeUpdate, [{ by }]),
    startNight: (by) => command(startNightUpdate, [{ by }]),
    endNight: (by) => command(endNightUpdate, [{ by }]),
    stop: (order) => command(stopUpdate, [order]),
    takeMaintenance: (order) => command(takeMaintenanceUpdate, [order]),
    leaveMaintenance: (order) => command(leaveMaintenanceUpdate, [order]),
    manual: (order) => command(manualUpdate, [order], { resent: false }),
    startCalibration: (by) => command(startCalibrationUpdate, [{ by }]),
    requestsChanged: (reason) =>
      within(answerLimitMs, () => handle().signal(requestsChangedSignal, { reason })),
    ping: async () => {
      await within(answerLimitMs, () => client.connection.workflowService.getSystemInfo({}));
    },
    lateCommands: () => late,
  };
}

/** The validator's own sentence: the innermost cause carries it. */
function refusalOf(error: WorkflowUpdateFailedError): string {
  let innermost: Error = error;
  while (innermost.cause instanceof Error) innermost = innermost.cause;
  return innermost.message;
}
