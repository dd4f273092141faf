import type { FastifyRequest } from "fastify";
import { Problem } from "../../problem.ts";

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
