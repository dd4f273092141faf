import { mkdir, stat } from "node:fs/promises";
import path from "node:path";
import type { Client } from "@temporalio/client";
import { historyToJSON } from "@temporalio/common/lib/proto-utils.js";
import { storeAtomically } from "../adapters/files/store-atomically.ts";
import type { ClosedWorkflow } from "../activities/record.ts";

/** Closed workflows of a site that closed since the noon of a night: what belongs to that night. */
export async function* closedWorkflows(
  client: Client,
  siteId: string,
  sinceWallMs: number,
): AsyncIterable<ClosedWorkflow> {
  const since = new Date(sinceWallMs).toISOString();
  const query = `Site = "${siteId}" AND ExecutionStatus != "Running" AND CloseTime >= "${since}"`;
  for await (const { workflowId, runId } of client.workflow.list({ query, pageSize: 200 })) {
    yield { workflowId, runId };
  }
}

/**
 * Writes the history of one closed run to `VESPER_HOME/histories/{night}/`, named by workflow and run.
 * @returns false when the file is there already.
 */
export async function exportHistory(
  client: Client,
  home: string,
  { workflowId, runId }: ClosedWorkflow,
  nightDate: string,
): Promise<boolean> {
  const folder = path.join(home, "histories", nightDate);
  const file = path.join(folder, `${encodeURIComponent(workflowId)}__${runId}.json`);
  const there = await stat(file).then(
    () => true,
    () => false,
  );
  if (there) return false;
  await mkdir(folder, { recursive: true });
  const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  await storeAtomically(file, new TextEncoder().encode(historyToJSON(history)));
  return true;
}
