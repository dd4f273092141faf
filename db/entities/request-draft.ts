import { defineEntity, p } from "@mikro-orm/core";
import type { WrittenRequest } from "../../domain/requests/written.ts";
import type { RecordOf } from "../record.ts";
import { instant } from "./columns.ts";
import { User } from "./user.ts";

/** A request while it is written: kept as it stands, right or wrong, until it is submitted. */
export const RequestDraft = defineEntity({
  name: "RequestDraft",
  tableName: "request_draft",
  properties: {
    /** The id that the request has, or will have: `R0012`. */
    id: p.text().primary(),
    /** Its author. */
    userId: () => p.manyToOne(User).mapToPk().fieldName("user_id").deleteRule("cascade").index(),
    document: p.json<WrittenRequest>(),
    /** Raised by every save: who saves over a version they have not seen is told. */
    version: p.integer(),
    /** Who saved last, by name. */
    savedBy: p.text(),
    /** The form it was saved from: one form may save over what it saved before, whatever version it shows. */
    savedFrom: p.text(),
    createdWallMs: instant(),
    updatedWallMs: instant(),
  },
  checks: [{ name: "request_draft_version_check", expression: "version > 0" }],
});

export type RequestDraftRecord = RecordOf<typeof RequestDraft>;
