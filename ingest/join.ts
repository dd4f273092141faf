import { alertKeyOf, type AlertState, type Member } from "../domain/alerts/alert-state.ts";
import { associate, type Association } from "../domain/alerts/associate.ts";
import { applyNotice, type DecisionContext } from "../domain/alerts/decide.ts";
import { evaluate } from "../domain/alerts/evaluate.ts";
import type { Notice } from "../domain/alerts/notice.ts";
import { type ClockFact, wallMsOf } from "../domain/clock.ts";
import type { Strategy } from "../domain/strategies/strategy.ts";
import type { AlertWithNotices, JoinedNotice } from "../db/repositories/intake.ts";
import { alertWorkflowId } from "../workflows/names.ts";

export interface JoinContext {
  readonly siteId: string;
  readonly strategy: Strategy;
  readonly clock: ClockFact;
  /** Observatory time of arrival. */
  readonly receivedMs: number;
  readonly receivedWallMs: number;
}

/**
 * Joins a notice to its event, from the alerts it may belong to: pure. What the event then does is its workflow's to
 * decide; here it is only told which one it is, and what needs no workflow (tests, a T0 in the future, a closed event).
 */
export function joinNotice(
  notice: Notice,
  near: readonly AlertWithNotices[],
  context: JoinContext,
): JoinedNotice {
  const states = near.map((each) => stateOf(each, context.strategy));
  const association = associate(notice, states);
  if (association.kind === "none") return recorded("IGNORE", association.why, null);
  const { alertKey, why } = keptApart(association, notice);
  const known = near.find(({ alert }) => alert.key === alertKey);
  if (association.duplicate) return recorded("RECORD", why, alertKey);
  if (known?.alert.closed === true) {
    return recorded("RECORD", `${why}; the alert is closed, so that it is only recorded`, alertKey);
  }
  if (known !== undefined) {
    return { alertKey, newAlert: null, decision: "JOIN", reason: why, needsDelivery: true };
  }
  const member: Member = { notice, receivedMs: context.receivedMs };
  const { refused, reason } = evaluate([member], context.strategy);
  if (refused) return recorded("IGNORE", reason, null);
  const decisionContext: DecisionContext = {
    strategy: context.strategy,
    alertKey,
    nowMs: context.receivedMs,
  };
  const { state, decision } = applyNotice(null, notice, decisionContext);
  return {
    alertKey,
    newAlert: {
      key: alertKey,
      site: context.siteId,
      stream: notice.stream,
      status: state.state,
      decision: decision.decision,
      // Whether the telescope moves depends on the sky, which the workflow looks at.
      slew: false,
      rule: state.rule,
      reason: state.reason,
      rank: state.rank,
      t0Ms: state.t0Ms,
      raDeg: state.raDeg,
      decDeg: state.decDeg,
      errorDeg: state.errorDeg,
      generation: 0,
      workflowId: alertWorkflowId(context.siteId, alertKey),
      state: { ...state, pointing: null, generation: 0 },
      closed: false,
      stages: {
        ...(state.t0Ms === null ? {} : { T0: Math.round(wallMsOf(context.clock, state.t0Ms)) }),
        receivedAt: context.receivedWallMs,
      },
      createdWallMs: context.receivedWallMs,
      updatedWallMs: context.receivedWallMs,
    },
    decision: decision.decision,
    reason: `${why}; ${decision.reason}`,
    needsDelivery: true,
  };
}

/**
 * A trigger stays in the alert it opened or joined first, whatever later positions say of it: its observation is under
 * way there. That two alerts now look like one event, or one like two, is said in the reason.
 */
function keptApart(association: Extract<Association, { kind: "new" | "join" }>, notice: Notice) {
  const { moves } = association;
  const own = moves.find((move) => notice.triggerKeys.includes(move.triggerKey));
  const notes = moves.map((move) => `${move.triggerKey} stays in ${move.fromKey} although ${move.why}`);
  return { alertKey: own?.fromKey ?? association.alertKey, why: [association.why, ...notes].join("; ") };
}

/** Keys of alerts that may be named after one of the triggers of a notice. */
export function possibleAlertKeys(notice: Notice): string[] {
  return notice.triggerKeys.map((key) => alertKeyOf(key));
}

function recorded(decision: string, reason: string, alertKey: string | null): JoinedNotice {
  return { alertKey, newAlert: null, decision, reason, needsDelivery: false };
}

/** An alert as association sees it: its notices are the truth, of its row only what was done about it. */
function stateOf({ alert, notices }: AlertWithNotices, strategy: Strategy): AlertState {
  const stored = alert.state as unknown as AlertState;
  const members: Member[] = notices.map(({ parsed, receivedMs }) => ({
    notice: parsed as unknown as Notice,
    receivedMs,
  }));
  if (members.length === 0) return { ...stored, alertKey: alert.key };
  const { pointable: _pointable, refused: _refused, ...evaluation } = evaluate(members, strategy);
  return {
    ...evaluation,
    alertKey: alert.key,
    members,
    pointing: stored.pointing ?? null,
    generation: alert.generation,
    openedMs: Math.min(...members.map((member) => member.receivedMs)),
  };
}
