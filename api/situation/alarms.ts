import { isDatabaseUnavailable } from "../../db/connection.ts";
import type { Database } from "../../db/orm.ts";
import type { AlarmSummary } from "../../db/repositories/alarms.ts";
import { count } from "../words/numbers.ts";
import type { Situation } from "./situation.ts";
import type { Mark } from "./tone.ts";

/** The situation with the count of alarms; without the database nobody knows of any. */
export async function withAlarms(
  situation: Situation,
  database: Pick<Database, "alarms">,
  siteId: string,
): Promise<Situation> {
  try {
    return { ...situation, alarms: await database.alarms.summary(siteId) };
  } catch (error) {
    if (!isDatabaseUnavailable(error)) throw error;
    return situation;
  }
}

/** Alarms as every page shows them. */
export interface AlarmMark extends Mark {
  /** `, 1 new`, where there is room; empty when none is. */
  readonly fresh: string;
  /** Before the title of the page, for tabs that are not looked at: `(!2)`. */
  readonly inTitle: string;
}

/** The chip on every page: `2 alarms`; null when the list is empty. */
export function alarmMark(alarms: AlarmSummary | null): AlarmMark | null {
  if (alarms === null || (alarms.active === 0 && alarms.fresh === 0)) return null;
  const loud = alarms.worst !== "LOW" && (alarms.active > 0 || alarms.fresh > 0);
  const words = alarms.active === 0 ? "alarms over" : count(alarms.active, "alarm");
  const fresh = alarms.fresh === 0 ? "" : `, ${alarms.fresh} new`;
  return {
    tone: loud ? "alarm" : "warning",
    word: words,
    fresh,
    inTitle: `(!${alarms.active || alarms.fresh})`,
  };
}
