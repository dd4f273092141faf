import { readFileSync } from "node:fs";
import path from "node:path";
import { DefaultLogger, Runtime, Worker } from "@temporalio/worker";
import { workflowBundle } from "../../workers/bundle.ts";

/** What came of replaying one history. */
export interface ReplayResult {
  readonly file: string;
  readonly workflowType: string;
  readonly workflowId: string;
  readonly events: number;
  /** Null when the present code takes the stored path; else the first event that differs, and how. */
  readonly difference: string | null;
}

/** The fields of a stored history that are read here; the rest is Temporal's own business. */
interface HistoryEvent {
  readonly eventId: string | number;
  readonly eventType: string;
  readonly workflowExecutionStartedEventAttributes?: {
    readonly workflowType?: { readonly name?: string };
    readonly workflowId?: string;
  };
}

interface StoredHistory {
  readonly events: readonly HistoryEvent[];
}

type Replay = (history: StoredHistory) => Promise<Error | null>;

/**
 * Replays histories (JSON files) on the present workflow code, one after the other; needs no server.
 * `bundle` is the workflow code to replay on; the present one when absent.
 * A history only holds what the workflow commanded: other bodies or arguments of activities are no difference.
 * @throws Error with a sentence when a file is no history, or the workflows cannot be bundled.
 */
export async function replayHistories(
  files: readonly string[],
  bundle?: { readonly codePath: string } | { readonly code: string },
): Promise<ReplayResult[]> {
  silenceRuntime();
  const code = bundle ?? (await workflowBundle());
  const results: ReplayResult[] = [];
  for (const file of files) {
    const history = readHistory(file);
    const started = history.events[0]?.workflowExecutionStartedEventAttributes;
    // The id is not in every stored history, but code may use it.
    const workflowId = started?.workflowId ?? path.basename(file, ".json");
    const replay: Replay = (part) =>
      Worker.runReplayHistory({ workflowBundle: code }, part, workflowId).then(
        () => null,
        (error: unknown) => error as Error,
      );
    const error = await replay(history);
    results.push({
      file,
      workflowType: started?.workflowType?.name ?? "unknown",
      workflowId,
      events: history.events.length,
      difference: error === null ? null : await describe(history, error, replay),
    });
  }
  return results;
}

function readHistory(file: string): StoredHistory {
  try {
    const history = JSON.parse(readFileSync(file, "utf8")) as StoredHistory;
    if (Array.isArray(history.events) && history.events.length > 0) return history;
  } catch (error) {
    throw new Error(`${file} is no workflow history: ${(error as Error).message}`, { cause: error });
  }
  throw new Error(`${file} is no workflow history: it has no events`);
}

/** The SDK's own lines would say every difference a second time, at length. */
function silenceRuntime(): void {
  try {
    const logging = { filter: "OFF", forward: {} } as const;
    Runtime.install({ logger: new DefaultLogger("ERROR", () => {}), telemetryOptions: { logging } });
  } catch {
    // Installed already by whoever calls: then its logger is the one to use.
  }
}

/** "event 38 (ACTIVITY_TASK_SCHEDULED openDome): what differs". */
async function describe(history: StoredHistory, error: Error, replay: Replay): Promise<string> {
  const words = wordsOf(error);
  const event = await firstDifferentEvent(history, words, replay);
  const name = activityOf(event);
  return `event ${event.eventId} (${event.eventType.replace("EVENT_TYPE_", "")}${name === "" ? "" : ` ${name}`}): ${words}`;
}

/** The core's own sentence, out of the failure it comes wrapped in. */
function wordsOf(error: Error): string {
  const [, sentence] = /Nondeterminism error: (.*?)", source:/s.exec(error.message) ?? [];
  return sentence?.replaceAll(String.raw`\"`, '"') ?? error.message.split("\n")[0] ?? error.message;
}

/**
 * Histories cut off where a workflow task starts replay like those of an open workflow, so the first task that cannot
 * follow is found by halving; among what was commanded before it, the event the error speaks of is taken.
 */
async function firstDifferentEvent(
  history: StoredHistory,
  words: string,
  replay: Replay,
): Promise<HistoryEvent> {
  const { events } = history;
  const ends = events.flatMap((event, index) => (isTask(event, "STARTED") ? [index + 1] : []));
  ends.push(events.length);
  let low = 0;
  let high = ends.length - 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const failed = (await replay({ events: events.slice(0, ends[middle]) })) !== null;
    if (failed) high = middle;
    else low = middle + 1;
  }
  const end = ends[low] ?? events.length;
  const begin = events.findLastIndex((event, index) => index < end && isTask(event, "COMPLETED")) + 1;
  const commanded = events
    .slice(begin, end)
    .filter((event) => !/WORKFLOW_TASK_(SCHEDULED|STARTED)$/.test(event.eventType));
  const spokenOf = commanded.find(
    (event) =>
      words.includes(`id: ${event.eventId},`) ||
      (activityOf(event) !== "" && words.includes(`'${activityOf(event)}'`)),
  );
  const found = spokenOf ?? commanded[0] ?? events[end - 1];
  if (found === undefined) throw new Error("a history without events cannot differ");
  return found;
}

function isTask(event: HistoryEvent, what: "STARTED" | "COMPLETED"): boolean {
  return event.eventType.endsWith(`WORKFLOW_TASK_${what}`);
}

function activityOf(event: HistoryEvent): string {
  const attributes = (
    event as { activityTaskScheduledEventAttributes?: { activityType?: { name?: string } } }
  ).activityTaskScheduledEventAttributes;
  return attributes?.activityType?.name ?? "";
}
