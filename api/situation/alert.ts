import { isDatabaseUnavailable } from "../../db/connection.ts";
import type { AlertRecord } from "../../db/entities/alert.ts";
import type { Database } from "../../db/orm.ts";
import { SIMULATED_PARAM } from "../../domain/alerts/notice-of-voevent.ts";
import type { Situation } from "./situation.ts";

/** The situation with what is stored of the alert in progress; without the database it stays as it is. */
export async function withAlert(
  situation: Situation,
  database: Pick<Database, "alerts">,
): Promise<Situation> {
  if (situation.alertInProgress === null) return situation;
  try {
    const alert = await database.alerts.one(situation.alertInProgress);
    if (alert === null) return situation;
    const { t0Ms, errorDeg, status, stages } = alert;
    return { ...situation, alert: { t0Ms, errorDeg, status, stages, simulated: isSimulated(alert) } };
  } catch (error) {
    if (!isDatabaseUnavailable(error)) throw error;
    return situation;
  }
}

/** Simulated alerts say so everywhere. */
export function isSimulated({ state, key }: Pick<AlertRecord, "state" | "key">): boolean {
  return key.includes("-sim-") || JSON.stringify(state).includes(SIMULATED_PARAM);
}
