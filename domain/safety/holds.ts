/**
 * Holds: the reasons not to observe. Observing is allowed only when there is none. A cause lifts only its own
 * hold; the Resume button lifts operator and maintenance only; an alert lifts none.
 */

/** Every kind but those of devices. */
export const HOLD_KINDS = ["operator", "maintenance", "weather", "safety", "guard"] as const;

export type HoldKind = (typeof HOLD_KINDS)[number] | `device:${string}`;

export interface Hold {
  readonly kind: HoldKind;
  /** Who or what holds: a user's mail, `weather station`, `interlock`, `guard`, a device id. */
  readonly who: string;
  /** A sentence with numbers. */
  readonly why: string;
  /** Observatory time, Unix ms. */
  readonly sinceMs: number;
  readonly sinceWallMs: number;
}

/** What people are shown, first that holds. */
export type Mode = "MANUAL" | "CLOSED" | "PAUSED" | "RUNNING" | "WAITING" | "ENDED";

const CLOSING: readonly HoldKind[] = ["weather", "safety", "guard"];

/** Whether a hold of this kind also closes the dome. */
export function closesDome(kind: HoldKind): boolean {
  return CLOSING.includes(kind);
}

/** The hold of a kind, or undefined. */
export function holdOf(holds: readonly Hold[], kind: HoldKind): Hold | undefined {
  return holds.find((hold) => hold.kind === kind);
}

/** Holds with one more. A kind that already holds keeps its `since`; its reason is brought up to date. */
export function withHold(holds: readonly Hold[], hold: Hold): readonly Hold[] {
  const present = holdOf(holds, hold.kind);
  if (present === undefined) return [...holds, hold];
  if (present.why === hold.why) return holds;
  return holds.map((each) => (each.kind === hold.kind ? { ...each, why: hold.why, who: hold.who } : each));
}

/** Holds without those of the kinds given. */
export function withoutHolds(holds: readonly Hold[], ...kinds: readonly HoldKind[]): readonly Hold[] {
  return holds.some((hold) => kinds.includes(hold.kind))
    ? holds.filter((hold) => !kinds.includes(hold.kind))
    : holds;
}

/**
 * Whether a hold of this kind stops calibrations. They are taken under a closed dome, so the weather does not; a person,
 * the interlock, the guard and a device that they need do.
 * @param deviceIds the devices they need
 */
export function stopsCalibration(kind: HoldKind, deviceIds: readonly string[]): boolean {
  if (kind === "weather") return false;
  return kind.startsWith("device:") ? deviceIds.includes(kind.slice("device:".length)) : true;
}

/** What a person's Resume lifts. */
export const LIFTED_BY_RESUME: readonly HoldKind[] = ["operator", "maintenance"];

export interface ModeFacts {
  readonly holds: readonly Hold[];
  /** A person closed the dome by hand and has not resumed. */
  readonly closedByHand: boolean;
  /** A night workflow is open. */
  readonly nightOpen: boolean;
  /** Tonight's night has ended. */
  readonly nightEnded: boolean;
}

/** The mode shown to people: MANUAL, CLOSED, PAUSED, RUNNING, WAITING, ENDED, first that holds. */
export function modeOf({ holds, closedByHand, nightOpen, nightEnded }: ModeFacts): Mode {
  if (holdOf(holds, "maintenance") !== undefined) return "MANUAL";
  if (closedByHand || holds.some((hold) => closesDome(hold.kind))) return "CLOSED";
  if (holds.length > 0) return "PAUSED";
  if (nightOpen) return "RUNNING";
  return nightEnded ? "ENDED" : "WAITING";
}
