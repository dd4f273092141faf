/** Workflow tasks in the hands of a control worker that was killed: another gets them long before they time out. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { WorkflowHandle } from "@temporalio/client";
import { freeTasksOf } from "../../adapters/temporal/free-tasks.ts";
import { startTemporal, type TestTemporal } from "../support/temporal-server.ts";

const QUEUE = "control";
const DEAD = "1@here";
const LIVING = "2@here";
/** Nothing here waits for it: whoever gets a task before has it by being given it. */
const TASK_TIME_OUT = "10 minutes";
const POLL_LIMIT_MS = 20_000;
let server: TestTemporal;

beforeAll(async () => {
  server = await startTemporal();
}, 60_000);
afterAll(async () => server?.stop());

const service = () => server.connection.client.workflowService;

/** Asks for a workflow task as a worker does. */
async function poll(identity: string) {
  return server.connection.client.withDeadline(Date.now() + POLL_LIMIT_MS, () =>
    service().pollWorkflowTaskQueue({ namespace: "default", taskQueue: { name: QUEUE }, identity }),
  );
}

async function started(workflowId: string): Promise<WorkflowHandle> {
  const handle = await server.connection.client.workflow.start("any", {
    workflowId,
    taskQueue: QUEUE,
    workflowTaskTimeout: TASK_TIME_OUT,
  });
  // The list of open workflows follows a moment later.
  const { workflow } = server.connection.client;
  while ((await workflow.count(`WorkflowId = "${workflowId}"`)).count === 0) await wait(50);
  return handle;
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const free = () => freeTasksOf(server.connection.client, { identity: DEAD, diedWallMs: Date.now() });

test("the task that the dead one had goes to a living one; the task of a living one stays where it is", async () => {
  const held = await started("held");
  expect((await poll(DEAD)).workflowExecution?.workflowId).toBe("held");
  const kept = await started("kept");
  const { taskToken } = await poll(LIVING);
  expect(await free()).toEqual(["held"]);
  const again = await poll(LIVING);
  expect(again.workflowExecution?.workflowId).toBe("held");
  expect(again.attempt).toBe(2);
  // The living one's is accepted: nobody took it away.
  await service().respondWorkflowTaskCompleted({ namespace: "default", taskToken, commands: [] });
  await Promise.all([held.terminate(), kept.terminate()]);
}, 60_000);

test("so does the task of an update, of which the history knows nothing yet", async () => {
  const handle = await started("asked");
  const { taskToken } = await poll(LIVING);
  await service().respondWorkflowTaskCompleted({ namespace: "default", taskToken, commands: [] });
  const asked = handle.executeUpdate("button").catch((error: unknown) => error);
  expect((await poll(DEAD)).messages).toHaveLength(1);
  expect(await free()).toEqual(["asked"]);
  expect((await poll(LIVING)).messages).toHaveLength(1);
  await handle.terminate();
  await asked;
}, 60_000);

test("so does it when a signal came after it: the history has its start then, but no name", async () => {
  const handle = await started("signalled");
  const { taskToken } = await poll(LIVING);
  await service().respondWorkflowTaskCompleted({ namespace: "default", taskToken, commands: [] });
  const asked = handle.executeUpdate("button").catch((error: unknown) => error);
  expect((await poll(DEAD)).messages).toHaveLength(1);
  await handle.signal("watchState");
  expect(await free()).toEqual(["signalled"]);
  expect((await poll(LIVING)).messages).toHaveLength(1);
  await handle.terminate();
  await asked;
}, 60_000);

test("a task that was given back once is left to its time-out: the server waits longer before each further try", async () => {
  const handle = await started("twice");
  await poll(DEAD);
  expect(await free()).toEqual(["twice"]);
  expect((await poll(DEAD)).attempt).toBe(2);
  expect(await free()).toEqual([]);
  await handle.terminate();
}, 60_000);

test("without an answer of the server it says so, and does not wait", async () => {
  try {
    await server.freeze();
    await expect(free()).rejects.toThrow();
  } finally {
    server.thaw();
  }
}, 60_000);
