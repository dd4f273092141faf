import { defineEntity, p } from "@mikro-orm/core";
import type { RecordOf } from "../record.ts";
import { instant, real, rowNumber } from "./columns.ts";

/** One command to a device that came to its end: who gave it, why, and what came of it. No foreign key: a device may be gone. */
export const DeviceCommand = defineEntity({
  name: "DeviceCommand",
  tableName: "device_command",
  properties: {
    id: rowNumber(),
    deviceId: p.text(),
    /** What was ordered, in words: `slew to M 33`. */
    command: p.text(),
    /** A person, or the workflow that ordered it. */
    who: p.text(),
    why: p.text(),
    atMs: instant(),
    atWallMs: instant(),
    /** Real seconds. */
    tookS: real(),
    outcome: p.enum(["done", "failed", "stopped"]),
    detail: p.text(),
    /** Written twice with the same key, it is one row. */
    onceKey: p.text().unique(),
  },
  indexes: [{ properties: ["deviceId", "id"] }],
});

export type DeviceCommandRecord = RecordOf<typeof DeviceCommand>;
