import type { IntakeResult } from "../../../ingest/intake.ts";
import { Problem } from "../../problem.ts";

/** The answer to whoever brought a notice. @throws Problem 400 or 413 when it was refused */
export function takenJson(result: IntakeResult) {
  if (result.kind === "refused") throw new Problem(result.code === "too-large" ? 413 : 400, result.reason);
  const { ivorn, alertKey, workflowId, duplicate, queued, decision, reason } = result;
  return { ivorn, alertId: alertKey, workflowId, duplicate, queued, decision, reason };
}
