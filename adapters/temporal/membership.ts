import {
  WithStartWorkflowOperation,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  type Client,
} from "@temporalio/client";
import { WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from "@temporalio/common";
import type { UpdateDefinition } from "@temporalio/common";
import {
  askCommissionUpdate,
  decideMembershipUpdate,
  votedSignal,
  type MembershipDecision,
  type MembershipInput,
} from "../../workflows/messages.ts";
import { membershipWorkflowId, taskQueues, WORKFLOW_TYPES } from "../../workflows/names.ts";
import { notAnswering } from "./not-answering.ts";

/** What came of a decision: done, or the workflow's own words why not. */
export type MembershipAnswer =
  | { readonly kind: "done" }
  | { readonly kind: "refused"; readonly reason: string };

/** Typed access to the `membership` workflows. Each call starts the workflow when it is not there. */
export interface MembershipGateway {
  /** Starts the workflow of an application; twice is once. @throws NotAnsweringError after 3 s */
  start(input: MembershipInput): Promise<void>;
  /** @throws NotAnsweringError after 3 s: then nothing was decided, or it is decided when the worker is back */
  decide(input: MembershipInput, decision: MembershipDecision): Promise<MembershipAnswer>;
  askCommission(
    input: MembershipInput,
    ask: { readonly deadlineWallMs: number; readonly by: string },
  ): Promise<MembershipAnswer>;
  /** Tells the workflow of a new vote. @throws NotAnsweringError after 3 s: the vote is counted at the deadline */
  voted(userId: string): Promise<void>;
  /** Ends the workflow of an account that is deleted; nothing when there is none. */
  forget(userId: string): Promise<void>;
}

export function createMembershipGateway(deps: {
  readonly client: Client;
  readonly siteId: string;
  /** Longest wait for an answer, ms. */
  readonly answerLimitMs?: number;
}): MembershipGateway {
  const { client, siteId, answerLimitMs = 3_000 } = deps;

  const within = async <T>(userId: string, call: () => Promise<T>): Promise<T> => {
    try {
      return await client.withDeadline(Date.now() + answerLimitMs, call);
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError) throw error;
      throw notAnswering(error, membershipWorkflowId(siteId, userId), answerLimitMs);
    }
  };

  const startOptions = (input: MembershipInput) => ({
    workflowId: membershipWorkflowId(siteId, input.userId),
    taskQueue: taskQueues(siteId).control,
    workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
    args: [input] as [MembershipInput],
    staticSummary: `Account ${input.userId}`,
  });

  async function update<Ret, Arg>(
    input: MembershipInput,
    definition: UpdateDefinition<Ret, [Arg]>,
    arg: Arg,
  ): Promise<MembershipAnswer> {
    try {
      await within(input.userId, () =>
        client.workflow.executeUpdateWithStart(definition, {
          args: [arg],
          startWorkflowOperation: new WithStartWorkflowOperation(
            WORKFLOW_TYPES.membership,
            startOptions(input),
          ),
        }),
      );
      return { kind: "done" };
    } catch (error) {
      if (!(error instanceof WorkflowUpdateFailedError)) throw error;
      let innermost: Error = error;
      while (innermost.cause instanceof Error) innermost = innermost.cause;
      return { kind: "refused", reason: innermost.message };
    }
  }

  return {
    start: async (input) => {
      await within(input.userId, () => client.workflow.start(WORKFLOW_TYPES.membership, startOptions(input)));
    },
    decide: (input, decision) => update(input, decideMembershipUpdate, decision),
    askCommission: (input, ask) => update(input, askCommissionUpdate, ask),
    voted: async (userId) => {
      await within(userId, () =>
        client.workflow.getHandle(membershipWorkflowId(siteId, userId)).signal(votedSignal),
      );
    },
    forget: async (userId) => {
      await within(userId, async () => {
        try {
          await client.workflow.getHandle(membershipWorkflowId(siteId, userId)).cancel();
        } catch (error) {
          if (!(error instanceof WorkflowNotFoundError)) throw error;
        }
      });
    },
  };
}
