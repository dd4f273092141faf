import { Type, type Static } from "typebox";
import { options } from "../lists.ts";

/** Which rows of a schedule somebody wants to see; empty is all. */
export const ScheduleFilterSchema = Type.Object({
  mine: Type.Optional(Type.Union([Type.Literal("1"), Type.Literal("")])),
  programme: Type.Optional(Type.String({ maxLength: 40 })),
  status: Type.Optional(Type.String({ maxLength: 20 })),
});
export type ScheduleFilters = Required<Static<typeof ScheduleFilterSchema>>;

/** What of a row is filtered by. */
interface Filtered {
  readonly userId: string | null;
  readonly programmeId: string;
  readonly status: string;
}

export const STATUSES = ["planned", "executing", "done", "interrupted", "skipped", "refused"] as const;

/** @param userId who is looking */
export function passesFilters(row: Filtered, filters: ScheduleFilters, userId: string | null): boolean {
  return (
    (filters.mine === "" || isOwn(row, userId)) &&
    (filters.programme === "" || row.programmeId === filters.programme) &&
    (filters.status === "" || row.status === filters.status)
  );
}

/** Whether the one who is looking asked for it. */
export function isOwn(row: Pick<Filtered, "userId">, userId: string | null): boolean {
  return userId !== null && row.userId === userId;
}

/** The form above the tables. */
export function filterForm(filters: ScheduleFilters, programmes: readonly string[]) {
  return {
    owners: [
      { value: "", label: "everybody's", chosen: filters.mine === "" },
      { value: "1", label: "mine", chosen: filters.mine === "1" },
    ],
    programmes: options(programmes, filters.programme),
    statuses: options(STATUSES, filters.status),
  };
}
