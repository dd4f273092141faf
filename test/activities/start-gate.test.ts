/** What an interrupted sequence had on its way: nothing of it starts once its exposures were aborted. */
import { expect, test } from "@jest/globals";
import { MockActivityEnvironment } from "@temporalio/testing";
import { DefaultLogger } from "@temporalio/worker";
import { createStartGate } from "../../activities/start-gate.ts";
import { failureType } from "./rig.ts";

const ROUTINE = "sequence/R0001-1/1";
const ALERT = "sequence/swift-1-g1/1";
const QUIET = new DefaultLogger("ERROR", () => undefined);

/** Runs as an activity that a workflow scheduled. */
function asked<R>(workflowId: string, body: () => Promise<R>): Promise<R> {
  const workflowExecution = { workflowId, runId: "run" };
  return new MockActivityEnvironment({ workflowExecution }, { logger: QUIET }).run(body);
}

test("after the abort nothing of the interrupted sequence passes; the alert's own does", async () => {
  const gate = createStartGate();
  const sent: string[] = [];
  const order = (workflowId: string) =>
    asked(workflowId, () => gate.pass(async () => void sent.push(workflowId)));
  await order(ROUTINE);
  await gate.close(ROUTINE);
  expect(await failureType(order(ROUTINE))).toBe("LeaseLost");
  await order(ALERT);
  expect(sent).toEqual([ROUTINE, ALERT]);
});

test("an order that is on its way when the abort comes is waited for, so that the abort finds what it started", async () => {
  const gate = createStartGate();
  const happened: string[] = [];
  let arrive = (): void => undefined;
  const onItsWay = asked(ROUTINE, () =>
    gate.pass(async () => {
      await new Promise<void>((resolve) => {
        arrive = resolve;
      });
      happened.push("started");
    }),
  );
  const closed = gate.close(ROUTINE).then(() => happened.push("abort goes out"));
  const other = gate.close(ALERT).then(() => happened.push("nothing to wait for"));
  await other;
  arrive();
  await Promise.all([onItsWay, closed]);
  expect(happened).toEqual(["nothing to wait for", "started", "abort goes out"]);
});

test("one that hangs holds the abort up for half a second at most, and one that failed not at all", async () => {
  const gate = createStartGate();
  void asked(ROUTINE, () => gate.pass(() => new Promise<never>(() => undefined)));
  await gate.close(ROUTINE);
  const failing = asked(ALERT, () => gate.pass(() => Promise.reject(new Error("refused"))));
  await expect(failing).rejects.toThrow("refused");
  await gate.close(ALERT);
});

test("the oldest interruptions are forgotten", async () => {
  const gate = createStartGate();
  for (let n = 0; n <= 200; n += 1) await gate.close(`sequence/${n}`);
  const order = (workflowId: string) => asked(workflowId, () => gate.pass(async () => "sent"));
  expect(await order("sequence/0")).toBe("sent");
  expect(await failureType(order("sequence/1"))).toBe("LeaseLost");
});
