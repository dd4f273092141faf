import type { MikroORM } from "@mikro-orm/postgresql";
import { statusMessage } from "../../domain/partners/messages.ts";
import { Device, type DeviceRecord } from "../entities/device.ts";
import { DeviceStatus, type DeviceStatusRecord } from "../entities/device-status.ts";
import { findRecord, findRecords } from "../find-records.ts";
import { recordOf } from "../record.ts";
import { enqueue } from "./outbox.ts";

export type DeviceRepository = ReturnType<typeof createDeviceRepository>;

export function createDeviceRepository(orm: MikroORM) {
  /**
   * Stores what a device said last, by its UniqueID. Its state is `setHealth`'s to change, but for a device that was not
   * stored yet.
   */
  const upsert = async (device: Omit<DeviceRecord, "recovery">): Promise<void> => {
    await orm.em.fork().upsert(
      Device,
      { ...device, recovery: null },
      {
        onConflictFields: ["uniqueId"],
        onConflictAction: "merge",
        onConflictExcludeFields: ["state", "sinceWallMs", "recovery"],
      },
    );
  };

  /**
   * Stores the state of a device and how far its recovery has come. With a state that differs from `from`, the one before,
   * also a row of its history, and IC is told. Run twice it changes nothing more.
   */
  const setHealth = async (health: {
    readonly device: Pick<DeviceRecord, "uniqueId" | "deviceId" | "type" | "name" | "blocking">;
    readonly state: DeviceRecord["state"];
    readonly recovery: DeviceRecord["recovery"];
    readonly why: string;
    readonly from: DeviceRecord["state"] | null;
    readonly atMs: number;
    readonly wallMs: number;
  }): Promise<void> =>
    orm.em.fork().transactional(async (em) => {
      const { device, state, recovery, why, from, atMs, wallMs } = health;
      const changed = from !== state;
      await em.upsert(
        Device,
        { ...device, state, recovery, sinceWallMs: wallMs, seenWallMs: wallMs, values: {} },
        {
          onConflictFields: ["uniqueId"],
          onConflictAction: "merge",
          onConflictMergeFields: changed ? ["state", "recovery", "sinceWallMs"] : ["state", "recovery"],
        },
      );
      if (!changed) return;
      const { uniqueId } = device;
      const known = await em.count(DeviceStatus, { uniqueId, atMs, state, cause: "change" });
      if (known > 0) return;
      await em.insert(DeviceStatus, {
        uniqueId,
        atMs,
        atWallMs: wallMs,
        state,
        cause: "change" as const,
        values: why === "" ? {} : { why },
      });
      const { values, versions } = await em.findOneOrFail(
        Device,
        { uniqueId },
        { fields: ["values", "versions"] },
      );
      await enqueue(em, {
        topic: "ic.status",
        key: `${uniqueId}/${new Date(atMs).toISOString()}/${state}`,
        payload: statusMessage({ ...device, state, sinceWallMs: wallMs, values, versions: versions ?? null }),
        createdWallMs: wallMs,
      });
    });

  /** Adds one row to the history of a device. The device must have been stored. */
  const sample = async (status: Omit<DeviceStatusRecord, "id">): Promise<void> => {
    await orm.em.fork().insert(DeviceStatus, { ...status });
  };

  const list = async (): Promise<DeviceRecord[]> => {
    return findRecords(orm.em.fork(), Device, {}, { orderBy: { deviceId: "asc" } });
  };

  const one = async (deviceId: string): Promise<DeviceRecord | null> =>
    findRecord(orm.em.fork(), Device, { deviceId });

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

  /** Samples between two observatory instants, oldest first, thinned to at most about `most`: the last of each stretch. */
  const thinned = async (
    deviceId: string,
    fromMs: number,
    toMs: number,
    most: number,
  ): Promise<Pick<DeviceStatusRecord, "atMs" | "values">[]> => {
    const stretchS = Math.max(1, (toMs - fromMs) / 1_000 / most);
    const rows = await orm.em.fork().execute<{ at_ms: string; values: Readonly<Record<string, unknown>> }[]>(
      `select distinct on (stretch) at_ms, values from (
         select floor(extract(epoch from s.at) / ?::float8) as stretch, s.at, s.id, s.values,
                (extract(epoch from s.at) * 1000)::bigint as at_ms
         from device_status s join device d on d.unique_id = s.unique_id
         where d.device_id = ? and s.at between ? and ?
       ) as sample
       order by stretch, at desc, id desc`,
      [stretchS, deviceId, new Date(fromMs).toISOString(), new Date(toMs).toISOString()],
    );
    return rows.map((row) => ({ atMs: Number(row.at_ms), values: row.values }));
  };

  /** Changes between two observatory instants, newest first. */
  const changes = async (
    deviceId: string,
    fromMs: number,
    toMs: number,
    limit: number,
  ): Promise<DeviceStatusRecord[]> => {
    const em = orm.em.fork();
    const device = await em.findOne(Device, { deviceId });
    if (device === null) return [];
    const rows = await em.find(
      DeviceStatus,
      { uniqueId: device.uniqueId, cause: "change", atMs: { $gte: fromMs, $lte: toMs } },
      { orderBy: { atMs: "desc", id: "desc" }, limit },
    );
    return rows.map((row) => recordOf(row));
  };

  return { upsert, setHealth, sample, list, one, history, thinned, changes };
}
