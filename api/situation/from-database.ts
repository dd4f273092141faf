import { nightDateAt, nightOf } from "../../domain/astronomy/night.ts";
import type { Observatory } from "../../domain/observatory.ts";
import type { Hold, HoldKind } from "../../domain/safety/holds.ts";
import { modeOf } from "../../domain/safety/holds.ts";
import type { Database } from "../../db/orm.ts";
import type { Situation } from "./situation.ts";

/**
 * What the database last knew of the observatory. Less than the workflow knows: who is executing what is not in it,
 * and the mode is made from the holds that were open.
 */
export async function situationFromDatabase(
  database: Database,
  observatory: Observatory,
  nowMs: number,
): Promise<Omit<Situation, "stale">> {
  const site = observatory.site.id;
  const [holdRows, night, weather, devices, alerts] = await Promise.all([
    database.holds.open(site),
    database.nights.latest(site),
    database.weather.latest(site),
    database.devices.list(),
    database.alerts.live(site),
  ]);
  const holds: Hold[] = holdRows.map(({ kind, who, why, sinceMs, sinceWallMs }) => ({
    kind: kind as HoldKind,
    who,
    why,
    sinceMs,
    sinceWallMs,
  }));
  const nightOpen = night?.status === "open";
  const known = devices.length > 0 || night !== null;
  return {
    mode: known
      ? modeOf({ holds, closedByHand: false, nightOpen, nightEnded: night?.status === "ended" })
      : "UNKNOWN",
    holds,
    closedByHand: false,
    safety: { safe: null, reasons: [] },
    weather:
      weather === null
        ? { safe: null, reasons: [], values: null, before: null }
        : {
            safe: weather.safe,
            reasons: weather.reasons,
            values: { ...weather, skyQualityMagArcsec2: weather.skyQualityMag },
            before: null,
          },
    dome: "Unknown",
    guard: null,
    devices: observatory.devices.map((device) => {
      const row = devices.find(({ deviceId }) => deviceId === device.id);
      return {
        id: device.id,
        name: device.name,
        type: device.type,
        state: row?.state ?? "UNKNOWN",
        blocking: device.blocking,
        words: row === undefined ? "not seen yet" : "as last stored",
        detail: row === undefined ? "not seen yet" : "as last stored",
        recovery: row?.recovery ?? null,
      };
    }),
    manual: { runs: [], closingAnnounced: null },
    night: null,
    lastNight:
      night === null
        ? null
        : { date: night.date, run: night.run, outcome: night.endReason ?? night.phase, wrongEnd: false },
    tonight: almanac(observatory, nowMs),
    pendingAlerts: [],
    alertInProgress: alerts.find(({ slew }) => slew)?.key ?? null,
    alert: null,
    alarms: null,
  };
}

/** Tonight from the almanac alone, as `observatory` would say it. */
function almanac(observatory: Observatory, nowMs: number): Situation["tonight"] {
  const { site, night } = observatory;
  const tonight = nightOf(site, nightDateAt(site, nowMs));
  const sunsetMs = tonight.sun.eveningMs;
  return {
    date: tonight.date,
    prepareMs: sunsetMs === null ? null : sunsetMs - night.prepareBeforeSunsetMin * 60_000,
    sunsetMs,
    duskMs: tonight.nautical.eveningMs,
    dawnMs: tonight.nautical.morningMs,
    sunriseMs: tonight.sun.morningMs,
    why: tonight.nautical.state === "crosses" ? "" : "The Sun does not pass the observing altitude tonight.",
  };
}
