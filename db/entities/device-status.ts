import { defineEntity, p } from "@mikro-orm/core";
import type { RecordOf } from "../record.ts";
import { instant, rowNumber } from "./columns.ts";
import { DEVICE_STATES, Device } from "./device.ts";

/** What a device said at one moment: on a change, and as a regular sample. */
export const DeviceStatus = defineEntity({
  name: "DeviceStatus",
  tableName: "device_status",
  properties: {
    id: rowNumber(),
    uniqueId: () => p.manyToOne(Device).mapToPk().fieldName("unique_id").deleteRule("cascade"),
    atMs: instant(),
    atWallMs: instant(),
    state: p.enum(DEVICE_STATES),
    cause: p.enum(["change", "sample"]),
    values: p.json<Readonly<Record<string, unknown>>>(),
  },
  indexes: [{ properties: ["uniqueId", "atMs"] }],
});

export type DeviceStatusRecord = RecordOf<typeof DeviceStatus>;
