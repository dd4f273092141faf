import { defineEntity, p } from "@mikro-orm/core";
import { REQUEST_KINDS, REQUEST_STATUSES } from "../../domain/requests/request.ts";
import type { RecordOf } from "../record.ts";
import { Alert } from "./alert.ts";
import { instant } from "./columns.ts";
import { Programme } from "./programme.ts";
import { User } from "./user.ts";

/** What somebody, or an alert, asks to have observed. */
export const Request = defineEntity({
  name: "Request",
  tableName: "request",
  properties: {
    /** `R0012`, or the alert key. */
    id: p.text().primary(),
    kind: p.enum(REQUEST_KINDS),
    name: p.text(),
    comment: p.text(),
    status: p.enum(REQUEST_STATUSES),
    programmeId: () => p.manyToOne(Programme).mapToPk().fieldName("programme_id"),
    userId: () => p.manyToOne(User).mapToPk().fieldName("user_id").deleteRule("no action").nullable(),
    alertKey: () =>
      p.manyToOne(Alert).mapToPk().fieldName("alert_key").deleteRule("no action").nullable().unique(),
    createdWallMs: instant(),
    submittedWallMs: instant().nullable(),
  },
  indexes: [
    { properties: ["createdWallMs", "id"] },
    { properties: ["kind", "status", "createdWallMs", "id"] },
    { properties: ["kind", "createdWallMs", "id"] },
    { properties: ["programmeId", "createdWallMs", "id"] },
    { properties: ["userId", "createdWallMs", "id"] },
  ],
  checks: [
    { name: "request_alert_check", expression: "(kind = 'alert') = (alert_key is not null)" },
    { name: "request_user_check", expression: "kind <> 'routine' or user_id is not null" },
  ],
});

export type RequestRecord = RecordOf<typeof Request>;
