/** Faults put on a device by Action `sim:fault`. Their duration is wall time: they are failures of equipment, not of the sky. */

/**
 * dead: connections are dropped without an answer. slow: answers after 10 s. stuck: a motion under way never ends, a relay
 * does not switch, a weather station repeats its last reading. wrong-position: motions end elsewhere than asked, an interlock
 * reads unsafe, a hygrometer -9999. error: 0x500 on everything. garbage: answers that are not JSON. clock-off: the device's
 * own clock is 3 s ahead.
 */
export const FAULT_KINDS = [
  "dead",
  "slow",
  "stuck",
  "wrong-position",
  "error",
  "garbage",
  "clock-off",
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export const SLOW_ANSWER_WALL_MS = 10_000;
export const CLOCK_OFF_MS = 3_000;

export interface FaultState {
  readonly current: () => FaultKind | undefined;
  /** Observatory time at which the running fault began. */
  readonly sinceMs: () => number;
  readonly set: (kind: FaultKind, seconds: number | undefined) => void;
  readonly clear: () => void;
}

/** The fault of one device. `wallMs` and `nowMs` read wall and observatory time. */
export function createFaultState(wallMs: () => number, nowMs: () => number): FaultState {
  let fault: { kind: FaultKind; sinceMs: number; untilWallMs: number } | undefined;
  return {
    current: () => {
      if (fault !== undefined && wallMs() >= fault.untilWallMs) fault = undefined;
      return fault?.kind;
    },
    sinceMs: () => fault?.sinceMs ?? nowMs(),
    set: (kind, seconds) => {
      const untilWallMs = seconds === undefined ? Number.POSITIVE_INFINITY : wallMs() + seconds * 1_000;
      fault = { kind, sinceMs: nowMs(), untilWallMs };
    },
    clear: () => {
      fault = undefined;
    },
  };
}
