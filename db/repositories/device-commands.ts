import type { MikroORM } from "@mikro-orm/postgresql";
import { DeviceCommand, type DeviceCommandRecord } from "../entities/device-command.ts";
import { type Page, pageBounds, type PageQuery } from "../page.ts";
import { recordOf } from "../record.ts";

export type NewDeviceCommand = Omit<DeviceCommandRecord, "id">;
export type DeviceCommandRepository = ReturnType<typeof createDeviceCommandRepository>;

export function createDeviceCommandRepository(orm: MikroORM) {
  /** Writes a command that has ended; twice with the same key is once. */
  const append = async (command: NewDeviceCommand): Promise<void> => {
    await orm.em
      .fork()
      .createQueryBuilder(DeviceCommand)
      .insert({ ...command })
      .onConflict(["onceKey"])
      .ignore()
      .execute();
  };

  /** Commands to one device, newest first. */
  const list = async (
    query: PageQuery & { readonly deviceId: string },
  ): Promise<Page<DeviceCommandRecord>> => {
    const [rows, total] = await orm.em
      .fork()
      .findAndCount(
        DeviceCommand,
        { deviceId: query.deviceId },
        { ...pageBounds(query), orderBy: { id: "desc" } },
      );
    return { items: rows.map((row) => recordOf(row)), total };
  };

  return { append, list };
}
