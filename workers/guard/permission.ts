import { QueryRejectedError, type Client } from "@temporalio/client";
import { notAnswering } from "../../adapters/temporal/not-answering.ts";
import type { Permission } from "../../domain/safety/guard.ts";
import { stateQuery } from "../../workflows/messages.ts";

/** Asks a workflow whether the dome may be open. Never throws: no answer is an answer. */
export type AskPermission = (workflowId: string) => Promise<Permission>;

const ASK_LIMIT_MS = 2_000;

/**
 * One query over Temporal: it leaves no event and proves server, worker and code. A closed workflow goes on answering
 * queries with its last state, so the client must reject queries of those (NOT_OPEN).
 */
export function createAskPermission(client: Client): AskPermission {
  return async (workflowId) => {
    try {
      const state = await client.withDeadline(Date.now() + ASK_LIMIT_MS, () =>
        client.workflow.getHandle(workflowId).query(stateQuery),
      );
      if (state.allowsOpenDome) {
        const announces = state.holds.some(({ kind }) => kind === "maintenance");
        return { kind: "allows", announces };
      }
      return {
        kind: "forbids",
        why: `The dome is open, but ${workflowId} is in phase "${state.phase}", which does not allow that.`,
      };
    } catch (error) {
      if (error instanceof QueryRejectedError) {
        return {
          kind: "refused",
          why: `The dome is open, but ${workflowId}, which answers for it, has ended.`,
        };
      }
      return { kind: "silent", why: inWords(error, workflowId) };
    }
  };
}

function inWords(error: unknown, workflowId: string): string {
  try {
    return notAnswering(error, workflowId, ASK_LIMIT_MS).message;
  } catch {
    // Not one of the ways in which Temporal or a worker can be away.
    return error instanceof Error ? error.message : String(error);
  }
}
