import type { MikroORM } from "@mikro-orm/postgresql";
import { DeviceCommand, type DeviceCommandRecord } from "../entities/device-command.ts";
import { findPage } from "../find-records.ts";
import { type Page, type PageQuery } from "../page.ts";

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
    return findPage(orm.em.fork(), DeviceCommand, { deviceId: query.deviceId }, query, { id: "desc" });
  };

  return { append, list };
}
