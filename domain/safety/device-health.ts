import type { DeviceCondition, DeviceStateWord } from "./watch-state.ts";

/** How far the recovery of a device has come, for people: `step 2 of 5: reconnect, next at …`. */
export interface RecoveryProgress {
  /** 1 for the first step of its ladder. */
  readonly step: number;
  readonly steps: number;
  /** What is done now, a phrase: `is switched off and on`. */
  readonly doing: string;
  /** When the next step begins at the latest, wall ms; null when this one has no end. */
  readonly nextWallMs: number | null;
  /** Why the step before did not help; empty at the first. */
  readonly lastTrouble: string;
  /** The night has been told to go on without it. */
  readonly without: boolean;
  /** The ladder asks for a human. */
  readonly calls: boolean;
}

/** What the observatory holds of one device. */
export interface DeviceHealth {
  readonly state: DeviceStateWord;
  /** Observatory ms since which the state is this. */
  readonly sinceMs: number;
  /** Why it is not UP; the main value in words when it is. */
  readonly why: string;
  /** Null unless it is DISABLED and its recovery has begun. */
  readonly recovery: RecoveryProgress | null;
}

export type Healths = Readonly<Record<string, DeviceHealth>>;

const NEVER_SEEN: DeviceHealth = { state: "UNKNOWN", sinceMs: 0, why: "", recovery: null };

/**
 * The state of a device after the watch has looked at it. One that was DISABLED and answers again stays DISABLED: only
 * its recovery, which sets it up anew and verifies it, brings it back (`recovered`).
 */
export function seen(
  before: DeviceHealth = NEVER_SEEN,
  { state, detail }: DeviceCondition,
  nowMs: number,
): DeviceHealth {
  if (state === "UNKNOWN") return before;
  if (before.state === "DISABLED") {
    return state === "DISABLED" && detail !== before.why ? { ...before, why: detail } : before;
  }
  if (state === before.state) return detail === before.why ? before : { ...before, why: detail };
  return { state, sinceMs: nowMs, why: detail, recovery: null };
}

/** The state of a device that was set up anew and verified. */
export function recovered(before: DeviceHealth, nowMs: number): DeviceHealth {
  return before.state === "DISABLED" ? { state: "UP", sinceMs: nowMs, why: "", recovery: null } : before;
}

/** The state of a device whose recovery says how far it has come; nothing for one that is not DISABLED. */
export function recovering(before: DeviceHealth, recovery: RecoveryProgress): DeviceHealth {
  return before.state === "DISABLED" ? { ...before, recovery } : before;
}

/** Why each device that nothing may be asked of cannot be used: by device id. */
export function unavailable(healths: Healths): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(healths)
      .filter(([, { state }]) => state === "DISABLED")
      .map(([id, { why }]) => [id, why]),
  );
}
