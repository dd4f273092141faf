import {
  ActivityFailure,
  ApplicationFailure,
  ChildWorkflowFailure,
  TimeoutFailure,
} from "@temporalio/workflow";

/** The named type of what failed (`Unsafe`, `LeaseLost`, …), or null. */
export function failureType(error: unknown): string | null {
  const cause = rootCause(error);
  return cause instanceof ApplicationFailure ? (cause.type ?? null) : null;
}

/** What failed, as the sentence that the failing side wrote. */
export function failureSentence(error: unknown): string {
  const cause = rootCause(error);
  if (cause instanceof TimeoutFailure) {
    const activity = error instanceof ActivityFailure ? ` of ${error.activityType}` : "";
    return `no answer within the time limit${activity}`;
  }
  return cause instanceof Error ? cause.message : String(cause);
}

function rootCause(error: unknown): unknown {
  let cause = error;
  while (
    (cause instanceof ActivityFailure || cause instanceof ChildWorkflowFailure) &&
    cause.cause !== undefined
  ) {
    cause = cause.cause;
  }
  return cause;
}
