import { defineEntity, p } from "@mikro-orm/core";
import type { RecordOf } from "../record.ts";
import { exactSeconds } from "./columns.ts";
import { Programme } from "./programme.ts";

/** Sums of the quota ledger by programme, kept by a trigger as lines are added: a ledger of years is not summed anew. */
export const QuotaBalanceRow = defineEntity({
  name: "QuotaBalanceRow",
  tableName: "quota_balance",
  properties: {
    programmeId: () =>
      p
        .manyToOne(Programme)
        .mapToPk()
        .fieldName("programme_id")
        .primary()
        .deleteRule("no action")
        .updateRule("no action"),
    grantedS: exactSeconds(),
    spentS: exactSeconds(),
    /** Reserved by attempts that are not settled. */
    openS: exactSeconds(),
    availableS: exactSeconds(),
  },
});

export type QuotaBalanceRecord = RecordOf<typeof QuotaBalanceRow>;
