import { Type } from "typebox";
import type { Static } from "typebox";
import { Instant } from "../lists.ts";

const Id = (what: string) => Type.String({ minLength: 1, maxLength: 100, description: what });
const Reason = Type.String({ minLength: 1, maxLength: 2_000, rule: "a text of 1 to 2000 characters" });
const envelope = <T extends string, D extends Parameters<typeof Type.Object>[0]>(type: T, data: D) =>
  Type.Object(
    {
      type: Type.Literal(type),
      timestamp: Type.String({
        pattern: String.raw`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$`,
        rule: "an instant with its zone in ISO 8601, such as 2026-11-20T23:30:00Z",
      }),
      data: Type.Object(data, { additionalProperties: false }),
    },
    { additionalProperties: false },
  );

/** What FSC may ask for: all of it changes how alerts are followed up. */
export const FSC_MESSAGES = {
  /** Another strategy becomes the default. */
  "strategy.default": envelope("strategy.default", { strategyId: Id("Id of the strategy"), reason: Reason }),
  /** One stream gets a strategy of its own, or the default again. */
  "strategy.stream": envelope("strategy.stream", {
    stream: Id("Alert stream, e.g. swift-bat"),
    strategyId: Type.Union([Id("Id of the strategy"), Type.Null()]),
    reason: Reason,
  }),
  /** Parts of a strategy are replaced. */
  "strategy.change": envelope("strategy.change", {
    strategyId: Id("Id of the strategy"),
    changes: Type.Record(Type.String(), Type.Unknown()),
    reason: Reason,
  }),
} as const;

export type FscMessageType = keyof typeof FSC_MESSAGES;
export const FSC_MESSAGE_TYPES = Object.keys(FSC_MESSAGES) as readonly FscMessageType[];
export type FscMessageBody = Static<(typeof FSC_MESSAGES)[FscMessageType]>;

export const FscMessageSchema = Type.Object({
  id: Type.String({ description: "The sender's webhook-id" }),
  type: Type.String(),
  sentWallMs: Instant("Wall time the sender wrote in it"),
  receivedWallMs: Instant("Wall time"),
  receivedMs: Instant("Observatory time"),
  data: Type.Unknown(),
});

export const FscTakenSchema = Type.Object({
  id: Type.String(),
  duplicate: Type.Boolean({ description: "The same message was stored before" }),
});
