import { defineEntity, p } from "@mikro-orm/core";
import type { RecordOf } from "../record.ts";
import { instant } from "./columns.ts";

/** A request that changes something and that a web process has begun with. The proxy may send it once more: to another one. */
export const TakenRequest = defineEntity({
  name: "TakenRequest",
  tableName: "taken_request",
  properties: {
    /** The proxy's number of it, the same at each try. */
    id: p.text().primary(),
    takenWallMs: instant().index(),
  },
});

export type TakenRequestRecord = RecordOf<typeof TakenRequest>;
