import { contradicts, linkOf } from "./link.ts";
import type { Link } from "./link.ts";
import type { TriggerFacts } from "./trigger.ts";

/** Triggers that are one event, with the links that made them one. */
export interface Cluster {
  readonly triggers: readonly TriggerFacts[];
  readonly links: readonly Link[];
}

/**
 * Divides triggers into events: strongest link first, two groups become one unless a pair across them contradicts it.
 * A function of the set alone: the order of the triggers does not matter.
 */
export function clusterTriggers(unordered: readonly TriggerFacts[]): Cluster[] {
  const triggers = [...unordered].sort((a, b) => (a.key < b.key ? -1 : 1));
  const links: Link[] = [];
  for (const [i, a] of triggers.entries()) {
    for (const b of triggers.slice(i + 1)) {
      const link = linkOf(a, b);
      if (link !== null) links.push(link);
    }
  }
  links.sort((x, y) => x.score - y.score || (x.a + x.b < y.a + y.b ? -1 : 1));
  const groupOf = new Map<string, TriggerFacts[]>(triggers.map((trigger) => [trigger.key, [trigger]]));
  const used: Link[] = [];
  for (const link of links) {
    const one = groupOf.get(link.a) ?? [];
    const other = groupOf.get(link.b) ?? [];
    if (one === other) continue;
    if (one.some((a) => other.some((b) => contradicts(a, b)))) continue;
    const joined = [...one, ...other];
    for (const trigger of joined) groupOf.set(trigger.key, joined);
    used.push(link);
  }
  return [...new Set(groupOf.values())].map((group) => {
    const sorted = [...group].sort((a, b) => (a.key < b.key ? -1 : 1));
    const keys = new Set(sorted.map((trigger) => trigger.key));
    return { triggers: sorted, links: used.filter((link) => keys.has(link.a)) };
  });
}

/** The trigger an event is named after: the earliest that is more than a time, then by key. */
export function namingTrigger(cluster: Cluster): TriggerFacts {
  const [first, ...rest] = cluster.triggers;
  if (first === undefined) throw new Error("a cluster has at least one trigger");
  return rest.reduce((best, trigger) => (namesBefore(trigger, best) ? trigger : best), first);
}

function namesBefore(a: TriggerFacts, b: TriggerFacts): boolean {
  const aWeak = a.timeOnly || a.companionOnly;
  const bWeak = b.timeOnly || b.companionOnly;
  if (aWeak !== bWeak) return bWeak;
  const dt = (a.t0Ms ?? Infinity) - (b.t0Ms ?? Infinity);
  return dt === 0 || Number.isNaN(dt) ? a.key < b.key : dt < 0;
}
