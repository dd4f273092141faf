import { defineEntity, p } from "@mikro-orm/core";
import type { RecordOf } from "../record.ts";
import { instant } from "./columns.ts";

/** One night of one site, named by the date of its local noon. Started again after a wrong end it is run n+1. */
export const Night = defineEntity({
  name: "Night",
  tableName: "night",
  properties: {
    /** `{site}/{yyyy-mm-dd}`. */
    id: p.text().primary(),
    site: p.text(),
    date: p.text(),
    run: p.integer(),
    phase: p.text(),
    status: p.enum(["open", "ended"]),
    startedMs: instant(),
    startedWallMs: instant(),
    endedMs: instant().nullable(),
    /** Run id of the workflow that opened it: opened twice by the same run, it is one run. */
    openedBy: p.text(),
    almanac: p.json<Readonly<Record<string, unknown>>>(),
    endReason: p.text().nullable(),
  },
  uniques: [{ properties: ["site", "date"] }],
  checks: [
    { name: "night_date_check", expression: "date ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'" },
    { name: "night_run_check", expression: "run > 0" },
    { name: "night_end_check", expression: "(status = 'ended') = (ended_at is not null)" },
    { name: "night_end_reason_check", expression: "(status = 'ended') = (end_reason is not null)" },
    { name: "night_id_check", expression: "id = site || '/' || date" },
  ],
});

export type NightRecord = RecordOf<typeof Night>;
