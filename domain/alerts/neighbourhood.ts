import type { AlertState } from "./alert-state.ts";
import { linkOf } from "./link.ts";
import type { TriggerFacts } from "./trigger.ts";

/**
 * A trigger, all triggers of open alerts that it can reach over links, and all triggers of their alerts.
 * @param own the trigger, with the new notice already in it
 * @param home the alert that has it so far
 */
export function neighbourhood(
  own: TriggerFacts,
  home: AlertState | null,
  openAlerts: readonly AlertState[],
): TriggerFacts[] {
  const reached = new Map<string, TriggerFacts>([[own.key, own]]);
  const queue: TriggerFacts[] = [own];
  const add = (trigger: TriggerFacts) => {
    if (reached.has(trigger.key)) return;
    reached.set(trigger.key, trigger);
    queue.push(trigger);
  };
  home?.triggers.forEach(add);
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const from = next;
    for (const { triggers } of openAlerts) {
      const isLinked = triggers.some(
        (trigger) => !reached.has(trigger.key) && linkOf(from, trigger) !== null,
      );
      if (isLinked) triggers.forEach(add);
    }
  }
  return [...reached.values()];
}
