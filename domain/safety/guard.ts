import { ANNOUNCED_AHEAD_WALL_MS } from "./announcement.ts";
import type { WeatherLimits } from "../observatory.ts";
import type { ShutterWord, Verdict, WeatherValues } from "./watch-state.ts";
import { weatherVerdict } from "./weather-verdict.ts";

/** Whether somebody answers for the open dome: the workflow that holds the lease, asked over Temporal. */
export type Permission =
  /** `announces`: somebody works by hand, so that a closing is announced before it begins. */
  | { readonly kind: "allows"; readonly announces: boolean }
  /** It answers, and its phase does not allow an open dome. */
  | { readonly kind: "forbids"; readonly why: string }
  /** It is closed: nobody will ever close the dome. */
  | { readonly kind: "refused"; readonly why: string }
  /** Nobody answered: Temporal, its workers, or the network. */
  | { readonly kind: "silent"; readonly why: string };

/** What the guard looked at in one loop. */
export interface GuardFacts {
  readonly wallMs: number;
  readonly shutter: ShutterWord;
  /** null: the mount does not say. */
  readonly parked: boolean | null;
  readonly safety: Verdict;
  readonly permission: Permission;
}

/** What the guard keeps from loop to loop; all times wall ms. */
export interface GuardState {
  readonly tripped: boolean;
  readonly sinceWallMs: number;
  /** Why it tripped, or why it untripped last. */
  readonly why: string;
  readonly unsafeSinceWallMs: number | null;
  readonly silentSinceWallMs: number | null;
  /** While tripped: since when everything has been good. */
  readonly goodSinceWallMs: number | null;
  /** When somebody who answers for the dome last said that closings are announced; null when not. */
  readonly announcesWallMs: number | null;
  readonly lastLoopWallMs: number | null;
  /** The shutter when the dome last answered; Closed before that. */
  readonly shutter: KnownShutter;
}

export type KnownShutter = Exclude<ShutterWord, "Unknown">;

export interface GuardDecision {
  readonly state: GuardState;
  readonly abort: boolean;
  readonly close: boolean;
  readonly park: boolean;
  readonly keepAlive: boolean;
  readonly event: "tripped" | "untripped" | null;
  readonly nextLoopWallMs: number;
}

/** The guard looks every 5 s of wall time; each second while it waits whether the observatory closes by itself. */
export const LOOP_WALL_MS = 5_000;
const URGENT_LOOP_WALL_MS = 1_000;
/** The observatory closes by itself within seconds: the guard lets it begin before it takes over. */
export const UNSAFE_GRACE_WALL_MS = 3_000;
/** Under maintenance the observatory announces its closing first. */
export const ANNOUNCED_GRACE_WALL_MS = ANNOUNCED_AHEAD_WALL_MS + 10_000;
/** Nobody may be silent for longer while the dome is open. */
export const SILENCE_LIMIT_WALL_MS = 120_000;
/** It untrips after this long of everything good. */
export const UNTRIP_AFTER_WALL_MS = 300_000;
/** Evidence older than this counts as none. */
export const EVIDENCE_LIMIT_WALL_MS = 60_000;
/** Between two loops further apart nobody knows what was: the good time starts anew. */
const GAP_WALL_MS = 15_000;

/** A guard that has not seen anything yet. */
export function freshGuard(wallMs: number): GuardState {
  return {
    tripped: false,
    sinceWallMs: wallMs,
    why: "",
    unsafeSinceWallMs: null,
    silentSinceWallMs: null,
    goodSinceWallMs: null,
    announcesWallMs: null,
    lastLoopWallMs: null,
    shutter: "Closed",
  };
}

/** What a silent dome counts as: what it was when it last answered. Silence alone is no open dome. */
function knownShutter(state: GuardState, shutter: ShutterWord): KnownShutter {
  return shutter === "Unknown" ? state.shutter : shutter;
}

/** Whether anything but the shutter must be looked at: a closed or closing dome needs nobody. */
export function needsAnswers(state: GuardState, shutter: ShutterWord): boolean {
  const known = knownShutter(state, shutter);
  return state.tripped || (known !== "Closed" && known !== "Closing");
}

/** What to do after one loop. Pure: the same state and facts give the same decision. */
export function decide(before: GuardState, facts: GuardFacts): GuardDecision {
  const state = {
    ...before,
    lastLoopWallMs: facts.wallMs,
    shutter: knownShutter(before, facts.shutter),
  };
  return state.tripped ? whileTripped(state, before, facts) : whileWatching(state, facts);
}

function whileWatching(state: GuardState, facts: GuardFacts): GuardDecision {
  const { wallMs, safety, permission } = facts;
  if (!needsAnswers(state, facts.shutter)) {
    return idle({ ...state, unsafeSinceWallMs: null, silentSinceWallMs: null, announcesWallMs: null });
  }
  const watching: GuardState = {
    ...state,
    unsafeSinceWallMs: safety.safe ? null : (state.unsafeSinceWallMs ?? wallMs),
    silentSinceWallMs: permission.kind === "silent" ? (state.silentSinceWallMs ?? wallMs) : null,
    announcesWallMs: announcedAt(state, facts),
  };
  const why = whyTrip(watching, facts);
  if (why !== null) {
    return {
      ...idle({ ...watching, tripped: true, sinceWallMs: wallMs, why, goodSinceWallMs: null }),
      abort: true,
      close: true,
      park: true,
      event: "tripped",
      nextLoopWallMs: URGENT_LOOP_WALL_MS,
    };
  }
  return {
    ...idle(watching),
    keepAlive: safety.safe && permission.kind === "allows",
    nextLoopWallMs: safety.safe ? LOOP_WALL_MS : URGENT_LOOP_WALL_MS,
  };
}

/** Silence for a while changes nothing: while it is unsafe nobody is waited for. */
function announcedAt(state: GuardState, { wallMs, permission }: GuardFacts): number | null {
  if (permission.kind === "allows") return permission.announces ? wallMs : null;
  const { announcesWallMs } = state;
  if (permission.kind !== "silent" || announcesWallMs === null) return null;
  return wallMs - announcesWallMs <= ANNOUNCED_GRACE_WALL_MS ? announcesWallMs : null;
}

function whyTrip(state: GuardState, { wallMs, safety, permission }: GuardFacts): string | null {
  const graceWallMs = state.announcesWallMs === null ? UNSAFE_GRACE_WALL_MS : ANNOUNCED_GRACE_WALL_MS;
  if (state.unsafeSinceWallMs !== null && wallMs - state.unsafeSinceWallMs >= graceWallMs) {
    return `The dome stayed open although it is unsafe: ${safety.reasons.join(" ")}`;
  }
  if (permission.kind === "forbids" || permission.kind === "refused") return permission.why;
  if (
    permission.kind === "silent" &&
    state.silentSinceWallMs !== null &&
    wallMs - state.silentSinceWallMs >= SILENCE_LIMIT_WALL_MS
  ) {
    return `Nobody has answered for the open dome for ${SILENCE_LIMIT_WALL_MS / 1_000} s: ${permission.why}`;
  }
  return null;
}

function whileTripped(state: GuardState, before: GuardState, facts: GuardFacts): GuardDecision {
  const { wallMs, shutter, parked, safety, permission } = facts;
  const closed = shutter === "Closed";
  // A phase that forbids an open dome is in order while it is closed; somebody answers, and that is what counts.
  const answered = permission.kind === "allows" || permission.kind === "forbids";
  const gap = before.lastLoopWallMs !== null && wallMs - before.lastLoopWallMs > GAP_WALL_MS;
  const goodSinceWallMs =
    closed && safety.safe && answered ? (gap ? wallMs : (state.goodSinceWallMs ?? wallMs)) : null;
  if (goodSinceWallMs !== null && wallMs - goodSinceWallMs >= UNTRIP_AFTER_WALL_MS) {
    const why = `${UNTRIP_AFTER_WALL_MS / 60_000} min of safe readings and answers since: ${state.why}`;
    const rested = { ...freshGuard(wallMs), why, lastLoopWallMs: wallMs };
    return { ...idle(rested), event: "untripped" };
  }
  return {
    ...idle({ ...state, goodSinceWallMs }),
    abort: !closed,
    close: !closed && shutter !== "Closing",
    park: parked !== true,
  };
}

function idle(state: GuardState): GuardDecision {
  return {
    state,
    abort: false,
    close: false,
    park: false,
    keepAlive: false,
    event: null,
    nextLoopWallMs: LOOP_WALL_MS,
  };
}

/** The newest answers of interlock and weather station, with the wall time of each; null before the first. */
export interface GuardEvidence {
  readonly interlock: { readonly isSafe: boolean; readonly wallMs: number } | null;
  /** `ageWallS`: how old the readings were when they came. */
  readonly weather: {
    readonly values: WeatherValues;
    readonly ageWallS: number;
    readonly wallMs: number;
  } | null;
}

/** Interlock and weather by evidence younger than 60 s of wall time; older or missing evidence is unsafe. */
export function evidenceVerdict(
  { interlock, weather }: GuardEvidence,
  limits: WeatherLimits,
  wallMs: number,
): Verdict {
  const reasons: string[] = [];
  if (interlock === null || wallMs - interlock.wallMs > EVIDENCE_LIMIT_WALL_MS) {
    reasons.push(`The interlock has not answered in the last ${EVIDENCE_LIMIT_WALL_MS / 1_000} s.`);
  } else if (!interlock.isSafe) {
    reasons.push("The interlock says unsafe.");
  }
  if (weather === null) {
    reasons.push("The weather station has not answered yet.");
  } else {
    const ageWallS = weather.ageWallS + (wallMs - weather.wallMs) / 1_000;
    const staleAfterWallS = Math.min(limits.staleAfterWallS, EVIDENCE_LIMIT_WALL_MS / 1_000);
    reasons.push(...weatherVerdict(weather.values, ageWallS, { ...limits, staleAfterWallS }).reasons);
  }
  return { safe: reasons.length === 0, reasons };
}
