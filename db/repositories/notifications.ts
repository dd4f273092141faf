import type { MikroORM } from "@mikro-orm/postgresql";
import { NotificationSettings, type NotificationSettingsRecord } from "../entities/notification-settings.ts";
import { SeenPage } from "../entities/seen-page.ts";
import { findRecord } from "../find-records.ts";

export type NotificationRepository = ReturnType<typeof createNotificationRepository>;

/** What people want to be told, and which first-visit help they have put away. */
export function createNotificationRepository(orm: MikroORM) {
  const settingsOf = async (userId: string): Promise<NotificationSettingsRecord | null> =>
    findRecord(orm.em.fork(), NotificationSettings, { userId });

  const choose = async (settings: NotificationSettingsRecord): Promise<void> => {
    await orm.em.fork().upsert(NotificationSettings, { ...settings });
  };

  /** Pages whose help a person has put away. */
  const seenPages = async (userId: string): Promise<ReadonlySet<string>> => {
    const rows = await orm.em.fork().find(SeenPage, { userId });
    return new Set(rows.map(({ page }) => page));
  };

  const seePage = async (userId: string, page: string, atWallMs: number): Promise<void> => {
    await orm.em.fork().upsert(SeenPage, { userId, page, atWallMs });
  };

  /** The help is shown again, on every page. */
  const unseePages = async (userId: string): Promise<void> => {
    await orm.em.fork().nativeDelete(SeenPage, { userId });
  };

  return { settingsOf, choose, seenPages, seePage, unseePages };
}
