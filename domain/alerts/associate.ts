import { alertKeyOf, memberId } from "./alert-state.ts";
import type { AlertState } from "./alert-state.ts";
import { clusterTriggers, namingTrigger } from "./cluster.ts";
import type { Cluster } from "./cluster.ts";
import type { Link } from "./link.ts";
import type { Notice } from "./notice.ts";
import { neighbourhood } from "./neighbourhood.ts";
import { triggerOf } from "./trigger.ts";
import type { TriggerFacts } from "./trigger.ts";

/** What a notice does to the alerts that are open. */
export type Association =
  /** belongs to no event (test, utility, prediction, survey): no alert is made */
  | { readonly kind: "none"; readonly why: string }
  | {
      readonly kind: "new" | "join";
      readonly alertKey: string;
      /** The reason in words with its numbers. */
      readonly why: string;
      /** The notice arrived before, byte for byte or through another door. */
      readonly duplicate: boolean;
      /** Links between the triggers of the alert. */
      readonly links: readonly Link[];
      /** Members that change alert because of this notice (two alerts turn out to be one, or one to be two). */
      readonly moves: readonly Move[];
    };

export interface Move {
  readonly triggerKey: string;
  /** `memberId` of each member that moves. */
  readonly memberIds: readonly string[];
  readonly fromKey: string;
  /** May be a key that no alert has yet. */
  readonly toKey: string;
  readonly why: string;
}

/**
 * Finds the event a notice belongs to. Within a mission the trigger id and citations decide; across missions T0 and
 * position within the joint error, the measured systematic included. Never the importance or the Why of a notice.
 * The partition that results depends on the notices alone, not on the order in which they came.
 *
 * @param notice the new notice
 * @param openAlerts every alert whose T0 is within a few hours, or that shares a trigger key or citation; more do no harm
 */
export function associate(notice: Notice, openAlerts: readonly AlertState[]): Association {
  const outside = belongsToNothing(notice);
  if (outside !== null) return { kind: "none", why: outside };
  const ownKey = notice.triggerKeys[0] ?? notice.ivorn;
  let home: AlertState | null = null;
  for (const alert of openAlerts) {
    for (const { notice: other } of alert.members) {
      if ((other.triggerKeys[0] ?? other.ivorn) === ownKey) home = alert;
      if (other.ivorn !== notice.ivorn || other.digest !== notice.digest) continue;
      const why = `the same notice is already in ${alert.alertKey}`;
      return { kind: "join", alertKey: alert.alertKey, why, duplicate: true, links: [], moves: [] };
    }
  }
  const sharing =
    home === null
      ? []
      : home.members.filter((member) => (member.notice.triggerKeys[0] ?? member.notice.ivorn) === ownKey);
  const arriving = { notice, receivedMs: notice.noticeMs ?? notice.t0Ms ?? 0 };
  const own = triggerOf(ownKey, [...sharing, arriving]).facts;
  const around = neighbourhood(own, home, openAlerts);
  const homeOf = new Map<string, AlertState>();
  for (const alert of openAlerts) for (const trigger of alert.triggers) homeOf.set(trigger.key, alert);
  const clusters = clusterTriggers(around);
  const keys = keysOf(clusters, homeOf);

  const mine = clusters.findIndex((cluster) => cluster.triggers.some((trigger) => trigger.key === ownKey));
  const alertKey = keys[mine] ?? alertKeyOf(ownKey);
  const cluster = clusters[mine] ?? { triggers: [own], links: [] };
  const moves: Move[] = [];
  for (const [i, each] of clusters.entries()) {
    const toKey = keys[i] ?? "";
    for (const trigger of each.triggers) {
      const fromKey = homeOf.get(trigger.key)?.alertKey;
      if (fromKey === undefined || fromKey === toKey) continue;
      const memberIds = membersOf(homeOf.get(trigger.key), trigger.key);
      moves.push({
        triggerKey: trigger.key,
        memberIds,
        fromKey,
        toKey,
        why: whyMoved(trigger, each, i === mine),
      });
    }
  }
  const isKnown = openAlerts.some((alert) => alert.alertKey === alertKey);
  return {
    kind: isKnown ? "join" : "new",
    alertKey,
    why: whyHere(own, cluster, isKnown, sharing.length > 0),
    duplicate: false,
    links: cluster.links,
    moves,
  };
}

/** `memberId` of the members of an alert that belong to a trigger. */
function membersOf(alert: AlertState | undefined, triggerKey: string): string[] {
  return (alert?.members ?? [])
    .filter(({ notice }) => (notice.triggerKeys[0] ?? notice.ivorn) === triggerKey)
    .map(({ notice }) => memberId(notice));
}

/** Why a notice belongs to no event at all, or null. */
function belongsToNothing(notice: Notice): string | null {
  if (notice.test) return `a test notice (role ${notice.role}, stream ${notice.stream})`;
  if (notice.role !== "observation") return `role ${notice.role}, not observation`;
  if (notice.kind === "utility")
    return `${notice.stream} notices are about the spacecraft or the network, not about an event`;
  if (notice.kind === "survey")
    return `${notice.stream} notices are about known or unconfirmed sources, not about a burst`;
  return null;
}

/**
 * The alert key of each cluster: an alert keeps its name with the trigger it is named after; of several, one that is
 * alive, then the one opened first. A cluster without an alert is named after its first trigger.
 */
function keysOf(clusters: readonly Cluster[], homeOf: ReadonlyMap<string, AlertState>): string[] {
  const taken = new Set<string>();
  const keys: (string | null)[] = clusters.map((cluster) => {
    const claims = new Set<AlertState>();
    for (const trigger of cluster.triggers) {
      const home = homeOf.get(trigger.key);
      if (
        home !== undefined &&
        (alertKeyOf(trigger.key) === home.alertKey || wholeAlertIn(home, cluster, homeOf))
      )
        claims.add(home);
    }
    const [best] = [...claims].sort(
      (a, b) =>
        Number(a.state === "ignored") - Number(b.state === "ignored") ||
        a.openedMs - b.openedMs ||
        (a.alertKey < b.alertKey ? -1 : 1),
    );
    // An alert that was only a time or a known source does not give its name to a burst.
    if (
      best === undefined ||
      taken.has(best.alertKey) ||
      (best.state === "ignored" && best.pointing === null && claims.size < cluster.triggers.length)
    )
      return null;
    taken.add(best.alertKey);
    return best.alertKey;
  });
  return clusters.map((cluster, i) => {
    const kept = keys[i];
    if (kept !== null && kept !== undefined) return kept;
    let key = alertKeyOf(namingTrigger(cluster).key);
    while (taken.has(key)) key = `${key}-b`;
    taken.add(key);
    return key;
  });
}

function wholeAlertIn(alert: AlertState, cluster: Cluster, homeOf: ReadonlyMap<string, AlertState>): boolean {
  const inside = new Set(cluster.triggers.map((trigger) => trigger.key));
  for (const [key, home] of homeOf) if (home === alert && !inside.has(key)) return false;
  return true;
}

function whyHere(own: TriggerFacts, cluster: Cluster, isKnown: boolean, sharesTrigger: boolean): string {
  const link = cluster.links.find((candidate) => candidate.a === own.key || candidate.b === own.key);
  if (sharesTrigger) return `same trigger ${own.key}`;
  if (link !== undefined) return `${link.a === own.key ? link.b : link.a}: ${link.why}`;
  return isKnown
    ? `same event as ${cluster.triggers.map((trigger) => trigger.key).join(", ")}`
    : `no open alert is within the limits of ${own.key}`;
}

function whyMoved(trigger: TriggerFacts, cluster: Cluster, joins: boolean): string {
  const link = cluster.links.find((candidate) => candidate.a === trigger.key || candidate.b === trigger.key);
  if (link !== undefined) return link.why;
  return joins
    ? `${trigger.key} is the same event`
    : `the positions of ${trigger.key} and of its former alert no longer agree`;
}
