import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { replayHistories } from "../replay/replay-histories.ts";

/**
 * `vesper replay FILE|FOLDER`: replays stored workflow histories (JSON) on the present code.
 * @returns 0 when every one takes its stored path; 1 naming workflow and first difference otherwise.
 */
export async function replayCommand(where: string): Promise<number> {
  if (!existsSync(where)) {
    console.error(`There is no file or folder ${where}.`);
    return 1;
  }
  const files = historyFiles(where);
  if (files.length === 0) {
    console.error(`There is no history (*.json) in ${where}.`);
    return 1;
  }
  const results = await replayHistories(files);
  for (const { file, workflowType, workflowId, events, difference } of results) {
    const about = `${workflowType} ${workflowId} (${path.relative(process.cwd(), file)}, ${events} events)`;
    console.log(difference === null ? `same       ${about}` : `DIFFERENT  ${about}: ${difference}`);
  }
  const failed = results.filter(({ difference }) => difference !== null).length;
  console.log(`${results.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

/** The JSON files at a path, folders below it included, in order of name. */
function historyFiles(where: string): string[] {
  if (!statSync(where).isDirectory()) return [where];
  return readdirSync(where, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((name) => path.join(where, name));
}
