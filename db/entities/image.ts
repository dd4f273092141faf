import { defineEntity, p } from "@mikro-orm/core";
import type { RecordOf } from "../record.ts";
import { exactSeconds, instant, real, STAYS_IN_HOME } from "./columns.ts";
import { Exposure } from "./exposure.ts";
import { Night } from "./night.ts";
import { Sequence } from "./sequence.ts";

/** The file of one exposure. */
export const Image = defineEntity({
  name: "Image",
  tableName: "image",
  properties: {
    /** `R0012-1-vis-1-003-1`: plan, n, attempt. */
    id: p.text().primary(),
    exposureId: () => p.manyToOne(Exposure).mapToPk().fieldName("exposure_id").unique(),
    sequenceId: () => p.manyToOne(Sequence).mapToPk().fieldName("sequence_id"),
    /** Null: taken by hand while no night was open. */
    nightId: () => p.manyToOne(Night).mapToPk().fieldName("night_id").deleteRule("no action").nullable(),
    cameraId: p.text(),
    filter: p.text(),
    exposureS: exactSeconds(),
    startMs: instant(),
    raDeg: real(),
    decDeg: real(),
    /** Relative to VESPER_HOME. */
    path: p.text().unique(),
    sha256: p.text(),
    bytes: p.bigint("number"),
    width: p.integer(),
    height: p.integer(),
    previewPath: p.text().nullable(),
    header: p.json<Readonly<Record<string, unknown>>>(),
    statistics: p.json<Readonly<Record<string, unknown>>>(),
    storedWallMs: instant(),
  },
  indexes: [
    { properties: ["startMs", "id"] },
    { properties: ["nightId", "startMs", "id"] },
    { properties: ["sequenceId", "startMs", "id"] },
    { properties: ["cameraId", "filter", "startMs", "id"] },
    { properties: ["filter", "startMs", "id"] },
  ],
  checks: [
    { name: "image_numbers_check", expression: "bytes > 0 and width > 0 and height > 0 and exposure_s >= 0" },
    { name: "image_sha256_check", expression: "sha256 ~ '^[0-9a-f]{64}$'" },
    { name: "image_ra_check", expression: "ra_deg >= 0 and ra_deg < 360" },
    { name: "image_dec_check", expression: "dec_deg between -90 and 90" },
    { name: "image_path_check", expression: STAYS_IN_HOME },
  ],
});

export type ImageRecord = RecordOf<typeof Image>;
