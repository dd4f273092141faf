import { plan, type PlanOptions } from "../../scheduler/index.ts";
import { problemFromInstance } from "../../scheduler/neutral.ts";
import { randomInstance } from "../../scheduler/test/instances.ts";

/** What one fresh process measures of one size. Times are wall ms. */
export interface Measurement {
  readonly n: number;
  /** First plan of the process (value policy, no search), with everything still to be compiled. */
  readonly firstColdMs: number;
  /** The same again, best of nine: what the machine does besides only adds. */
  readonly firstMs: number;
  /** The same in time of the processor, best of nine: what a busy machine cannot spoil; counts the collector's threads too. */
  readonly firstCpuMs: number;
  readonly strictMs: number;
  readonly strictCpuMs: number;
  readonly searchMs: number;
  readonly iterations: number;
  readonly rows: number;
  readonly firstObjective: number;
  readonly strictObjective: number;
  readonly objective: number;
  readonly upperBound: number;
  /** Greatest resident size of the process. */
  readonly maxRssMb: number;
}

const [nText = "", seedText = "", budgetText = ""] = process.argv.slice(2);
const n = Number(nText);
const problem = problemFromInstance(randomInstance(n, Number(seedText)));

const [firstColdMs, first] = timed({ policy: "value", iterations: 0 });
const firstMs = bestOf(9, { policy: "value", iterations: 0 });
const firstCpuMs = leastCpuMs(9, { policy: "value", iterations: 0 });
const strictMs = bestOf(9, { policy: "strict" });
const strictCpuMs = leastCpuMs(9, { policy: "strict" });
const strict = plan(problem, { policy: "strict" });
const [searchMs, found] = timed({ policy: "value", budgetMs: Number(budgetText) });
const measurement: Measurement = {
  n,
  firstColdMs,
  firstMs,
  firstCpuMs,
  strictMs,
  strictCpuMs,
  searchMs,
  iterations: found.iterations,
  rows: found.rows.length,
  firstObjective: first.objective,
  strictObjective: strict.objective,
  objective: found.objective,
  upperBound: found.upperBound,
  maxRssMb: process.resourceUsage().maxRSS / 1_024,
};
console.log(JSON.stringify(measurement));

function timed(options: PlanOptions) {
  const began = performance.now();
  const schedule = plan(problem, options);
  return [performance.now() - began, schedule] as const;
}

function bestOf(times: number, options: PlanOptions): number {
  return Math.min(...Array.from({ length: times }, () => timed(options)[0]));
}

function leastCpuMs(times: number, options: PlanOptions): number {
  return Math.min(...Array.from({ length: times }, () => cpuMs(options)));
}

function cpuMs(options: PlanOptions): number {
  const before = process.cpuUsage();
  plan(problem, options);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
