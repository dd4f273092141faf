import { ActivityCancellationType, proxyActivities, type ActivityOptions } from "@temporalio/workflow";
import type { CalibrationActivities } from "../activities/calibration.ts";
import type { CalibrationFrameActivities } from "../activities/calibration-frames.ts";
import type { CameraActivities } from "../activities/camera.ts";
import type { CoverActivities } from "../activities/cover.ts";
import type { DomeActivities } from "../activities/dome.ts";
import type { FilterWheelActivities } from "../activities/filter-wheel.ts";
import type { FocuserActivities } from "../activities/focuser.ts";
import type { MembershipActivities } from "../activities/membership.ts";
import type { RecoveryActivities } from "../activities/recovery.ts";
import type { RecordActivities } from "../activities/record.ts";
import type { DeviceRecordActivities } from "../activities/record-devices.ts";
import type { LampActivities } from "../activities/lamp.ts";
import type { PlanningActivities } from "../activities/planning.ts";
import type { ReductionActivities } from "../activities/reduce-frames.ts";
import type { SkyActivities } from "../activities/sky.ts";
import type { TelescopeActivities } from "../activities/telescope.ts";
import type { WatchActivities } from "../activities/watch.ts";
import { motionLimitWallMs, type ClockFact } from "../domain/clock.ts";
import type { Observatory } from "../domain/observatory.ts";
import { taskQueues } from "./names.ts";

/**
 * The only place with time-outs and retry rules. Device limits are observatory seconds, so that each proxy is made
 * for the clock's rate; the wall part (10 s and more) is for software.
 */
const DEVICE_FAILURES = ["LeaseLost", "Unsafe", "OutOfLimits", "DiskFull", "BadRequest"];

/** Failures are final after this long without a worker or a database: the caller closes. */
const RECORD_LIMIT = "10 minutes";

/** A motion that is waited for and may be cancelled. `limitS` is the device's own limit, observatory seconds. */
function motionOptions(
  taskQueue: string,
  clock: ClockFact,
  limitS: number,
  retry: NonNullable<ActivityOptions["retry"]>,
): ActivityOptions {
  return {
    taskQueue,
    startToCloseTimeout: motionLimitWallMs(clock, limitS) + 5_000,
    heartbeatTimeout: 5_000,
    scheduleToStartTimeout: "60 s",
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: {
      ...retry,
      nonRetryableErrorTypes: [...DEVICE_FAILURES, ...(retry.nonRetryableErrorTypes ?? [])],
    },
  };
}

/** Telescope motions on the mount queue. One that took too long was stopped: waiting again would find it elsewhere. */
export function mountActivities(siteId: string, clock: ClockFact, limitS: number) {
  return proxyActivities<TelescopeActivities>(
    motionOptions(taskQueues(siteId).mount, clock, limitS, {
      initialInterval: 500,
      backoffCoefficient: 2,
      maximumInterval: 5_000,
      maximumAttempts: 4,
      nonRetryableErrorTypes: ["LimitExceeded"],
    }),
  );
}

/** The start of a slew: short, no heartbeat, retried at once, for the path from alert to slew. */
export function slewStartActivities(siteId: string) {
  return proxyActivities<Pick<TelescopeActivities, "startSlew">>({
    taskQueue: taskQueues(siteId).mount,
    startToCloseTimeout: "15 s",
    scheduleToStartTimeout: "30 s",
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: {
      initialInterval: 100,
      backoffCoefficient: 2,
      maximumInterval: 2_000,
      maximumAttempts: 5,
      nonRetryableErrorTypes: DEVICE_FAILURES,
    },
  });
}

/** Opening, on the dome queue. */
export function domeActivities(siteId: string, clock: ClockFact, limitS: number) {
  return proxyActivities<Pick<DomeActivities, "openDome">>(
    motionOptions(taskQueues(siteId).dome, clock, limitS, { initialInterval: 1_000, maximumAttempts: 2 }),
  );
}

/** Closing and parking: never behind anything else, retried without end. */
export function closingActivities(siteId: string, clock: ClockFact, limitS: number) {
  return proxyActivities<Pick<DomeActivities, "closeDome"> & Pick<TelescopeActivities, "park">>({
    taskQueue: taskQueues(siteId).fast,
    startToCloseTimeout: motionLimitWallMs(clock, limitS) + 5_000,
    heartbeatTimeout: 5_000,
    cancellationType: ActivityCancellationType.ABANDON,
    retry: { initialInterval: 2_000, backoffCoefficient: 1 },
  });
}

/** Opening the mirror cover, on the dome queue. Without it observing goes on: it is given up soon. */
export function coverActivities(siteId: string, clock: ClockFact, limitS: number) {
  return proxyActivities<Pick<CoverActivities, "openCover">>(
    motionOptions(taskQueues(siteId).dome, clock, limitS, { initialInterval: 1_000, maximumAttempts: 2 }),
  );
}

/** Closing the mirror cover: on `fast` and never cancelled, but the night does not wait for it without end. */
export function coverClosingActivities(siteId: string, clock: ClockFact, limitS: number) {
  return proxyActivities<Pick<CoverActivities, "closeCover">>({
    taskQueue: taskQueues(siteId).fast,
    startToCloseTimeout: motionLimitWallMs(clock, limitS) + 5_000,
    heartbeatTimeout: 5_000,
    scheduleToCloseTimeout: 6 * motionLimitWallMs(clock, limitS),
    cancellationType: ActivityCancellationType.ABANDON,
    retry: { initialInterval: 1_000, backoffCoefficient: 2, maximumInterval: 10_000 },
  });
}

/** The focuser, on the mount queue. */
export function focuserActivities(siteId: string, clock: ClockFact, limitS: number) {
  return proxyActivities<FocuserActivities>(
    motionOptions(taskQueues(siteId).mount, clock, limitS, { initialInterval: 1_000, maximumAttempts: 3 }),
  );
}

/** A filter wheel, on the queue of the camera it sits on, or of the mount when it sits on the telescope. */
export function wheelActivities(siteId: string, queue: string, clock: ClockFact, limitS: number) {
  return proxyActivities<FilterWheelActivities>(
    motionOptions(queue, clock, limitS, { initialInterval: 500, maximumAttempts: 3 }),
  );
}

/** Abort and stop: short, on `fast`, independent of heartbeats. */
export function fastActivities(siteId: string) {
  return proxyActivities<
    Pick<CameraActivities, "abortExposures"> & Pick<TelescopeActivities, "stopMount" | "stopTracking">
  >({
    taskQueue: taskQueues(siteId).fast,
    startToCloseTimeout: "5 s",
    cancellationType: ActivityCancellationType.ABANDON,
    retry: { initialInterval: 100, backoffCoefficient: 1.5, maximumInterval: 1_000, maximumAttempts: 10 },
  });
}

/** The sky of the simulators: a courtesy, given up soon. */
export function skyActivities(siteId: string) {
  return proxyActivities<SkyActivities>({
    taskQueue: taskQueues(siteId).fast,
    startToCloseTimeout: "5 s",
    scheduleToCloseTimeout: "20 s",
    retry: { initialInterval: 500, maximumAttempts: 3 },
  });
}

/** A camera without which nothing is observed gets this many tries at each call; an arm that others go on without, fewer. */
const PATIENT_TRIES = 20;
const IMPATIENT_TRIES = 6;
/** What all its tries may take beyond the longest single one, wall ms. */
const IMPATIENT_WALL_MS = 30_000;

/**
 * One camera's own queue. `limitS` is the longest device time inside one call: read-out or cooling.
 * @param patience `patient`: whether the observation waits for this camera
 */
export function cameraActivities(
  siteId: string,
  cameraId: string,
  clock: ClockFact,
  limitS: number,
  { patient }: { readonly patient: boolean } = { patient: true },
) {
  return proxyActivities<CameraActivities>(cameraOptions(siteId, cameraId, clock, limitS, patient));
}

/** Calibration frames, on the camera's own queue. */
export function calibrationFrameActivities(
  siteId: string,
  cameraId: string,
  clock: ClockFact,
  limitS: number,
) {
  return proxyActivities<CalibrationFrameActivities>(cameraOptions(siteId, cameraId, clock, limitS, true));
}

function cameraOptions(
  siteId: string,
  cameraId: string,
  clock: ClockFact,
  limitS: number,
  patient: boolean,
): ActivityOptions {
  const longestWallMs = motionLimitWallMs(clock, limitS) + 60_000;
  return {
    taskQueue: taskQueues(siteId).camera(cameraId),
    startToCloseTimeout: longestWallMs,
    heartbeatTimeout: 10_000,
    scheduleToStartTimeout: "2 minutes",
    // A camera that is silent is waited for at each try: the others must not wait for all of them.
    ...(patient ? {} : { scheduleToCloseTimeout: longestWallMs + IMPATIENT_WALL_MS }),
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: {
      initialInterval: 250,
      backoffCoefficient: 2,
      maximumInterval: 5_000,
      maximumAttempts: patient ? PATIENT_TRIES : IMPATIENT_TRIES,
      nonRetryableErrorTypes: DEVICE_FAILURES,
    },
  };
}

/** The flat-field lamp, on the mount queue. */
export function lampActivities(siteId: string, clock: ClockFact, limitS: number) {
  return proxyActivities<LampActivities>({
    taskQueue: taskQueues(siteId).mount,
    startToCloseTimeout: motionLimitWallMs(clock, limitS) + 10_000,
    heartbeatTimeout: 10_000,
    scheduleToStartTimeout: "2 minutes",
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: {
      initialInterval: 500,
      backoffCoefficient: 2,
      maximumInterval: 5_000,
      maximumAttempts: 6,
      nonRetryableErrorTypes: DEVICE_FAILURES,
    },
  });
}

/** Rows of calibrations: short, and not behind the images that are being made. */
export function calibrationRecordActivities(siteId: string) {
  return proxyActivities<Omit<CalibrationActivities, "makeGroupMaster">>({
    taskQueue: taskQueues(siteId).io,
    startToCloseTimeout: "10 s",
    scheduleToCloseTimeout: RECORD_LIMIT,
    retry: { initialInterval: 200, backoffCoefficient: 2, maximumInterval: 5_000 },
  });
}

/** Masters and calibrated images. A damaged file is final, all else is tried until it works. */
export function imageActivities(siteId: string) {
  return proxyActivities<Pick<CalibrationActivities, "makeGroupMaster"> & ReductionActivities>({
    taskQueue: taskQueues(siteId).images,
    startToCloseTimeout: "10 minutes",
    scheduleToCloseTimeout: "1 hour",
    heartbeatTimeout: "4 minutes",
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    retry: {
      initialInterval: 500,
      backoffCoefficient: 2,
      maximumInterval: 10_000,
      nonRetryableErrorTypes: ["BadRequest", "UnusableFile"],
    },
  });
}

/** The end of the account of a frame that was stopped: a camera that does not answer is not waited for. */
export function settlingActivities(siteId: string, cameraId: string, clock: ClockFact, limitS: number) {
  return cameraActivities(siteId, cameraId, clock, limitS, { patient: false });
}

/** Cooling: tried for as long as it may take, then given up, so that whoever waits for it goes on. */
export function coolingActivities(siteId: string, cameraId: string, clock: ClockFact, limitS: number) {
  const limitWallMs = motionLimitWallMs(clock, limitS);
  return proxyActivities<Pick<CameraActivities, "coolCamera">>({
    taskQueue: taskQueues(siteId).camera(cameraId),
    startToCloseTimeout: limitWallMs + 5_000,
    heartbeatTimeout: 10_000,
    scheduleToCloseTimeout: limitWallMs + 30_000,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { initialInterval: 1_000, maximumInterval: 10_000, nonRetryableErrorTypes: DEVICE_FAILURES },
  });
}

/** Database rows and journal lines: short, idempotent by natural key, retried until the database is back. */
export function recordActivities(siteId: string) {
  return proxyActivities<RecordActivities>({
    taskQueue: taskQueues(siteId).io,
    startToCloseTimeout: "10 s",
    scheduleToCloseTimeout: RECORD_LIMIT,
    retry: {
      initialInterval: 200,
      backoffCoefficient: 2,
      maximumInterval: 5_000,
      nonRetryableErrorTypes: ["BadRequest"],
    },
  });
}

/** Who gets an account: short, idempotent, retried until the database is back, however long: a decision is not lost. */
export function membershipActivities(siteId: string) {
  return proxyActivities<MembershipActivities>({
    taskQueue: taskQueues(siteId).io,
    startToCloseTimeout: "10 s",
    retry: { initialInterval: 500, backoffCoefficient: 2, maximumInterval: 60_000 },
  });
}

/** Rows of devices and alarms: as those of the night. */
export function deviceRecordActivities(siteId: string) {
  return proxyActivities<DeviceRecordActivities>({
    taskQueue: taskQueues(siteId).io,
    startToCloseTimeout: "10 s",
    scheduleToCloseTimeout: RECORD_LIMIT,
    retry: { initialInterval: 200, backoffCoefficient: 2, maximumInterval: 5_000 },
  });
}

/** Histories of closed workflows written to files: long, heartbeating, not urgent. */
export function exportActivities(siteId: string) {
  return proxyActivities<Pick<RecordActivities, "exportHistories">>({
    taskQueue: taskQueues(siteId).io,
    startToCloseTimeout: "5 minutes",
    heartbeatTimeout: "30 s",
    retry: { initialInterval: 1_000, maximumInterval: 30_000, maximumAttempts: 5 },
  });
}

/** Planning and ephemerides on the compute queue. */
export function planningActivities(siteId: string) {
  return proxyActivities<PlanningActivities>({
    taskQueue: taskQueues(siteId).compute,
    startToCloseTimeout: "60 s",
    scheduleToCloseTimeout: RECORD_LIMIT,
    retry: {
      initialInterval: 200,
      backoffCoefficient: 2,
      maximumInterval: 5_000,
      nonRetryableErrorTypes: ["BadRequest"],
    },
  });
}

/** The watch: one activity that never ends while its workflow run is open. */
export function watchActivities(siteId: string) {
  return proxyActivities<WatchActivities>({
    taskQueue: taskQueues(siteId).io,
    startToCloseTimeout: "3650 days",
    heartbeatTimeout: 5_000,
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    retry: { initialInterval: 500, backoffCoefficient: 1 },
  });
}

/**
 * What brings a failed device back. The ladder is the retry rule: an activity is repeated for a worker that died only.
 * @param waitWallMs longest wait for an answer inside one call
 */
export function recoveryActivities(
  siteId: string,
  clock: ClockFact,
  { night, telescope }: Observatory,
  waitWallMs: number,
) {
  const longestMotionS = Math.max(night.coolLimitS, night.domeLimitS, telescope.slewLimitS);
  return proxyActivities<RecoveryActivities>({
    taskQueue: taskQueues(siteId).recovery,
    startToCloseTimeout: waitWallMs + 3 * motionLimitWallMs(clock, longestMotionS) + 600_000,
    heartbeatTimeout: 10_000,
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    retry: {
      initialInterval: 1_000,
      maximumAttempts: 2,
      nonRetryableErrorTypes: [...DEVICE_FAILURES, "DeviceFault", "DeviceUnreachable", "LimitExceeded"],
    },
  });
}
