import { ApplicationFailure, type UpdateDefinition } from "@temporalio/common";
import { setHandler } from "@temporalio/workflow";

/**
 * Takes an update, or answers it with the sentence of its refusal. The refusal is a result that stands in the history, never
 * a validator's: a rejected update leaves no event, so its task is taken back by the server, and a worker that lost the
 * answer to that task goes on from a state that no history leads to (decision 0012).
 * @param take does what is asked and answers with the state after it
 * @param whyNot the sentence of a refusal, null when it is allowed; changes nothing
 */
export function takeUpdate<Result, Args extends unknown[]>(
  update: UpdateDefinition<Result, Args>,
  take: (...args: NoInfer<Args>) => Result | Promise<Result>,
  whyNot: (...args: NoInfer<Args>) => string | null = () => null,
): void {
  setHandler(update, (...args: Args): Result | Promise<Result> => {
    refuse(whyNot(...args));
    return take(...args);
  });
}

/** @throws ApplicationFailure "Refused" with the sentence, when there is one */
export function refuse(why: string | null): void {
  if (why !== null) throw ApplicationFailure.nonRetryable(why, "Refused");
}
