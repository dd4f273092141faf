import { alertKeyOf, memberId } from "./alert-state.ts";
import type { AlertState, Member } from "./alert-state.ts";
import { associate } from "./associate.ts";
import type { Association } from "./associate.ts";
import { clusterTriggers, namingTrigger } from "./cluster.ts";
import { applyMove, applyNotice, ignored } from "./decide.ts";
import type { Decision, DecisionContext } from "./decide.ts";
import type { Link } from "./link.ts";
import type { Notice } from "./notice.ts";
import { triggersOf } from "./trigger.ts";

/** All that one notice changes. */
export interface Taken {
  readonly association: Association;
  readonly decision: Decision;
  /** Alerts that are new or changed, after the notice; one whose members all left has none. */
  readonly changed: readonly AlertState[];
  /** Decisions on other alerts that gave or took members (a pointing may have to be called back). */
  readonly beside: readonly Decision[];
}

/**
 * Takes one notice into the open alerts: finds the event it belongs to, moves members between alerts when that now
 * looks different, applies the notice and decides. Changes nothing itself.
 * @param openAlerts see `associate`
 */
export function takeNotice(
  notice: Notice,
  openAlerts: readonly AlertState[],
  context: DecisionContext,
): Taken {
  const association = associate(notice, openAlerts);
  if (association.kind === "none")
    return { association, decision: ignored(association.why), changed: [], beside: [] };
  const byKey = new Map(openAlerts.map((alert) => [alert.alertKey, alert]));
  const changed = new Map<string, AlertState>();
  const beside: Decision[] = [];
  const also: Member[] = [];
  const current = (key: string) => changed.get(key) ?? byKey.get(key) ?? null;
  for (const { fromKey, memberIds, why } of association.moves) {
    const from = current(fromKey);
    if (from === null) continue;
    const left = applyMove(from, { add: [], removeIds: memberIds, why }, { ...context, alertKey: fromKey });
    changed.set(fromKey, left.state);
    beside.push(left.decision);
  }
  for (const { fromKey, toKey, memberIds, why } of association.moves) {
    const ids = new Set(memberIds);
    const add = (byKey.get(fromKey)?.members ?? []).filter((member) => ids.has(memberId(member.notice)));
    if (add.length === 0) continue;
    if (toKey === association.alertKey) {
      also.push(...add);
      continue;
    }
    const right = applyMove(current(toKey), { add, removeIds: [], why }, { ...context, alertKey: toKey });
    changed.set(toKey, right.state);
    beside.push(right.decision);
  }
  const { alertKey, why } = association;
  const { state, decision } = applyNotice(current(alertKey), notice, { ...context, alertKey, why }, also);
  if (!association.duplicate) changed.set(alertKey, state);
  return { association, decision, changed: [...changed.values()], beside };
}

/** The links between the triggers of an alert, strongest first, each with its numbers. */
export function linksOf(members: readonly Member[]): readonly Link[] {
  return clusterTriggers(triggersOf(members).map(({ facts }) => facts)).flatMap((cluster) => cluster.links);
}

/**
 * The name of an event that does not depend on which notice came first: that of its earliest trigger. An alert keeps
 * the key it was opened with; this one compares two runs.
 */
export function canonicalKey(members: readonly Member[]): string {
  return alertKeyOf(
    namingTrigger({ triggers: triggersOf(members).map(({ facts }) => facts), links: [] }).key,
  );
}
