import { defineEntity, p } from "@mikro-orm/core";
import type { RecordOf } from "../record.ts";
import { instant } from "./columns.ts";
import { User } from "./user.ts";

/** What a person wants to be told, and how. No row: nothing. */
export const NotificationSettings = defineEntity({
  name: "NotificationSettings",
  tableName: "notification_settings",
  properties: {
    userId: () => p.oneToOne(User).mapToPk().fieldName("user_id").primary().owner().deleteRule("cascade"),
    /** Events told by mail; domain/people/notifications.ts names them. */
    mailEvents: p.json<readonly string[]>(),
    /** Events posted to the person's webhook. */
    webhookEvents: p.json<readonly string[]>(),
    webhookUrl: p.text().nullable(),
    /** Signs what is posted (Standard Webhooks). */
    webhookSecret: p.text().nullable(),
    /** Nothing older is told: what happened before the choice is no news. */
    sinceWallMs: instant(),
  },
});

export type NotificationSettingsRecord = RecordOf<typeof NotificationSettings>;
