import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { DefaultLogger, Runtime, Worker } from "@temporalio/worker";
import { workflowBundle } from "../../workers/bundle.ts";

/** What came of replaying one history. */
export interface ReplayResult {
  readonly file: string;
  readonly workflowType: string;
  readonly workflowId: string;
  readonly events: number;
  /** Null when the present code takes the stored path; else the first difference, naming the event. */
  readonly difference: string | null;
}

interface StoredHistory {
  readonly events: readonly {
    readonly workflowExecutionStartedEventAttributes?: {
      readonly workflowType?: { readonly name?: string };
      readonly workflowId?: string;
    };
  }[];
}

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
  let failed = 0;
  for (const result of await replayHistories(files)) {
    const { file, workflowType, workflowId, events, difference } = result;
    const about = `${workflowType} ${workflowId} (${path.relative(process.cwd(), file)}, ${events} events)`;
    if (difference === null) console.log(`same       ${about}`);
    else console.log(`DIFFERENT  ${about}: ${difference}`);
    failed += difference === null ? 0 : 1;
  }
  console.log(`${files.length - failed} passed, ${failed} failed`);
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

/** Replays histories one after the other; needs no server. */
export async function replayHistories(files: readonly string[]): Promise<ReplayResult[]> {
  quiet();
  const bundle = await workflowBundle();
  const results: ReplayResult[] = [];
  for (const file of files) {
    const history = JSON.parse(readFileSync(file, "utf8")) as StoredHistory;
    const started = history.events?.[0]?.workflowExecutionStartedEventAttributes;
    const workflowType = started?.workflowType?.name ?? "unknown";
    const workflowId = started?.workflowId ?? path.basename(file, ".json");
    const events = history.events?.length ?? 0;
    const difference = await Worker.runReplayHistory({ workflowBundle: bundle }, history, workflowId).then(
      () => null,
      (error: unknown) => firstDifference(error as Error),
    );
    results.push({ file, workflowType, workflowId, events, difference });
  }
  return results;
}

/** The SDK's own lines would say every difference a second time, at length. */
function quiet(): void {
  try {
    Runtime.install({
      logger: new DefaultLogger("ERROR", () => {}),
      telemetryOptions: { logging: { filter: "OFF", forward: {} } },
    });
  } catch {
    // Installed already by whoever calls: then its logger is the one to use.
  }
}

function firstDifference(error: Error): string {
  const [line = error.message] = error.message.split("\n");
  return line;
}
