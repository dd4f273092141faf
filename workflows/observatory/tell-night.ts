import { getExternalWorkflowHandle, log } from "@temporalio/workflow";
import { failureSentence } from "../failure-words.ts";
import { nightWorkflowId } from "../names.ts";
import type { Majordome } from "./state.ts";

/** Tells the open night, when there is one; a night that has just ended need not be told. */
export async function tellNight(
  majordome: Majordome,
  tell: (handle: ReturnType<typeof getExternalWorkflowHandle>) => Promise<void>,
): Promise<void> {
  if (majordome.nightDate === null) return;
  await tellWorkflow(majordome, nightWorkflowId(majordome.siteId, majordome.nightDate), tell);
}

/** Tells a workflow, which may have ended. Counted while it is on its way: a run that ends before takes it with it. */
export async function tellWorkflow(
  majordome: Majordome,
  workflowId: string,
  tell: (handle: ReturnType<typeof getExternalWorkflowHandle>) => Promise<void>,
): Promise<void> {
  majordome.telling += 1;
  await tell(getExternalWorkflowHandle(workflowId))
    .catch((error: unknown) => log.warn(`${workflowId} could not be told: ${failureSentence(error)}`))
    .finally(() => {
      majordome.telling -= 1;
    });
}
