import type { FastifyRequest } from "fastify";
import { Problem } from "../../problem.ts";

/** Said of every operation that `personOf` guards. */
export const BROWSER_ONLY =
  "For a signed-in browser, with its cookie and the header x-csrf-token: an API token gets 409, so that one that is found or stolen cannot make itself at home.";

/**
 * The person whose browser asks. What changes an account is for people alone: a token that is found or stolen must not be able to
 * make itself at home.
 * @throws Problem 409 for an API token
 */
export function personOf(request: FastifyRequest): { readonly userId: string; readonly sessionId: string } {
  const { identity } = request;
  if (
    identity === null ||
    identity.how !== "session" ||
    identity.userId === null ||
    identity.sessionId === null
  ) {
    throw new Problem(
      409,
      "An account is changed by its owner, signed in with a browser, not by an API token.",
    );
  }
  return { userId: identity.userId, sessionId: identity.sessionId };
}
