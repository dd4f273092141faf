import { defineEntity, p } from "@mikro-orm/core";
import type { RecordOf } from "../record.ts";
import { Alert } from "./alert.ts";
import { Analysis } from "./analysis.ts";
import { instant, rowNumber } from "./columns.ts";

/** What FSC is told of one alert, version by version; a version is never changed. */
export const Report = defineEntity({
  name: "Report",
  tableName: "report",
  properties: {
    id: rowNumber(),
    alertKey: () => p.manyToOne(Alert).mapToPk().fieldName("alert_key").deleteRule("no action"),
    /** 1, 2 … */
    version: p.integer(),
    /** The analysis it is made from. */
    sequenceId: () =>
      p.manyToOne(Analysis).mapToPk().fieldName("sequence_id").deleteRule("no action").index(),
    document: p.json<Readonly<Record<string, unknown>>>(),
    madeMs: instant(),
    madeWallMs: instant(),
  },
  uniques: [{ name: "report_version_unique", properties: ["alertKey", "version"] }],
  checks: [{ name: "report_version_check", expression: "version >= 1" }],
});

export type ReportRecord = RecordOf<typeof Report>;
