import type { FastifyRequest } from "fastify";
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import { Problem } from "../problem.ts";

const HEADERS = ["webhook-id", "webhook-timestamp", "webhook-signature"] as const;

/** Verifies messages that are signed with one shared secret (Standard Webhooks). */
export interface SignatureCheck {
  /** Whether a request carries any part of a signature. */
  isSigned(request: FastifyRequest): boolean;
  /** @throws Problem 401 when the signature does not hold, or no secret is set */
  verify(request: FastifyRequest, body: Buffer): void;
}

/**
 * @param secret the shared secret, or null when none is set
 * @param unset what is said then
 */
export function createSignatureCheck(secret: string | null, unset: string): SignatureCheck {
  const webhook = secret === null ? null : new Webhook(secret);
  return {
    isSigned: (request) => HEADERS.some((name) => request.headers[name] !== undefined),
    verify: (request, body) => {
      if (webhook === null) throw new Problem(401, unset);
      const headers = Object.fromEntries(HEADERS.map((name) => [name, String(request.headers[name] ?? "")]));
      try {
        // Constant-time comparison, 5 min of wall time around the time stamp, several secrets by several signatures.
        webhook.verify(body, headers, { jsonParse: false });
      } catch (error) {
        if (!(error instanceof WebhookVerificationError)) throw error;
        throw new Problem(401, `The signature does not hold: ${error.message}.`);
      }
    },
  };
}
