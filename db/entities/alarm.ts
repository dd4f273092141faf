import { defineEntity, p } from "@mikro-orm/core";
import { ALARM_LEVELS } from "../../domain/observatory.ts";
import type { RecordOf } from "../record.ts";
import { instant, rowNumber } from "./columns.ts";

/** Something for which a person is needed, from when it was raised until it is over and, when it latches, acknowledged. */
export const Alarm = defineEntity({
  name: "Alarm",
  tableName: "alarm",
  properties: {
    id: rowNumber(),
    site: p.text(),
    /** What is wrong, e.g. `device:camera-vis`; one row of a key is open at a time. */
    key: p.text(),
    level: p.enum(ALARM_LEVELS),
    text: p.text(),
    /** What to look at and what to do. */
    guidance: p.text(),
    /** Page that shows the thing itself. */
    page: p.text(),
    /** Key of the alarm that is the cause of this one; while it stands this one is only counted. */
    hiddenBy: p.text().nullable(),
    raisedMs: instant(),
    raisedWallMs: instant(),
    /** How often it was raised while nobody acknowledged it. */
    times: p.integer(),
    /** When its cause went away; null while it is there. */
    returnedWallMs: instant().nullable(),
    /** Stays on the list after its cause has gone, until acknowledged. */
    latched: p.boolean(),
    acknowledgedWallMs: instant().nullable(),
    acknowledgedBy: p.text().nullable(),
    note: p.text().nullable(),
    /** When it left the list; null while it is on it. */
    closedWallMs: instant().nullable(),
    /** When people were told of it by mail or the like; null while they were not. */
    notifiedWallMs: instant().nullable(),
  },
  indexes: [{ properties: ["site", "raisedWallMs"] }],
  checks: [
    {
      name: "alarm_acknowledged_check",
      expression: "(acknowledged_wall_at is null) = (acknowledged_by is null)",
    },
    {
      name: "alarm_closed_check",
      expression: "closed_wall_at is null or returned_wall_at is not null",
    },
    { name: "alarm_times_check", expression: "times > 0" },
  ],
});

export type AlarmRecord = RecordOf<typeof Alarm>;
