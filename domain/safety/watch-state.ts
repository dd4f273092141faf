import type { HoldKind } from "./holds.ts";

/**
 * What the watch sees of all devices at once. It is signalled whole, with a sequence number, on each change of a
 * discrete fact and once per 60 s of wall time: the newest state wins, nothing is a difference.
 */
export interface WatchState {
  /** Grows with each state signalled; a lower one that arrives late is ignored. */
  readonly seq: number;
  /** Start of the run of the watch that made it (wall ms): a restarted watch counts from 1 again. */
  readonly runWallMs: number;
  readonly wallMs: number;
  readonly atMs: number;
  /** The interlock: SafetyMonitor's IsSafe; false when it does not answer. */
  readonly safety: Verdict;
  /** The weather station against the limits of the observatory file; unsafe when stale or silent. */
  readonly weather: Verdict & { readonly values: WeatherValues };
  readonly dome: { readonly shutter: ShutterWord };
  readonly telescope: {
    readonly parked: boolean | null;
    readonly tracking: boolean | null;
    readonly slewing: boolean | null;
    /** Why the mount, which tracks, must not go on; null when it may. Absent in states of older versions. */
    readonly stray?: string | null;
    /** How far the mount's clock is ahead, seconds; 0 when it agrees within one. Absent in states of older versions. */
    readonly clockOffS?: number;
  };
  readonly guard: { readonly tripped: boolean; readonly silent: boolean; readonly why: string };
  readonly devices: Readonly<Record<string, DeviceCondition>>;
  /** Alarms of the PLC that are raised now: `<switch id>/<alarm id>`. */
  readonly plcAlarms: readonly string[];
  /** Free space for images is short. */
  readonly disk: { readonly low: boolean; readonly freeMiB: number | null };
  /** Workflow id of the lease holder that is no longer open, when the watch found that; else null. */
  readonly closedLeaseHolder: string | null;
}

export interface Verdict {
  readonly safe: boolean;
  /** Sentences with numbers against limits; empty when safe. */
  readonly reasons: readonly string[];
}

export type ShutterWord = "Open" | "Closed" | "Opening" | "Closing" | "Error" | "Unknown";

export interface WeatherValues {
  readonly humidityPct: number | null;
  readonly temperatureC: number | null;
  readonly dewPointC: number | null;
  readonly windMS: number | null;
  readonly gustMS: number | null;
  readonly windDirectionDeg: number | null;
  readonly rainMmH: number | null;
  readonly cloudPct: number | null;
  readonly pressureHPa: number | null;
  readonly skyQualityMagArcsec2: number | null;
  readonly skyTemperatureC: number | null;
  readonly seeingArcsec: number | null;
}

export type DeviceStateWord = "UNKNOWN" | "UP" | "DEGRADED" | "DISABLED";

export interface DeviceCondition {
  readonly state: DeviceStateWord;
  /** Observatory ms since which the state is this. */
  readonly sinceMs: number;
  readonly blocking: boolean;
  /** The main value in words, e.g. `tracking`, `cooling −61.2 of −70.0 °C`. */
  readonly detail: string;
}

/** The hold that a failed device raises. */
export function deviceHold(deviceId: string): HoldKind {
  return `device:${deviceId}`;
}
