import { Type } from "typebox";
import { Instant, Nullable } from "./lists.ts";

/** The evolution of one value, as charts draw it and programs get it. */
export const HistorySchema = Type.Object({
  name: Type.String(),
  unit: Type.String(),
  fromMs: Instant("Observatory time"),
  toMs: Instant("Observatory time"),
  points: Type.Array(Type.Object({ atMs: Instant("Observatory time"), value: Nullable(Type.Number()) }), {
    description: "The last of each stretch of time, oldest first",
  }),
});
