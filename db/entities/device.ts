import { defineEntity, p } from "@mikro-orm/core";
import type { DeviceVersions } from "../../domain/safety/device-versions.ts";
import type { RecoveryProgress } from "../../domain/safety/device-health.ts";
import type { RecordOf } from "../record.ts";
import { instant } from "./columns.ts";

export const DEVICE_STATES = ["UNKNOWN", "UP", "DEGRADED", "DISABLED"] as const;
export type DeviceState = (typeof DEVICE_STATES)[number];

/** A device as last seen. */
export const Device = defineEntity({
  name: "Device",
  tableName: "device",
  properties: {
    /** Alpaca UniqueID. */
    uniqueId: p.text().primary(),
    /** Id in the observatory file. */
    deviceId: p.text().unique(),
    type: p.text(),
    name: p.text(),
    blocking: p.boolean(),
    /** As the observatory has it: a DISABLED one stays so until its recovery has verified it. */
    state: p.enum(DEVICE_STATES),
    sinceWallMs: instant(),
    values: p.json<Readonly<Record<string, unknown>>>(),
    seenWallMs: instant(),
    /** What it said it is when it was last connected; null before. */
    versions: p.json<DeviceVersions>().nullable(),
    /** How far its recovery has come; null unless it is DISABLED. */
    recovery: p.json<RecoveryProgress>().nullable(),
  },
});

export type DeviceRecord = RecordOf<typeof Device>;
