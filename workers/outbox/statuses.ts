import type { DeviceRepository } from "../../db/repositories/devices.ts";
import type { OutboxRepository } from "../../db/repositories/outbox.ts";
import { statusMessage } from "../../domain/partners/messages.ts";

/** Wall time between two messages with the status of every device. */
export const STATUSES_EVERY_MS = 10 * 60_000;

/**
 * Tells IC how every device is, once per ten minutes of wall time whoever asks how often: changes of state are told when
 * they happen, what the devices say of themselves is told here.
 */
export async function enqueueStatuses(
  database: {
    readonly devices: Pick<DeviceRepository, "list">;
    readonly outbox: Pick<OutboxRepository, "add">;
  },
  wallMs: number,
): Promise<boolean> {
  const devices = await database.devices.list();
  if (devices.length === 0) return false;
  const slot = new Date(Math.floor(wallMs / STATUSES_EVERY_MS) * STATUSES_EVERY_MS).toISOString();
  return database.outbox.add({
    topic: "ic.status",
    key: `all/${slot}`,
    payload: { devices: devices.map((device) => statusMessage(device)) },
    createdWallMs: wallMs,
  });
}
