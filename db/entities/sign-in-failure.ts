import { defineEntity, p } from "@mikro-orm/core";
import type { RecordOf } from "../record.ts";
import { instant, rowNumber } from "./columns.ts";

/** A sign-in that failed lately. Kept for the window of the lock-out only; the audit has the history. */
export const SignInFailure = defineEntity({
  name: "SignInFailure",
  tableName: "sign_in_failure",
  properties: {
    id: rowNumber(),
    /** As entered, lower case; perhaps of nobody. */
    mail: p.text().index(),
    address: p.text().index(),
    atWallMs: instant().index(),
  },
});

export type SignInFailureRecord = RecordOf<typeof SignInFailure>;
