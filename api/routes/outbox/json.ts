import type { OutboxRecord } from "../../../db/entities/outbox-message.ts";
import { may } from "../../../domain/permissions/permissions.ts";
import type { Identity } from "../../plugins/identity.ts";

/** What is told to one person at their own address. */
export function isPersonal(topic: OutboxRecord["topic"]): boolean {
  return topic === "mail" || topic === "webhook";
}

/** Whether somebody may know to whom a message goes: addresses of people are personal. */
export function maySeeDestination(
  identity: Identity | null,
  { topic }: Pick<OutboxRecord, "topic">,
): boolean {
  return !isPersonal(topic) || (identity !== null && may(identity.profile, "users"));
}

export function outboxJson(message: OutboxRecord, identity: Identity | null) {
  const { id, topic, key, state, attempts } = message;
  return {
    id,
    topic,
    destination: maySeeDestination(identity, message) ? message.destination : null,
    key,
    state,
    attempts,
    createdWallMs: message.createdWallMs,
    nextAttemptWallMs: state === "waiting" ? message.nextAttemptWallMs : null,
    lastAttemptWallMs: message.lastAttemptWallMs,
    deliveredWallMs: message.deliveredWallMs,
    lastProblem: maySeeDestination(identity, message) ? message.lastProblem : null,
  };
}

/** Mail may carry a link that opens an account: it is for its reader alone. */
export function outboxDetailJson(message: OutboxRecord, identity: Identity | null) {
  return {
    ...outboxJson(message, identity),
    payload: isPersonal(message.topic) ? null : message.payload,
  };
}
