import {
  isGrpcCancelledError,
  isGrpcDeadlineError,
  isGrpcServiceError,
  QueryNotRegisteredError,
  QueryRejectedError,
  ServiceError,
  WorkflowNotFoundError,
} from "@temporalio/client";

/** Temporal, or the worker behind it, did not answer in time. The message is a sentence for people. */
export class NotAnsweringError extends Error {
  override readonly name = "NotAnsweringError";
}

/** gRPC status code 14. */
const UNAVAILABLE = 14;

/**
 * The sentence for a failed call about the workflow `workflowId`.
 * @throws the error itself when it does not say that somebody is away
 */
export function notAnswering(error: unknown, workflowId: string, limitMs: number): NotAnsweringError {
  const words = wordsOf(error, workflowId, limitMs);
  if (words === undefined) throw error;
  return new NotAnsweringError(words, { cause: error });
}

function wordsOf(error: unknown, workflowId: string, limitMs: number): string | undefined {
  const limit = `${limitMs / 1_000} s`;
  if (error instanceof WorkflowNotFoundError) return `Workflow ${workflowId} has not been started yet.`;
  if (error instanceof QueryRejectedError)
    return `Workflow ${workflowId} is closed. It is started again by itself.`;
  if (error instanceof QueryNotRegisteredError) return `Workflow ${workflowId} is just starting.`;
  const cause = error instanceof ServiceError ? error.cause : error;
  // Nobody here cancels a call: the server does when the deadline that came with it has passed on its clock first.
  if (isGrpcDeadlineError(cause) || isGrpcCancelledError(cause) || isTimeout(error)) {
    return `The control worker or Temporal did not answer within ${limit}.`;
  }
  if (isGrpcServiceError(cause)) {
    if ((cause.code as number) === UNAVAILABLE) return "Temporal cannot be reached.";
    return `Temporal answered "${cause.details}".`;
  }
  return undefined;
}

/** The SDK wraps a deadline of an update in an error of its own. */
function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === "WorkflowUpdateRPCTimeoutOrCancelledError";
}
