import { streamNames } from "../alerts/streams.ts";
import type { Strategy, StrategyPlan } from "./strategy.ts";

/** What a site has, as far as a strategy may ask for it. */
export interface SiteInstruments {
  readonly instruments: readonly {
    readonly id: string;
    readonly filters: readonly string[];
    readonly minExposureS: number;
    readonly maxExposureS: number;
  }[];
}

/**
 * What a strategy file that fits the schema still has wrong, each as a sentence naming field, value and rule: unknown
 * streams, two rules of one name, rules that slew without a plan, instruments, filters and exposures the site has not.
 * @param site leave out to check the file alone
 */
export function strategyProblems(strategy: Strategy, site?: SiteInstruments): string[] {
  const problems: string[] = [];
  const known = new Set(streamNames());
  const names = new Set<string>();
  for (const [i, rule] of strategy.rules.entries()) {
    const where = `rules[${i}] (${rule.name})`;
    if (names.has(rule.name)) problems.push(`${where}.name: another rule has the same name`);
    names.add(rule.name);
    for (const stream of [...rule.streams, ...(rule.needs ?? [])]) {
      if (!known.has(stream))
        problems.push(`${where}.streams: "${stream}" is no stream; known are ${[...known].join(", ")}`);
    }
    const { plan, followUps = [] } = rule.observation;
    if (rule.action === "slew" && plan.length === 0)
      problems.push(`${where}.observation.plan is empty: a rule that slews must observe something`);
    const plans = [...plan, ...followUps.flatMap((followUp) => followUp.plan)];
    if (site !== undefined)
      for (const step of plans)
        problems.push(...stepProblems(step, site).map((problem) => `${where}.observation: ${problem}`));
  }
  return problems;
}

function stepProblems(step: StrategyPlan, site: SiteInstruments): string[] {
  const instrument = site.instruments.find((candidate) => candidate.id === step.instrument);
  if (instrument === undefined) {
    return [
      `instrument "${step.instrument}" is not at the site; it has ${site.instruments.map(({ id }) => id).join(", ")}`,
    ];
  }
  const problems: string[] = [];
  if (!instrument.filters.includes(step.filter)) {
    problems.push(
      `filter "${step.filter}" is not on ${instrument.id}; it has ${instrument.filters.join(", ")}`,
    );
  }
  if (step.exposureS < instrument.minExposureS || step.exposureS > instrument.maxExposureS) {
    problems.push(
      `exposureS ${step.exposureS}: ${instrument.id} takes ${instrument.minExposureS} to ${instrument.maxExposureS} s`,
    );
  }
  return problems;
}
