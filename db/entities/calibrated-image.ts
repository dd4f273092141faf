import { defineEntity, p } from "@mikro-orm/core";
import type { UsedMaster } from "../../domain/imaging/calibration/choose-masters.ts";
import type { RecordOf } from "../record.ts";
import { instant, STAYS_IN_HOME } from "./columns.ts";
import { Image } from "./image.ts";

/** quicklook: with the newest masters there were, during the night. final: with those of its own night. */
export const CALIBRATED_KINDS = ["quicklook", "final"] as const;
export type CalibratedKind = (typeof CALIBRATED_KINDS)[number];

/** A science frame with bias, dark and flat applied, beside the raw one that it was made from. */
export const CalibratedImage = defineEntity({
  name: "CalibratedImage",
  tableName: "calibrated_image",
  properties: {
    /** `{image}-{kind}`. */
    id: p.text().primary(),
    imageId: () => p.manyToOne(Image).mapToPk().fieldName("image_id").deleteRule("cascade"),
    kind: p.enum(CALIBRATED_KINDS),
    /** Relative to VESPER_HOME. */
    path: p.text().unique(),
    sha256: p.text(),
    bytes: p.bigint("number"),
    previewPath: p.text(),
    /** Letters of what was applied: B bias, D dark, F flat. */
    calibrationStatus: p.text(),
    /** The masters that were used. */
    masters: p.json<readonly UsedMaster[]>(),
    /** What is missing or doubtful, in words; empty when nothing is. */
    warnings: p.json<readonly string[]>(),
    header: p.json<Readonly<Record<string, unknown>>>(),
    statistics: p.json<Readonly<Record<string, unknown>>>(),
    madeMs: instant(),
    storedWallMs: instant(),
  },
  uniques: [{ properties: ["imageId", "kind"] }],
  checks: [
    { name: "calibrated_image_bytes_check", expression: "bytes > 0" },
    { name: "calibrated_image_sha256_check", expression: "sha256 ~ '^[0-9a-f]{64}$'" },
    { name: "calibrated_image_status_check", expression: "calibration_status ~ '^B?D?F?$'" },
    { name: "calibrated_image_path_check", expression: STAYS_IN_HOME },
  ],
});

export type CalibratedImageRecord = RecordOf<typeof CalibratedImage>;
