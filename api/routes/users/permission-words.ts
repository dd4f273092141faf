import type { Permission } from "../../../domain/permissions/permissions.ts";

/** What each permission is for, as people say it. */
export const PERMISSION_WORDS: Readonly<Record<Permission, string>> = {
  read: "See every page of the observatory",
  account: "Own profile, password, sessions, notifications",
  "requests.own": "Write and submit own requests",
  "requests.all": "Change the requests of others",
  strategies: "Edit what is done for which alert",
  "alerts.decide": "Decide on an alert: observe, stop, point again",
  "night.control": "Pause, resume, close, start and end the night",
  devices: "Take devices by hand, and back",
  "outbox.retry": "Send a message to IC or FSC again",
  "users.vote": "Vote on who gets an account",
  alarms: "Acknowledge alarms",
  metrics: "Read the figures for monitoring",
  users: "Accept, change and delete accounts",
  programmes: "Make programmes, grant time, name members",
  tokens: "Make tokens of every profile",
  "alerts.simulate": "Fire test alerts",
  backOffice: "Change any table in the back office",
  "notices.post": "Post notices of alerts",
  "fsc.post": "Post messages in the name of FSC",
};
