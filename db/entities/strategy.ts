import { defineEntity, p } from "@mikro-orm/core";
import type { RecordOf } from "../record.ts";
import { instant } from "./columns.ts";

/** How an alert is followed up; `document` is the Strategy of domain/alerts. */
export const Strategy = defineEntity({
  name: "Strategy",
  tableName: "strategy",
  properties: {
    id: p.text().primary(),
    name: p.text(),
    isDefault: p.boolean(),
    document: p.json<Readonly<Record<string, unknown>>>(),
    updatedWallMs: instant(),
  },
});

export type StrategyRecord = RecordOf<typeof Strategy>;
