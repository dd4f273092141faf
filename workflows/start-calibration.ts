import { ParentClosePolicy, startChild, WorkflowIdReusePolicy } from "@temporalio/workflow";
import type { Observatory } from "../domain/observatory.ts";
import type { calibration } from "./calibration.ts";
import { calibrationWorkflowId, WORKFLOW_TASK_TIMEOUT } from "./names.ts";
import { calibrationRecordActivities } from "./proxies.ts";
import type { SkyClock } from "./sky-clock.ts";

/**
 * Opens the next run of a night's calibrations and starts it; it goes on when who started it has ended.
 * @param openedBy what asks for it: the same asks for the same run
 * @returns the workflow's id
 */
export async function startCalibration(asked: {
  readonly observatory: Observatory;
  readonly clock: SkyClock;
  readonly date: string;
  readonly openedBy: string;
  readonly startedBy: string;
}): Promise<string> {
  const { observatory, clock, date, openedBy, startedBy } = asked;
  const siteId = observatory.site.id;
  const run = await calibrationRecordActivities(siteId).openCalibration({
    siteId,
    date,
    openedBy,
    startedBy,
  });
  const workflowId = calibrationWorkflowId(siteId, date, run.run);
  await startChild<typeof calibration>("calibration", {
    workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT,
    workflowId,
    workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    parentClosePolicy: ParentClosePolicy.ABANDON,
    staticSummary: `Calibrations of ${date}, run ${run.run}`,
    args: [{ observatory, clock: clock.fact, run, startedBy }],
  });
  return workflowId;
}
