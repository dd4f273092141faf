import { defineEntity, p } from "@mikro-orm/core";
import type { RecordOf } from "../record.ts";
import { instant } from "./columns.ts";
import { User } from "./user.ts";

/** A page whose first-visit help a person has put away. */
export const SeenPage = defineEntity({
  name: "SeenPage",
  tableName: "seen_page",
  properties: {
    userId: () => p.manyToOne(User).mapToPk().fieldName("user_id").primary().deleteRule("cascade"),
    /** Name of the page in api/routes/help/topics.ts. */
    page: p.text().primary(),
    atWallMs: instant(),
  },
});

export type SeenPageRecord = RecordOf<typeof SeenPage>;
