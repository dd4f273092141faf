import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { NativeConnection, Worker } from "@temporalio/worker";
import { createTemporalGateway } from "../../adapters/temporal/gateway.ts";
import type { LateCommand, TemporalGateway } from "../../adapters/temporal/gateway.ts";
import { observatoryWorkflowId } from "../../workflows/names.ts";
import { startTemporal } from "../support/temporal-server.ts";
import type { TestTemporal } from "../support/temporal-server.ts";
import { observatoryState } from "./support/states.ts";

const QUEUE = "gateway-test";
const LIMIT_MS = 4_000;

let temporal: TestTemporal;
let gateway: TemporalGateway;
const outcomes: LateCommand[] = [];

beforeAll(async () => {
  temporal = await startTemporal();
  gateway = createTemporalGateway({
    client: temporal.connection.client,
    siteId: "colibri",
    onLateCommand: (command) => outcomes.push(command),
  });
}, 120_000);
afterAll(async () => {
  await temporal.stop();
});

/** What a call throws, and that it did not take long. */
async function sentenceOf(call: Promise<unknown>): Promise<string> {
  const began = Date.now();
  const error = await call.then(
    () => new Error("it answered"),
    (thrown: Error) => thrown,
  );
  expect(Date.now() - began).toBeLessThan(LIMIT_MS);
  expect({ name: error.name, message: error.message }).toMatchObject({ name: "NotAnsweringError" });
  return error.message;
}

test("a workflow that was never started, one without a worker, and a frozen server are said in words", async () => {
  expect(await sentenceOf(gateway.observatoryState())).toContain("has not been started yet");
  await temporal.connection.client.workflow.start("observatory", {
    workflowId: observatoryWorkflowId("colibri"),
    taskQueue: QUEUE,
    args: [observatoryState()],
  });
  expect(await sentenceOf(gateway.observatoryState())).toContain("did not answer within 2 s");
  await gateway.ping();
  try {
    await temporal.freeze();
    expect(await sentenceOf(gateway.ping())).toContain("did not answer within 2 s");
  } finally {
    temporal.thaw();
  }
  await gateway.ping();
}, 60_000);

test("a command that nobody takes is unconfirmed, and applied once when the worker is back", async () => {
  const began = Date.now();
  const outcome = await gateway.pause("operator@vesper.example", "now");
  expect(Date.now() - began).toBeLessThan(LIMIT_MS);
  expect(outcome.kind).toBe("unconfirmed");
  expect(gateway.lateCommands()).toMatchObject([{ command: "pause", outcome: "sending" }]);

  const connection = await NativeConnection.connect({ address: temporal.address });
  const worker = await Worker.create({
    connection,
    taskQueue: QUEUE,
    workflowsPath: fileURLToPath(new URL("support/observatory-stub.ts", import.meta.url)),
  });
  await worker.runUntil(async () => {
    while (outcomes.length < 2) await new Promise((resolve) => setTimeout(resolve, 50));
    const [sent, settled] = outcomes;
    expect(sent).toMatchObject({ command: "pause", by: "operator@vesper.example", outcome: "sending" });
    expect(settled).toEqual({ ...sent, outcome: "applied" });
    expect((await gateway.observatoryState()).mode).toBe("PAUSED");
    const again = await gateway.pause("operator@vesper.example", "now");
    expect(again).toMatchObject({ kind: "applied", state: { paused: true } });
    expect(await gateway.resume("operator@vesper.example")).toEqual({
      kind: "refused",
      reason: "Nothing to resume: nobody has paused.",
    });
  });
  await connection.close();
}, 120_000);

test("a closed workflow is not asked for its last state", async () => {
  await temporal.connection.client.workflow.getHandle(observatoryWorkflowId("colibri")).terminate();
  expect(await sentenceOf(gateway.observatoryState())).toContain("is closed");
}, 30_000);
