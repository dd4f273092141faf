import { ApplicationFailure } from "@temporalio/common";
import type {
  CalibrateJob,
  CalibrateResult,
  ImageJob,
  ImageResult,
  MasterJob,
  MasterResult,
} from "./image-job.ts";
import { createJobThread } from "./job-thread.ts";

/** Type of the failure of a file that can never be used: final. */
export const UNUSABLE = "UnusableFile";

/** Longest time for one job, wall ms: a master of large frames on a busy machine. */
const JOB_LIMIT_MS = 180_000;

export interface ImageWorkshop {
  readonly makeMaster: (job: MasterJob) => Promise<MasterResult>;
  readonly calibrate: (job: CalibrateJob) => Promise<CalibrateResult>;
  close(): Promise<void>;
}

/** The thread that makes masters and calibrates frames; jobs queue in it. */
export function createImageWorkshop(): ImageWorkshop {
  const thread = createJobThread<ImageJob, ImageResult>({
    module: new URL("./image-thread.ts", import.meta.url),
    what: "an image",
    limitMs: JOB_LIMIT_MS,
    asError: (fault, message) =>
      fault === "file" ? ApplicationFailure.nonRetryable(message, UNUSABLE) : new Error(message),
  });
  return {
    makeMaster: (job) => thread.run(job) as Promise<MasterResult>,
    calibrate: (job) => thread.run(job) as Promise<CalibrateResult>,
    close: () => thread.close(),
  };
}
