import type { Client } from "@temporalio/client";
import type { ClockFact } from "../../domain/clock.ts";
import { clockChangedSignal } from "../../workflows/messages.ts";

const LIMIT_MS = 30_000;

/**
 * Tells every open workflow of the namespace that the clock was anchored anew, so that it computes its waits again.
 * @param problem told in one sentence about each workflow that could not be told.
 * @returns how many were told.
 */
export async function tellClockChanged(
  client: Client,
  fact: ClockFact,
  problem: (sentence: string) => void,
): Promise<number> {
  let told = 0;
  await client.withDeadline(Date.now() + LIMIT_MS, async () => {
    for await (const { workflowId, runId } of client.workflow.list({ query: "ExecutionStatus='Running'" })) {
      try {
        await client.workflow.getHandle(workflowId).signal(clockChangedSignal, fact);
        told += 1;
      } catch (error) {
        problem(
          `Workflow ${workflowId} (run ${runId}) could not be told that the clock was anchored anew: ${(error as Error).message}`,
        );
      }
    }
  });
  return told;
}
