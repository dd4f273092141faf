import { Type } from "typebox";
import { Nullable } from "../lists.ts";

export const TakenSchema = Type.Object({
  ivorn: Type.String(),
  alertId: Nullable(
    Type.String({ description: "Key of the alert; null when the notice belongs to no event" }),
  ),
  workflowId: Nullable(Type.String()),
  duplicate: Type.Boolean({ description: "The same notice was stored before" }),
  queued: Type.Boolean({ description: "Stored; Temporal has not acknowledged it yet and is sent it again" }),
  decision: Type.String(),
  reason: Type.String(),
});
