import type { MikroORM } from "@mikro-orm/postgresql";
import { statusMessage } from "../../domain/partners/messages.ts";
import { Device, type DeviceRecord } from "../entities/device.ts";
import { DeviceStatus, type DeviceStatusRecord } from "../entities/device-status.ts";
import { recordOf } from "../record.ts";
import { enqueue } from "./outbox.ts";

export type DeviceRepository = ReturnType<typeof createDeviceRepository>;

export function createDeviceRepository(orm: MikroORM) {
  /**
   * Stores a device as last seen, by its UniqueID. `sinceWallMs` is when its state became what it is. IC is told of each
   * change of its state, and of no other: values move all the time.
   */
  const upsert = async (device: DeviceRecord): Promise<void> =>
    orm.em.fork().transactional(async (em) => {
      const before = await em.findOne(Device, { uniqueId: device.uniqueId }, { fields: ["state"] });
      const changed = before?.state !== device.state;
      em.clear();
      await em.upsert(Device, { ...device });
      if (!changed) return;
      await enqueue(em, {
        topic: "ic.status",
        key: `${device.uniqueId}/${new Date(device.sinceWallMs).toISOString()}/${device.state}`,
        payload: statusMessage(device),
        createdWallMs: device.seenWallMs,
      });
    });

  /** Adds one row to the history of a device. The device must have been stored. */
  const sample = async (status: Omit<DeviceStatusRecord, "id">): Promise<void> => {
    await orm.em.fork().insert(DeviceStatus, { ...status });
  };

  const list = async (): Promise<DeviceRecord[]> => {
    const rows = await orm.em.fork().find(Device, {}, { orderBy: { deviceId: "asc" } });
    return rows.map((row) => recordOf(row));
  };

  const one = async (deviceId: string): Promise<DeviceRecord | null> => {
    const row = await orm.em.fork().findOne(Device, { deviceId });
    return row === null ? null : recordOf(row);
  };

  /** What a device said between two observatory instants, oldest first, at most `limit` rows. */
  const history = async (
    deviceId: string,
    fromMs: number,
    toMs: number,
    limit = 2_000,
  ): Promise<DeviceStatusRecord[]> => {
    const em = orm.em.fork();
    const device = await em.findOne(Device, { deviceId });
    if (device === null) return [];
    const rows = await em.find(
      DeviceStatus,
      { uniqueId: device.uniqueId, atMs: { $gte: fromMs, $lte: toMs } },
      { orderBy: { atMs: "asc", id: "asc" }, limit },
    );
    return rows.map((row) => recordOf(row));
  };

  return { upsert, sample, list, one, history };
}
