import { Type } from "typebox";
import { JOURNAL_LEVELS } from "../../../db/entities/journal-entry.ts";
import { Instant, Nullable } from "../lists.ts";

export const JournalEntrySchema = Type.Object({
  id: Type.Integer(),
  atWallMs: Instant("Wall time"),
  atMs: Instant("Observatory time"),
  level: Type.String(),
  module: Type.String(),
  text: Type.String(),
  nightId: Nullable(Type.String()),
  sequenceId: Nullable(Type.String()),
  alertKey: Nullable(Type.String()),
  deviceId: Nullable(Type.String()),
});

export const LevelSchema = Type.Union(JOURNAL_LEVELS.map((level) => Type.Literal(level)));

const Text = Type.Optional(Type.String({ maxLength: 200 }));

export const JournalQuerySchema = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 100 })),
  level: Type.Optional(LevelSchema),
  module: Text,
  text: Text,
  nightId: Text,
  sequenceId: Text,
  alertKey: Text,
  deviceId: Text,
  beforeId: Type.Optional(
    Type.Integer({ minimum: 1, description: "Only older lines: nextBeforeId of the page before" }),
  ),
  afterId: Type.Optional(Type.Integer({ minimum: 0, description: "Only newer lines" })),
});
