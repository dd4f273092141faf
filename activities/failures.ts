import { ApplicationFailure } from "@temporalio/common";
import { AlpacaError, BadAnswer, isSilence } from "../adapters/alpaca/errors.ts";

/** Types of the failures that activities on hardware throw; workflows decide by them, never by the text. */
export const FAILURE = {
  /** Somebody else may move the hardware now. Not retried. */
  LeaseLost: "LeaseLost",
  /** The interlock or the weather forbids it. Not retried. */
  Unsafe: "Unsafe",
  /** Pointing outside the limits of altitude or Sun distance. Not retried. */
  OutOfLimits: "OutOfLimits",
  /** A condition of the exposure does not hold: tracking, on target, dome open, unparked. Not retried. */
  NotReady: "NotReady",
  /** The mount stopped somewhere else. Not retried: the slew must be ordered again. */
  NotOnTarget: "NotOnTarget",
  /** What is asked for does not exist. Not retried. */
  BadRequest: "BadRequest",
  /** This frame was already given up (aborted or lost). Not retried: the next attempt takes it. */
  ExposureEnded: "ExposureEnded",
  /** Less free disk than the observatory file asks for. Not retried. */
  DiskFull: "DiskFull",
  /** The device refused, broke the rules or reports an error. Retried as the caller's policy says. */
  DeviceFault: "DeviceFault",
  /** No connection or no answer. Retried as the caller's policy says. */
  DeviceUnreachable: "DeviceUnreachable",
  /** An outlet that was switched off may not be on again. Not retried: whoever goes on must switch it on. */
  OutletOff: "OutletOff",
  /** A motion or a wait took longer than its limit. Retried as the caller's policy says. */
  LimitExceeded: "LimitExceeded",
} as const;
export type FailureType = (typeof FAILURE)[keyof typeof FAILURE];

const FINAL: readonly FailureType[] = [
  FAILURE.LeaseLost,
  FAILURE.Unsafe,
  FAILURE.OutOfLimits,
  FAILURE.NotReady,
  FAILURE.NotOnTarget,
  FAILURE.BadRequest,
  FAILURE.ExposureEnded,
  FAILURE.DiskFull,
  FAILURE.OutletOff,
];

/** A failure of that type with a sentence for people. */
export function failure(type: FailureType, message: string, cause?: unknown): ApplicationFailure {
  return ApplicationFailure.create({
    type,
    message,
    nonRetryable: FINAL.includes(type),
    ...(cause instanceof Error ? { cause } : {}),
  });
}

/** Whether an error is a failure of that type. */
export function isFailure(error: unknown, type: FailureType): boolean {
  return error instanceof ApplicationFailure && error.type === type;
}

/** The failure that stands for a device's problem; other errors pass as they are. */
export function asFailure(error: unknown): unknown {
  if (isSilence(error)) return failure(FAILURE.DeviceUnreachable, error.message, error);
  if (error instanceof AlpacaError || error instanceof BadAnswer) {
    return failure(FAILURE.DeviceFault, error.message, error);
  }
  return error;
}
