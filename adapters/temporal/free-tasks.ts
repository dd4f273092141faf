import { setTimeout as sleep } from "node:timers/promises";
import { isGrpcServiceError, type Client, type WorkflowService } from "@temporalio/client";
import { tsToMs } from "@temporalio/common/lib/time.js";
import protobuf from "protobufjs";

/** A worker that was killed. */
export interface DeadWorker {
  /** As it named itself to the server. */
  readonly identity: string;
  readonly diedWallMs: number;
}

type FailedTask = Parameters<WorkflowService["respondWorkflowTaskFailed"]>[0];

/**
 * When to look, ms after the death. Not at once: until the server has noticed that the connection is closed, it hands the
 * next task to the dead worker too. On a machine with a load of 10 per core that took up to 200 ms.
 */
const LOOKS_MS = [150, 300, 500, 1_000];
/** A task that nobody's name stands at is taken for the dead worker's when it was handed out before this, ms after the death … */
const NOTICED_MS = 500;
/** … and has taken longer than this; when a living one has it all the same, it is done twice, which changes nothing. */
const STALE_MS = 200;
/** These are looked at first: alerts, buttons and the safety of the hardware wait for them. */
const FIRST = new Set(["observatory", "night"]);
/** More open workflows than this are never looked at. */
const MOST_WORKFLOWS = 500;
const LOOK_LIMIT_MS = 2_000;
/** PENDING_WORKFLOW_TASK_STATE_STARTED of the API. */
const STARTED = 2;
/** WORKFLOW_TASK_FAILED_CAUSE_RESET_STICKY_TASK_QUEUE of the API: the next one is for whoever asks first. */
// oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- the enum itself is in a package that is not ours to import
const FOR_ANYBODY = 13 as NonNullable<FailedTask["cause"]>;
const NOT_FOUND = 5;
/** Wire types of protocol buffers. */
const VARINT = 0;
const LENGTH_DELIMITED = 2;

/**
 * Gives back the workflow tasks that a killed worker had in its hands, so that another does them at once and not after their
 * time-out of 10 s.
 * @returns ids of the workflows that went on by it
 * @throws what the server's silence throws; the time-out does the work then
 */
export async function freeTasksOf(client: Client, dead: DeadWorker): Promise<string[]> {
  const freed: string[] = [];
  for (const lookMs of LOOKS_MS) {
    await sleep(Math.max(0, dead.diedWallMs + lookMs - Date.now()));
    freed.push(...(await client.withDeadline(Date.now() + LOOK_LIMIT_MS, () => freeOnce(client, dead))));
  }
  return freed;
}

async function freeOnce(client: Client, dead: DeadWorker): Promise<string[]> {
  const open: { readonly workflowId: string; readonly type: string }[] = [];
  for await (const { workflowId, type } of client.workflow.list({ query: "ExecutionStatus = 'Running'" })) {
    if (open.push({ workflowId, type }) === MOST_WORKFLOWS) break;
  }
  const found: string[] = [];
  for (const first of [true, false]) {
    const ids = open.filter(({ type }) => FIRST.has(type) === first).map(({ workflowId }) => workflowId);
    const freed = await Promise.all(ids.map((workflowId) => freeTask(client, workflowId, dead)));
    found.push(...ids.filter((_, index) => freed[index]));
  }
  return found;
}

/** Gives back the task of one workflow when the dead worker has it. @returns whether it had */
async function freeTask(client: Client, workflowId: string, dead: DeadWorker): Promise<boolean> {
  const { namespace } = client.options;
  const { workflowService } = client.connection;
  const { pendingWorkflowTask: task, workflowExecutionInfo } =
    await workflowService.describeWorkflowExecution({ namespace, execution: { workflowId } });
  // Between the second and the third try the server waits 5 s, and longer each time: those are left to their time-out.
  if ((task?.state as number | undefined) !== STARTED || task?.attempt !== 1) return false;
  const runId = workflowExecutionInfo?.execution?.runId ?? "";
  const { history } = await workflowService.getWorkflowExecutionHistoryReverse({
    namespace,
    execution: { workflowId, runId },
    maximumPageSize: 1,
  });
  const last = history?.events?.[0];
  const lastId = Number(last?.eventId ?? 0);
  // Of the task of an update neither schedule nor start is in the history before it is done, or a signal comes; then both are
  // written, without the name of who has it.
  const start = last?.workflowTaskStartedEventAttributes;
  const startedMs = tsToMs(task.startedTime);
  const theirs = start?.identity
    ? start.identity === dead.identity
    : startedMs < dead.diedWallMs + NOTICED_MS && Date.now() - startedMs > STALE_MS;
  if (!theirs) return false;
  const { namespaceInfo } = await workflowService.describeNamespace({ namespace });
  const taskToken = tokenOf({
    namespaceId: namespaceInfo?.id ?? "",
    workflowId,
    runId,
    scheduledEventId: start ? Number(start.scheduledEventId) : lastId + 1,
    attempt: task.attempt,
    startedEventId: start ? lastId : lastId + 2,
  });
  try {
    await workflowService.respondWorkflowTaskFailed({ namespace, taskToken, cause: FOR_ANYBODY });
    return true;
  } catch (error) {
    // Done meanwhile: a living worker had it.
    if (isGrpcServiceError(error) && (error.code as number) === NOT_FOUND) return false;
    throw error;
  }
}

/**
 * What the server calls the task by when it hands it out: message `Task` of its `api/token/v1`, of which it looks at these. The
 * worker took it along into its death. A server that reads it otherwise refuses it, and the task times out.
 */
function tokenOf(task: {
  readonly namespaceId: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly scheduledEventId: number;
  readonly attempt: number;
  readonly startedEventId: number;
}): Uint8Array {
  const writer = protobuf.Writer.create();
  const text = (field: number, value: string) => writer.uint32((field << 3) | LENGTH_DELIMITED).string(value);
  const number = (field: number, value: number) => writer.uint32((field << 3) | VARINT).int64(value);
  text(1, task.namespaceId);
  text(2, task.workflowId);
  text(3, task.runId);
  number(4, task.scheduledEventId);
  number(5, task.attempt);
  number(10, task.startedEventId);
  return writer.finish();
}
