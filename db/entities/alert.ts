import { defineEntity, p } from "@mikro-orm/core";
import type { RecordOf } from "../record.ts";
import { instant, real } from "./columns.ts";

/** Stages of the way from burst to first image, wall ms. */
export const ALERT_STAGES = [
  "T0",
  "receivedAt",
  "decidedAt",
  "preemptedAt",
  "abortedAt",
  "slewStartedAt",
  "shutterOpenedAt",
  "firstImageAt",
] as const;
export type AlertStage = (typeof ALERT_STAGES)[number];
export type AlertStages = { readonly [Stage in AlertStage]?: number };

/** One astrophysical event. `state` is the AlertState of domain/alerts, kept as it is. */
export const Alert = defineEntity({
  name: "Alert",
  tableName: "alert",
  properties: {
    /** e.g. `swift-1016881`. */
    key: p.text().primary(),
    site: p.text(),
    stream: p.text(),
    status: p.text(),
    decision: p.text(),
    slew: p.boolean(),
    rule: p.text(),
    reason: p.text(),
    rank: p.integer(),
    t0Ms: instant().fieldName("t0_at").nullable(),
    raDeg: real().nullable(),
    decDeg: real().nullable(),
    errorDeg: real().nullable(),
    generation: p.integer(),
    workflowId: p.text(),
    state: p.json<Readonly<Record<string, unknown>>>(),
    closed: p.boolean(),
    stages: p.json<AlertStages>(),
    createdWallMs: instant(),
    updatedWallMs: instant(),
  },
  indexes: [{ properties: ["site", "closed"] }, { properties: ["site", "createdWallMs", "key"] }],
  checks: [
    { name: "alert_generation_check", expression: "generation >= 0" },
    { name: "alert_ra_check", expression: "ra_deg >= 0 and ra_deg < 360" },
    { name: "alert_dec_check", expression: "dec_deg between -90 and 90" },
    { name: "alert_error_check", expression: "error_deg >= 0" },
    { name: "alert_place_check", expression: "(ra_deg is null) = (dec_deg is null)" },
  ],
});

export type AlertRecord = RecordOf<typeof Alert>;
