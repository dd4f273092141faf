import type { DeviceStateWord } from "./watch-state.ts";

/** Polls missed in a row before a device counts as degraded, and as disabled. */
export const DEGRADED_AFTER_MISSES = 3;
export const DISABLED_AFTER_MISSES = 10;
/** A device that hangs misses few polls in a long time: missing them for this long disables it too, wall ms. */
export const DISABLED_AFTER_WALL_MS = 4_000;

/** What the watch keeps of one device from poll to poll. */
export interface DeviceRecord {
  readonly state: DeviceStateWord;
  readonly sinceMs: number;
  /** Polls missed in a row. */
  readonly misses: number;
  /** Wall time of the first of these; null while there is none. */
  readonly missingSinceWallMs: number | null;
  /** Wall time of the last answer, or null. */
  readonly answeredWallMs: number | null;
  /** Why the last poll was missed; empty when it was answered. */
  readonly why: string;
}

export const UNKNOWN_DEVICE: DeviceRecord = {
  state: "UNKNOWN",
  sinceMs: 0,
  misses: 0,
  missingSinceWallMs: null,
  answeredWallMs: null,
  why: "",
};

/** The record after a poll that was answered: UP, whatever it was. */
export function answered(before: DeviceRecord, nowMs: number, wallMs: number): DeviceRecord {
  return {
    state: "UP",
    sinceMs: before.state === "UP" ? before.sinceMs : nowMs,
    misses: 0,
    missingSinceWallMs: null,
    answeredWallMs: wallMs,
    why: "",
  };
}

/**
 * The record after a poll that was missed (no answer, or one that cannot be used): DEGRADED from the 3rd in a row,
 * DISABLED from the 10th, or after 4 s of wall time.
 */
export function missed(before: DeviceRecord, why: string, nowMs: number, wallMs: number): DeviceRecord {
  const misses = before.misses + 1;
  const missingSinceWallMs = before.missingSinceWallMs ?? wallMs;
  const state = stateAfter(before.state, misses, wallMs - missingSinceWallMs);
  return moved({ ...before, misses, missingSinceWallMs, why }, state, nowMs);
}

/** The record of a device at whose address another one answers: DISABLED at once, nothing may be sent there. */
export function mistaken(before: DeviceRecord, why: string, nowMs: number): DeviceRecord {
  return moved({ ...before, misses: Math.max(before.misses, DISABLED_AFTER_MISSES), why }, "DISABLED", nowMs);
}

function moved(record: DeviceRecord, state: DeviceStateWord, nowMs: number): DeviceRecord {
  return record.state === state ? record : { ...record, state, sinceMs: nowMs };
}

function stateAfter(before: DeviceStateWord, misses: number, forWallMs: number): DeviceStateWord {
  if (misses >= DISABLED_AFTER_MISSES || forWallMs >= DISABLED_AFTER_WALL_MS) return "DISABLED";
  if (misses >= DEGRADED_AFTER_MISSES) return "DEGRADED";
  return before;
}
