import { randomUUID } from "node:crypto";
import type { CommandOutcome } from "../../../adapters/temporal/gateway.ts";
import { observatoryMs } from "../../../domain/clock.ts";
import { operationInWords, type ManualOperation } from "../../../domain/manual/operation.ts";
import type { ApiContext } from "../../context.ts";
import type { Identity } from "../../plugins/identity.ts";

/** What a person orders on the manual page. */
export type HandOrder =
  | { readonly kind: "stop" }
  | { readonly kind: "take"; readonly reason: string }
  | { readonly kind: "leave" }
  | { readonly kind: "operation"; readonly operation: ManualOperation };

/**
 * Sends an order and keeps its answer as the newest state. The workflow writes what it does into the journal; what it
 * refuses or does not answer is written here, beside the answer: stopping may not wait for the database.
 */
export async function orderByHand(
  { app, deps, stateReader }: Pick<ApiContext, "app" | "deps" | "stateReader">,
  order: HandOrder,
  identity: Identity,
  address: string,
): Promise<CommandOutcome> {
  const outcome = await send(deps, order, identity);
  if (outcome.kind === "applied") stateReader.put(outcome.state);
  record(deps, order, identity, address, outcome).catch((error: unknown) => {
    app.log.warn({ err: error, order: order.kind, by: identity.name }, "an order by hand was not recorded");
  });
  return outcome;
}

function send(
  { gateway, nowWallMs }: ApiContext["deps"],
  order: HandOrder,
  { name, profile, userId }: Identity,
): Promise<CommandOutcome> {
  const person = { by: name, profile };
  switch (order.kind) {
    case "stop":
      return gateway.stop(person);
    case "take":
      return gateway.takeMaintenance({ ...person, reason: order.reason });
    case "leave":
      return gateway.leaveMaintenance(person);
    default:
      return gateway.manual({
        ...person,
        userId,
        id: randomUUID().slice(0, 8),
        operation: order.operation,
        sentWallMs: nowWallMs(),
      });
  }
}

async function record(
  { database, clock, nowWallMs }: ApiContext["deps"],
  order: HandOrder,
  identity: Identity,
  address: string,
  outcome: CommandOutcome,
): Promise<void> {
  const atWallMs = nowWallMs();
  if (outcome.kind !== "applied") {
    const what = outcome.kind === "refused" ? "refused" : "not confirmed yet";
    await database.journal.append({
      atWallMs,
      atMs: observatoryMs(clock(), atWallMs),
      level: "warning",
      module: "manual",
      text: `${identity.name} by hand: ${orderInWords(order)}: ${what}. ${outcome.reason}`,
      userId: identity.userId,
    });
  }
  await database.audits.append({
    atWallMs,
    userId: identity.userId,
    action: `manual.${order.kind === "operation" ? order.operation.kind : order.kind}`,
    subject: null,
    address,
    details: {
      by: identity.name,
      outcome: outcome.kind,
      ...(order.kind === "take" ? { reason: order.reason } : {}),
    },
  });
}

/** What was ordered, in words: `open the dome`. */
export function orderInWords(order: HandOrder): string {
  switch (order.kind) {
    case "stop":
      return "stop everything";
    case "take":
      return "take the maintenance hold";
    case "leave":
      return "leave the maintenance hold";
    default:
      return operationInWords(order.operation);
  }
}
