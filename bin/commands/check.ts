import path from "node:path";
import { readSettings } from "../../adapters/config/read-settings.ts";
import { createRunList } from "../../adapters/processes/run-list.ts";
import { checkPrerequisites } from "../up/prerequisites.ts";
import type { Finding } from "../up/prerequisites.ts";

/** `vesper check`: prints the table of prerequisites; 1 when one is missing. */
export async function checkCommand(): Promise<number> {
  const settings = readSettings(process.env);
  const ours = createRunList(path.join(settings.home, "run")).living();
  const { findings } = await checkPrerequisites(settings, process.env, ours, (sentence) =>
    console.error(sentence),
  );
  console.log(table(findings));
  return findings.every((finding) => finding.ok) ? 0 : 1;
}

/** The findings, one line each. */
export function table(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map((finding) => finding.what.length));
  return findings
    .map(({ what, ok, words }) => `${ok ? "ok     " : "MISSING"}  ${what.padEnd(width)}  ${words}`)
    .join("\n");
}
