import { separationDeg } from "../units.ts";
import type { Strategy } from "../strategies/strategy.ts";
import { tilesFor } from "../strategies/tiles.ts";
import type { Tile } from "../strategies/tiles.ts";
import { alertKeyOf, memberId } from "./alert-state.ts";
import type { AlertState, AlertStatus, Member, PlannedFollowUp, PlanStep, Pointing } from "./alert-state.ts";
import { evaluate } from "./evaluate.ts";
import { angle, duration } from "./words.ts";
import type { Notice } from "./notice.ts";
import { byNoticeTime } from "./trigger.ts";
import { firstVisibleMs, visibilityProblem } from "./visibility.ts";
import type { SiteLimits, Visibility } from "./visibility.ts";

export type DecisionWord = "OPEN" | "TRIGGER" | "JOIN" | "UPDATE" | "HOLD" | "CANCEL" | "RECORD" | "IGNORE";

/** What is done because of one notice, and why. Plain JSON. */
export interface Decision {
  readonly decision: DecisionWord;
  /** Ask for the telescope now (first pointing, or a new one). */
  readonly slew: boolean;
  /** Call back a pointing that was asked for: abort it, give the quota back. */
  readonly withdraw: boolean;
  readonly alertKey: string | null;
  readonly rule: string;
  /** One sentence with the numbers that decided. */
  readonly reason: string;
  /** 1 (best) to 10: priority of the alert's sequences. */
  readonly rank: number;
  readonly target: { readonly raDeg: number; readonly decDeg: number; readonly errorDeg: number } | null;
  readonly plan: readonly PlanStep[];
  /** Fields to point at in turn, likeliest first: the target alone unless its error is larger than the field. */
  readonly tiles: readonly Tile[];
  readonly followUps: readonly PlannedFollowUp[];
  readonly validUntilMs: number | null;
  /** Not visible now: the first instant (Unix ms) within the validity at which it is; else null. */
  readonly observableFromMs: number | null;
  readonly askHuman: boolean;
  /** Generation of the pointing asked for, 0 when none was. */
  readonly generation: number;
}

/** What a decision may know beside the notices. */
export interface DecisionContext {
  readonly strategy: Strategy;
  /** Key for an alert that does not exist yet (from `associate`); by default that of the notice's trigger. */
  readonly alertKey?: string;
  /** Why the notice belongs to the alert (from `associate`), for the reason. */
  readonly why?: string;
  /** Arrival of the notice, Unix ms observatory time. */
  readonly nowMs: number;
  /** The site's own limits, in addition to the strategy's. */
  readonly site?: SiteLimits;
  /** Side of the square field of view, deg; without it errors are never tiled. */
  readonly fieldDeg?: number;
  /** The sky over the site; without it everything is always visible and it is always night. */
  readonly visibility?: Visibility;
}

/** A notice that belongs to no event, or that cannot be read: nothing is kept but the notice. */
export function ignored(reason: string): Decision {
  return { ...NOTHING, decision: "IGNORE", alertKey: null, rule: "none", reason };
}

const NOTHING = {
  slew: false,
  withdraw: false,
  rank: 10,
  target: null,
  plan: [],
  tiles: [],
  followUps: [],
  validUntilMs: null,
  observableFromMs: null,
  askHuman: false,
  generation: 0,
} as const;

/**
 * The decision a notice leads to, without changing anything; see `applyNotice`.
 * @param alert the alert it was associated with, null for a new one
 */
export function decide(notice: Notice, alert: AlertState | null, context: DecisionContext): Decision {
  return applyNotice(alert, notice, context).decision;
}

/**
 * Takes one notice into an alert: the reducer of the alert workflow. Pure and deterministic: the state after a set of
 * notices is the same in every order and however often each came; only `pointing`, `generation` and `openedMs` tell
 * what was done meanwhile.
 * @param also members of other alerts that turn out to be this event with this notice (`Association.moves`)
 */
export function applyNotice(
  alert: AlertState | null,
  notice: Notice,
  context: DecisionContext,
  also: readonly Member[] = [],
): { readonly state: AlertState; readonly decision: Decision } {
  const id = memberId(notice);
  if (alert !== null && alert.members.some((member) => memberId(member.notice) === id)) {
    const again = "the same notice arrived before";
    return {
      state: alert,
      decision: { ...decisionOf(alert, "RECORD", again, context.fieldDeg), slew: false, withdraw: false },
    };
  }
  const member: Member = { notice, receivedMs: context.nowMs };
  const known = new Set((alert?.members ?? []).map((each) => memberId(each.notice)));
  const joining = also.filter((each) => !known.has(memberId(each.notice)));
  return change(alert, [...(alert?.members ?? []), ...joining, member], notice, context);
}

/**
 * Takes members that another alert gives up, or gives some away, when two alerts turn out to be one or one to be two.
 * @param removeIds `memberId` of each member that leaves
 */
export function applyMove(
  alert: AlertState | null,
  move: { readonly add: readonly Member[]; readonly removeIds: readonly string[]; readonly why: string },
  context: DecisionContext & { readonly alertKey: string },
): { readonly state: AlertState; readonly decision: Decision } {
  const known = new Set((alert?.members ?? []).map((member) => memberId(member.notice)));
  const removed = new Set(move.removeIds);
  const kept = (alert?.members ?? []).filter((member) => !removed.has(memberId(member.notice)));
  const added = move.add.filter((member) => !known.has(memberId(member.notice)));
  const members = [...kept, ...added];
  if (members.length === 0) {
    if (alert === null) throw new RangeError("a move into a new alert must bring members");
    const state: AlertState = {
      ...alert,
      members: [],
      triggers: [],
      state: "ignored",
      reason: move.why,
      pointing: null,
      askHuman: false,
    };
    return {
      state,
      decision: {
        ...decisionOf(state, "RECORD", move.why, context.fieldDeg),
        withdraw: alert.pointing !== null,
      },
    };
  }
  const result = change(alert, members, null, context);
  return { ...result, decision: { ...result.decision, reason: `${move.why}; ${result.decision.reason}` } };
}

/** The alert with other members: evaluates it, decides on the pointing, finds the word for what happened. */
function change(
  alert: AlertState | null,
  unordered: readonly Member[],
  notice: Notice | null,
  context: DecisionContext,
): { readonly state: AlertState; readonly decision: Decision } {
  const members = [...unordered].sort(byNoticeTime);
  const { pointable, refused, ...evaluation } = evaluate(members, context.strategy);
  const newTrigger =
    notice === null ||
    alert === null ||
    !alert.members.some((member) => member.notice.triggerKeys[0] === notice.triggerKeys[0]);
  const base: AlertState = {
    ...evaluation,
    alertKey:
      alert?.alertKey ??
      context.alertKey ??
      alertKeyOf(notice?.triggerKeys[0] ?? members[0]?.notice.triggerKeys[0] ?? ""),
    members,
    pointing: alert?.pointing ?? null,
    generation: alert?.generation ?? 0,
    openedMs: alert?.openedMs ?? Math.min(...members.map((member) => member.receivedMs)),
  };
  const wish = pointable ? wishFor(base, context) : { slew: false, note: null, fromMs: null };
  const withdraw = base.pointing !== null && base.state !== "active";
  const pointing: Pointing | null = wish.slew
    ? {
        raDeg: base.raDeg ?? 0,
        decDeg: base.decDeg ?? 0,
        generation: base.generation + 1,
        ivorn: base.positionFrom ?? "",
        atMs: context.nowMs,
      }
    : withdraw
      ? null
      : base.pointing;
  const state: AlertState = {
    ...base,
    pointing,
    generation: pointing !== null && wish.slew ? pointing.generation : base.generation,
  };
  const word = wordFor(alert, { state: evaluation.state, refused }, notice, newTrigger, wish.slew);
  const joins = word === "JOIN" || (alert !== null && newTrigger);
  const reason = [joins ? (context.why ?? null) : null, reasonFor(word, notice, state, alert), wish.note]
    .filter((part) => part !== null)
    .join("; ");
  return {
    state,
    decision: {
      ...decisionOf(state, word, reason, context.fieldDeg),
      slew: wish.slew,
      withdraw,
      observableFromMs: wish.fromMs,
    },
  };
}

/** Whether to ask for the telescope now, and if not why not. */
function wishFor(
  state: AlertState,
  context: DecisionContext,
): { slew: boolean; note: string | null; fromMs: number | null } {
  const { raDeg, decDeg, validUntilMs } = state;
  const no = (note: string | null, fromMs: number | null = null) => ({ slew: false, note, fromMs });
  if (raDeg === null || decDeg === null) return no(null);
  if (validUntilMs !== null && context.nowMs > validUntilMs) {
    return no(
      `not observed: T0 was ${duration((context.nowMs - (state.t0Ms ?? 0)) / 1_000)} ago, the rule is valid for ${duration((validUntilMs - (state.t0Ms ?? 0)) / 1_000)}`,
    );
  }
  const { repointDeg } = context.strategy.limits;
  if (state.pointing !== null) {
    const shiftDeg = separationDeg(raDeg, decDeg, state.pointing.raDeg, state.pointing.decDeg);
    // A move smaller than half its own error says nothing new about where the source is.
    const limitDeg = Math.max(repointDeg, (state.errorDeg ?? 0) / 2);
    if (shiftDeg <= limitDeg)
      return no(`${angle(shiftDeg)} from the pointing, which stays up to ${angle(limitDeg)}`);
  }
  if (state.askHuman) return no("a person is asked first");
  const { visibility } = context;
  if (visibility === undefined) return { slew: true, note: null, fromMs: null };
  const limits = {
    limits: context.strategy.limits,
    ...(context.site === undefined ? {} : { site: context.site }),
  };
  const problem = visibilityProblem(visibility, limits, raDeg, decDeg, context.nowMs);
  if (problem === null) return { slew: true, note: null, fromMs: null };
  const fromMs = firstVisibleMs(
    visibility,
    limits,
    raDeg,
    decDeg,
    context.nowMs,
    validUntilMs ?? context.nowMs,
  );
  return no(
    fromMs === null
      ? `not visible: ${problem}`
      : `not visible now: ${problem}; observable from ${new Date(fromMs).toISOString().slice(0, 19)}Z`,
    fromMs,
  );
}

/** The word for what happened to the alert: one of eight, see docs/alerts.md. */
function wordFor(
  alert: AlertState | null,
  now: { readonly state: AlertStatus; readonly refused: boolean },
  notice: Notice | null,
  newTrigger: boolean,
  slew: boolean,
): DecisionWord {
  if (alert === null) {
    if (now.state === "active") return slew ? "TRIGGER" : "OPEN";
    if (now.state === "held") return "HOLD";
    return now.refused ? "IGNORE" : "RECORD";
  }
  if (alert.state !== "active" && now.state === "active") return slew ? "TRIGGER" : "OPEN";
  const wasAlive = alert.state === "active" || alert.state === "held";
  if (wasAlive && now.state === "cancelled") return "CANCEL";
  if (alert.state === "active" && now.state === "ignored") return "CANCEL";
  if (alert.state === "active" && now.state === "held") return "HOLD";
  if (newTrigger && now.state !== "ignored") return "JOIN";
  const tells = notice?.kind === "position" || notice?.kind === "trigger";
  if (now.state === "active" && (notice?.kind === "position" || slew)) return "UPDATE";
  if (now.state === "held" && tells) return "HOLD";
  return "RECORD";
}

function reasonFor(
  word: DecisionWord,
  notice: Notice | null,
  state: AlertState,
  before: AlertState | null,
): string {
  if (notice !== null && before !== null && word === "RECORD" && notice.kind === "companion") {
    return `${notice.stream} follows an event and is stored beside it; ${state.reason}`;
  }
  if (word !== "UPDATE" || notice === null || before === null) return state.reason;
  if (state.positionFrom !== notice.ivorn) {
    const better = state.positionFrom?.split("#").at(-1) ?? "none";
    return `the position of ${better} (within ${angle(state.errorDeg ?? 0)}) stays the best; ${state.reason}`;
  }
  if (before.raDeg === null || before.decDeg === null) return `first position; ${state.reason}`;
  const shiftDeg = separationDeg(state.raDeg ?? 0, state.decDeg ?? 0, before.raDeg, before.decDeg);
  return `the position moved by ${angle(shiftDeg)}; ${state.reason}`;
}

function tilesOf(state: AlertState, fieldDeg: number | undefined): readonly Tile[] {
  const { raDeg, decDeg, errorDeg, tiling } = state;
  if (raDeg === null || decDeg === null) return [];
  if (tiling === null || fieldDeg === undefined) return [{ raDeg, decDeg }];
  return tilesFor(raDeg, decDeg, errorDeg ?? 0, fieldDeg, tiling);
}

function decisionOf(
  state: AlertState,
  decision: DecisionWord,
  reason: string,
  fieldDeg: number | undefined,
): Decision {
  return {
    decision,
    slew: false,
    withdraw: false,
    alertKey: state.alertKey,
    rule: state.rule,
    reason,
    rank: state.rank,
    target:
      state.raDeg === null || state.decDeg === null
        ? null
        : { raDeg: state.raDeg, decDeg: state.decDeg, errorDeg: state.errorDeg ?? 0 },
    plan: state.plan,
    tiles: tilesOf(state, fieldDeg),
    followUps: state.followUps,
    validUntilMs: state.validUntilMs,
    observableFromMs: null,
    askHuman: state.askHuman,
    generation: state.generation,
  };
}
