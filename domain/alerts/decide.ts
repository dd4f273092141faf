import { separationDeg } from "../units.ts";
import type { Strategy } from "../strategies/strategy.ts";
import { alertKeyOf, memberId } from "./alert-state.ts";
import type { AlertState, Member, PlanStep, Pointing } from "./alert-state.ts";
import { evaluate } from "./evaluate.ts";
import type { Evaluation } from "./evaluate.ts";
import { duration } from "./judge-trigger.ts";
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
  /** Arrival of the notice, Unix ms observatory time. */
  readonly nowMs: number;
  /** The site's own limits, in addition to the strategy's. */
  readonly site?: SiteLimits;
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
 */
export function applyNotice(
  alert: AlertState | null,
  notice: Notice,
  context: DecisionContext,
): { readonly state: AlertState; readonly decision: Decision } {
  const id = memberId(notice);
  if (alert !== null && alert.members.some((member) => memberId(member.notice) === id)) {
    const again = "the same notice arrived before";
    return {
      state: alert,
      decision: { ...decisionOf(alert, "RECORD", again), slew: false, withdraw: false },
    };
  }
  const member: Member = { notice, receivedMs: context.nowMs };
  return change(alert, [...(alert?.members ?? []), member], notice, context);
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
      state: "ignored",
      reason: move.why,
      pointing: null,
      askHuman: false,
    };
    return {
      state,
      decision: { ...decisionOf(state, "RECORD", move.why), withdraw: alert.pointing !== null },
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
  const { pointable, ...evaluation } = evaluate(members, context.strategy);
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
  const word = wordFor(alert, { ...evaluation, pointable }, notice, newTrigger, wish.slew);
  const reason = [reasonFor(word, notice, state, alert), wish.note]
    .filter((part) => part !== null)
    .join("; ");
  return {
    state,
    decision: {
      ...decisionOf(state, word, reason),
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
      return no(
        `${(shiftDeg * 60).toFixed(1)} arcmin from the pointing, which stays up to ${(limitDeg * 60).toFixed(1)}`,
      );
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

function wordFor(
  alert: AlertState | null,
  now: Evaluation,
  notice: Notice | null,
  newTrigger: boolean,
  slew: boolean,
): DecisionWord {
  const before = alert?.state ?? null;
  const companion = notice?.kind === "companion" || notice?.kind === "timing";
  if (before === null) {
    if (now.state === "active") return slew ? "TRIGGER" : "OPEN";
    return now.state === "held" ? "HOLD" : "RECORD";
  }
  if (before === "active" && now.state === "cancelled") return "CANCEL";
  if (before === "active" && now.state === "ignored") return "CANCEL";
  if (before === "active" && now.state === "held") return "HOLD";
  if (before !== "active" && now.state === "active") return slew ? "TRIGGER" : "OPEN";
  if (newTrigger && now.state !== "ignored") return "JOIN";
  if (now.state === "active") return companion || notice?.kind === "trigger" ? "RECORD" : "UPDATE";
  if (now.state === "held") return companion ? "RECORD" : "HOLD";
  return "RECORD";
}

function reasonFor(
  word: DecisionWord,
  notice: Notice | null,
  state: AlertState,
  before: AlertState | null,
): string {
  if (word !== "UPDATE" || notice === null || before === null) return state.reason;
  if (state.positionFrom !== notice.ivorn)
    return `kept beside the better position of ${state.positionFrom ?? "none"}; ${state.reason}`;
  if (before.raDeg === null || before.decDeg === null) return `first position; ${state.reason}`;
  const shift = separationDeg(state.raDeg ?? 0, state.decDeg ?? 0, before.raDeg, before.decDeg);
  return `better position, ${(shift * 60).toFixed(2)} arcmin from the former; ${state.reason}`;
}

function decisionOf(state: AlertState, decision: DecisionWord, reason: string): Decision {
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
    validUntilMs: state.validUntilMs,
    observableFromMs: null,
    askHuman: state.askHuman,
    generation: state.generation,
  };
}
