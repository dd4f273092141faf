/** Workflow ids and task queues. Ids are deterministic, so that a second start finds the first. */

export const WORKFLOW_TYPES = {
  observatory: "observatory",
  night: "night",
  sequence: "sequence",
  alert: "alert",
  membership: "membership",
  deviceRecovery: "deviceRecovery",
  calibration: "calibration",
  analysis: "analysis",
} as const;

/** Id of the majordome of a site: always on. */
export function observatoryWorkflowId(siteId: string): string {
  return `observatory/${siteId}`;
}

/** Id of one night. `date` is the yyyy-mm-dd of local noon. */
export function nightWorkflowId(siteId: string, date: string): string {
  return `night/${siteId}/${date}`;
}

/** Id of one attempt at one sequence. */
export function sequenceWorkflowId(sequenceId: string, attempt: number): string {
  return `sequence/${sequenceId}/${attempt}`;
}

/** Id of the workflow of one astrophysical event. `alertKey` is url-safe, e.g. `swift-1016881`. */
export function alertWorkflowId(siteId: string, alertKey: string): string {
  return `alert/${siteId}/${alertKey}`;
}

/** Id of the decision on one application for an account. */
export function membershipWorkflowId(siteId: string, userId: string): string {
  return `membership/${siteId}/${userId}`;
}

/** Id of the recovery of one device. */
export function recoveryWorkflowId(siteId: string, deviceId: string): string {
  return `recovery/${siteId}/${deviceId}`;
}

/** Id of one run of a night's calibrations. */
export function calibrationWorkflowId(siteId: string, date: string, run: number): string {
  return `calibration/${siteId}/${date}/${run}`;
}

/** Id of what makes calibrated images of a sequence's frames. */
export function analysisWorkflowId(sequenceId: string): string {
  return `analysis/${sequenceId}`;
}

/** Task queues of one site. Queues only order; the lease says who may move hardware. */
export function taskQueues(siteId: string) {
  return {
    control: `${siteId}.control`,
    mount: `${siteId}.mount`,
    dome: `${siteId}.dome`,
    /** Abort, stop and close: never behind anything else. */
    fast: `${siteId}.fast`,
    /** Database, feeds, reports, the watch. */
    io: `${siteId}.io`,
    /** Devices that have failed: long waits, apart from everything that a night needs. */
    recovery: `${siteId}.recovery`,
    /** Planning. */
    compute: `${siteId}.compute`,
    /** Masters and calibrated images: seconds each, which planning must not wait behind. */
    images: `${siteId}.images`,
    camera: (cameraId: string) => `${siteId}.${cameraId}`,
  };
}

/**
 * A control worker that dies unseen with a workflow task in its hands delays that workflow by this; `up` sees its workers die and
 * gives their tasks back (adapters/temporal/free-tasks.ts). Not shorter: with 2 s, at a load of 15 per core, workers just started
 * never got through the replay of a history of 1,100 events in time, and each signal that came began the tries anew, so
 * that the server's longer time-outs for later tries never came: the observatory answered nobody for minutes.
 */
export const WORKFLOW_TASK_TIMEOUT = "10 s";

/** Keyword search attributes registered on the namespace. */
export const SEARCH_ATTRIBUTES = ["Site", "NightDate", "Phase", "Target", "AlertKey"] as const;
