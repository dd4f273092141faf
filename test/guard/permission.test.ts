import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { fileURLToPath } from "node:url";
import { DefaultLogger, NativeConnection, Worker, bundleWorkflowCode } from "@temporalio/worker";
import { createAskPermission, type AskPermission } from "../../workers/guard/permission.ts";
import { startTemporal, type TestTemporal } from "../support/temporal-server.ts";

const WORKFLOW_ID = "night/colibri/2026-11-20";
const TASK_QUEUE = "guard-test";
const QUIET = new DefaultLogger("ERROR", () => undefined);

let temporal: TestTemporal;
let ask: AskPermission;
let code: string;
let worker: { stop(): Promise<void> };

async function startWorker(): Promise<{ stop(): Promise<void> }> {
  const connection = await NativeConnection.connect({ address: temporal.address });
  const running = await Worker.create({
    connection,
    taskQueue: TASK_QUEUE,
    workflowBundle: { code },
    stickyQueueScheduleToStartTimeout: "300ms",
  });
  const ended = running.run();
  return {
    async stop() {
      running.shutdown();
      await ended;
      await connection.close();
    },
  };
}

beforeAll(async () => {
  temporal = await startTemporal();
  ask = createAskPermission(temporal.connection.client);
  ({ code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL("workflows/answering.ts", import.meta.url)),
    logger: QUIET,
  }));
  worker = await startWorker();
  await temporal.connection.client.workflow.start("answering", {
    workflowId: WORKFLOW_ID,
    taskQueue: TASK_QUEUE,
  });
}, 60_000);

afterAll(async () => {
  await worker.stop();
  await temporal.stop();
});

const handle = () => temporal.connection.client.workflow.getHandle(WORKFLOW_ID);

test("an open workflow is asked; what it says counts", async () => {
  expect(await ask(WORKFLOW_ID)).toEqual({ kind: "allows", announces: false });
  await handle().signal("setAllowed", false);
  expect(await ask(WORKFLOW_ID)).toEqual({
    kind: "forbids",
    why: `The dome is open, but ${WORKFLOW_ID} is in phase "parking", which does not allow that.`,
  });
  await handle().signal("setAllowed", true);
  expect(await ask(WORKFLOW_ID)).toEqual({ kind: "allows", announces: false });
});

test("a workflow that was never started is silence, not a refusal: it may still come", async () => {
  expect(await ask("observatory/nowhere")).toEqual({
    kind: "silent",
    why: "Workflow observatory/nowhere has not been started yet.",
  });
});

test("a frozen server is silence within the limit, and answers again when thawed", async () => {
  await temporal.freeze();
  const begun = performance.now();
  expect(await ask(WORKFLOW_ID)).toEqual({
    kind: "silent",
    why: "The control worker or Temporal did not answer within 2 s.",
  });
  expect(performance.now() - begun).toBeLessThan(8_000);
  temporal.thaw();
  const untilMs = Date.now() + 15_000;
  while ((await ask(WORKFLOW_ID)).kind !== "allows" && Date.now() < untilMs);
  expect(await ask(WORKFLOW_ID)).toEqual({ kind: "allows", announces: false });
});

test("no worker is silence: the server alone proves nothing", async () => {
  await worker.stop();
  expect(await ask(WORKFLOW_ID)).toMatchObject({ kind: "silent" });
  worker = await startWorker();
  expect(await ask(WORKFLOW_ID)).toEqual({ kind: "allows", announces: false });
});

test("a workflow that ended, by itself or terminated, is a refusal although it would still answer queries", async () => {
  await handle().terminate("by an engineer in the Temporal UI");
  expect(await ask(WORKFLOW_ID)).toEqual({
    kind: "refused",
    why: `The dome is open, but ${WORKFLOW_ID}, which answers for it, has ended.`,
  });
});
