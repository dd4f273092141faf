import { readFileSync } from "node:fs";
import { plan, type Problem, type Schedule } from "../index.ts";

/** The night of the README: plans `night.json` and prints what a person wants to know of it. */
export function planExample(): Schedule {
  const problem = JSON.parse(readFileSync(new URL("night.json", import.meta.url), "utf8")) as Problem;
  return plan(problem, { policy: "strict" });
}

/** Rows and refusals as lines of text. */
export function linesOf(schedule: Schedule): string[] {
  const clock = (ms: number): string => new Date(schedule.night.startUnixMs + ms).toISOString().slice(11, 19);
  return [
    ...schedule.rows.map(
      (row) =>
        `${clock(row.tspMs)} - ${clock(row.tepMs)}  ${row.sequenceId.padEnd(15)} may start ${row.deltaTLMs / 60_000} min earlier, ${row.deltaTRMs / 60_000} min later`,
    ),
    ...schedule.refused.map((refusal) => `${refusal.sequenceId}: ${refusal.text}`),
    `objective ${schedule.objective}, bound ${schedule.upperBound} weight-seconds`,
  ];
}

if (import.meta.main) process.stdout.write(`${linesOf(planExample()).join("\n")}\n`);
