import type { AlertStages } from "../../db/entities/alert.ts";
import type { AlarmSummary } from "../../db/repositories/alarms.ts";
import type { Observatory } from "../../domain/observatory.ts";
import type { RecoveryProgress } from "../../domain/safety/device-health.ts";
import type { Hold, Mode } from "../../domain/safety/holds.ts";
import { asSentence } from "../../domain/safety/sentences.ts";
import type { ShutterWord, WeatherValues } from "../../domain/safety/watch-state.ts";
import type { ManualState, NightReport, NightTimes, ObservatoryState } from "../../workflows/messages.ts";
import type { LastKnown } from "../live/state-reader.ts";

/** What pages show of the observatory, wherever it is known from. */
export interface Situation {
  readonly mode: Mode | "UNKNOWN";
  readonly holds: readonly Hold[];
  readonly closedByHand: boolean;
  /** The interlock; `safe` is null when nothing is known. */
  readonly safety: { readonly safe: boolean | null; readonly reasons: readonly string[] };
  readonly weather: {
    readonly safe: boolean | null;
    readonly reasons: readonly string[];
    readonly values: WeatherValues | null;
    /** Half an hour ago; null when nothing was read then. */
    readonly before: WeatherValues | null;
  };
  readonly dome: ShutterWord;
  readonly guard: { readonly tripped: boolean; readonly silent: boolean; readonly why: string } | null;
  readonly devices: readonly SituationDevice[];
  /** What people do by hand. */
  readonly manual: ManualState;
  readonly night: NightReport | null;
  readonly lastNight: ObservatoryState["lastNight"];
  readonly tonight: Pick<
    NightTimes,
    "date" | "prepareMs" | "sunsetMs" | "duskMs" | "dawnMs" | "sunriseMs" | "why"
  > | null;
  readonly pendingAlerts: ObservatoryState["pendingAlerts"];
  readonly alertInProgress: string | null;
  /** The alert in progress as stored; null when there is none or it is not stored yet. */
  readonly alert: SituationAlert | null;
  /** How many alarms there are; null when the database is away. */
  readonly alarms: AlarmSummary | null;
  /** Null while `observatory` answers; else since when (wall ms) not, and who is away. */
  readonly stale: { readonly sinceWallMs: number; readonly why: string } | null;
}

export interface SituationAlert {
  readonly t0Ms: number | null;
  readonly errorDeg: number | null;
  readonly status: string;
  readonly simulated: boolean;
  readonly stages: AlertStages;
}

export interface SituationDevice {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly state: "UNKNOWN" | "UP" | "DEGRADED" | "DISABLED";
  readonly blocking: boolean;
  /** What it says itself. */
  readonly words: string;
  /** The same, and what is done for it. */
  readonly detail: string;
  /** How far its recovery has come; null when none is under way. */
  readonly recovery: RecoveryProgress | null;
}

/**
 * The situation from the workflow's answer, marked stale when it is its last one.
 * @param fromDatabase what the database knows, asked only when `observatory` has not answered this process yet
 */
export async function situationOf(
  known: LastKnown,
  observatory: Observatory,
  fromDatabase: () => Promise<Omit<Situation, "stale">>,
): Promise<Situation> {
  if (known.answer !== null) return { ...fromState(known.answer.state, observatory), stale: known.silence };
  return { ...(await fromDatabase()), stale: known.silence };
}

/** What the workflow answered, as pages show it. */
export function fromState(state: ObservatoryState, observatory: Observatory): Omit<Situation, "stale"> {
  const { watch } = state;
  return {
    mode: state.mode,
    holds: state.holds,
    closedByHand: state.closedByHand,
    safety: watch === null ? { safe: null, reasons: [] } : watch.safety,
    weather:
      watch === null
        ? { safe: null, reasons: [], values: null, before: null }
        : { ...watch.weather, before: null },
    dome: watch === null ? "Unknown" : watch.dome.shutter,
    guard: watch === null ? null : watch.guard,
    devices: observatory.devices.map((device) => {
      const condition = watch?.devices[device.id];
      const health = state.devices[device.id];
      return {
        id: device.id,
        name: device.name,
        type: device.type,
        state: health?.state ?? condition?.state ?? "UNKNOWN",
        blocking: device.blocking,
        words: condition?.detail ?? "not seen yet",
        detail: detailOf(condition?.detail ?? "not seen yet", health?.recovery ?? null),
        recovery: health?.recovery ?? null,
      };
    }),
    manual: state.manual,
    night: state.night,
    lastNight: state.lastNight,
    tonight: state.tonight,
    pendingAlerts: state.pendingAlerts,
    alertInProgress: state.alertInProgress,
    alert: null,
    alarms: null,
  };
}

/** The device's own words, and what is done for it. */
function detailOf(words: string, recovery: RecoveryProgress | null): string {
  if (recovery === null) return words;
  return `${asSentence(words)} Recovery step ${recovery.step} of ${recovery.steps}: ${recovery.doing}`;
}
