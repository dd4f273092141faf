import {
  condition,
  defineSignal,
  getExternalWorkflowHandle,
  proxyActivities,
  setHandler,
} from "@temporalio/workflow";
import type { ProbeActivities } from "../activities/probe.ts";
import { taskQueues } from "./names.ts";

/**
 * What the way from an alert to the slew costs without alert, database and devices: a workflow starts, signals
 * another, which runs one activity on `fast` and one on `mount`. Run on a live system it tells whether a slow alert
 * was slow machinery or slow rules; the latency benchmark prints it as its floor.
 */
export const probeSignal = defineSignal<[number]>("probe");

/** Signals the target once and ends. */
export async function probe(input: { readonly target: string; readonly shot: number }): Promise<void> {
  await getExternalWorkflowHandle(input.target).signal(probeSignal, input.shot);
}

/** Waits for `shots` probes, one after the other. @returns per shot the wall time (ms) at which the second activity ran. */
export async function probeTarget(input: {
  readonly siteId: string;
  readonly shots: number;
}): Promise<readonly number[]> {
  const queues = taskQueues(input.siteId);
  const retry = { maximumAttempts: 3 };
  const fast = proxyActivities<ProbeActivities>({
    taskQueue: queues.fast,
    startToCloseTimeout: "5 s",
    retry,
  });
  const mount = proxyActivities<ProbeActivities>({
    taskQueue: queues.mount,
    startToCloseTimeout: "5 s",
    retry,
  });
  let received = 0;
  setHandler(probeSignal, (shot) => {
    received = Math.max(received, shot);
  });
  const arrivedWallMs: number[] = [];
  for (let shot = 1; shot <= input.shots; shot += 1) {
    const came = await condition(() => received >= shot, "10 minutes");
    if (!came) break;
    await fast.probe();
    arrivedWallMs.push((await mount.probe()).wallMs);
  }
  return arrivedWallMs;
}
