import { createHash } from "node:crypto";

/**
 * The idempotency key of a message as it travels, in `webhook-id` (which is signed) and `Idempotency-Key`: the same for
 * each attempt, and after a restored backup. Standard Webhooks wants an id without full stops.
 */
export function messageId(topic: string, key: string): string {
  return `msg_${createHash("sha256").update(`${topic}\n${key}`).digest("hex").slice(0, 32)}`;
}
