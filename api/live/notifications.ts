import type { NotificationListener } from "../../db/notify.ts";

/** What the database announces to every process that listens. */
export type Notifications = Pick<NotificationListener, "onChange" | "onReconnect">;
