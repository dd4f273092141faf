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
  const date = majordome.nightDate;
  await tell(getExternalWorkflowHandle(nightWorkflowId(majordome.siteId, date))).catch((error: unknown) =>
    log.warn(`night ${date} could not be told: ${failureSentence(error)}`),
  );
}
