import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { TestWorkflowEnvironment } from "@temporalio/testing";
import { Worker } from "@temporalio/worker";
import type { MembershipActivities } from "../../activities/membership.ts";
import { createMembershipGateway, type MembershipGateway } from "../../adapters/temporal/membership.ts";
import type { VoteCount } from "../../domain/people/membership.ts";
import { MS_PER_DAY } from "../../domain/units.ts";
import type { MembershipInput } from "../../workflows/messages.ts";
import { membershipWorkflowId, taskQueues } from "../../workflows/names.ts";
import { workflowBundle } from "../../workers/bundle.ts";
import { startTimeSkipping } from "./rig.ts";

const server = process.env["VESPER_TIME_SKIPPING_SERVER"];
const whenSkipping = server === undefined ? describe.skip : describe;

whenSkipping("an application for an account, with time skipped", () => {
  let env: TestWorkflowEnvironment;
  let gateway: MembershipGateway;
  let stop = async (): Promise<void> => undefined;
  let count: VoteCount = { yes: 0, no: 0, commission: 5 };
  const done: string[] = [];
  const activities: MembershipActivities = {
    countVotes: async () => count,
    handMembership: async ({ userId, mode, by }) => {
      done.push(`${userId} handed to ${mode} by ${by}`);
    },
    settleMembership: async ({ userId, outcome, by, reason, profile }) => {
      done.push(`${userId} ${outcome} by ${by} as ${profile}: ${reason}`);
    },
  };

  beforeAll(async () => {
    env = await startTimeSkipping(server ?? "");
    const queues = taskQueues("test");
    const { codePath } = await workflowBundle();
    const common = { connection: env.nativeConnection, namespace: env.namespace ?? "default" };
    const control = await Worker.create({
      ...common,
      taskQueue: queues.control,
      workflowBundle: { codePath },
    });
    const io = await Worker.create({ ...common, taskQueue: queues.io, activities });
    const running = Promise.all([control.run(), io.run()]);
    stop = async () => {
      control.shutdown();
      io.shutdown();
      await running;
    };
    gateway = createMembershipGateway({ client: env.client, siteId: "test", answerLimitMs: 30_000 });
  }, 120_000);
  afterAll(async () => {
    await stop();
    await env?.teardown();
  }, 60_000);

  async function input(
    userId: string,
    mode: MembershipInput["mode"],
    days: number,
  ): Promise<MembershipInput> {
    const nowMs = await env.currentTimeMs();
    return {
      siteId: "test",
      userId,
      mode,
      deadlineWallMs: nowMs + days * MS_PER_DAY,
      lapseWallMs: nowMs + 90 * MS_PER_DAY,
    };
  }
  const result = (userId: string) =>
    env.client.workflow.getHandle(membershipWorkflowId("test", userId)).result() as Promise<unknown>;

  test("an administrator decides once; a second decision is refused in words", async () => {
    const application = await input("U1", "administrator", 0);
    await gateway.start(application);
    await gateway.start(application);
    const decision = { accept: true, by: "U0", reason: "Welcome.", profile: "expert" } as const;
    expect(await gateway.decide(application, decision)).toEqual({ kind: "done" });
    expect(await result("U1")).toEqual({ outcome: "accepted" });
    expect(done).toEqual(["U1 accepted by U0 as expert: Welcome."]);
  }, 60_000);

  test("the commission: a majority of all decides at once", async () => {
    const application = await input("U2", "administrator", 0);
    await gateway.start(application);
    const deadlineWallMs = (await env.currentTimeMs()) + 7 * MS_PER_DAY;
    expect(await gateway.askCommission(application, { deadlineWallMs, by: "U0" })).toEqual({ kind: "done" });
    expect(await gateway.askCommission(application, { deadlineWallMs, by: "U0" })).toEqual({
      kind: "refused",
      reason: "The commission is asked already.",
    });
    count = { yes: 0, no: 3, commission: 5 };
    await gateway.voted("U2");
    expect(await result("U2")).toEqual({ outcome: "refused" });
    expect(done.slice(-2)).toEqual([
      "U2 handed to commission by U0",
      "U2 refused by commission as user: The commission voted: 0 for, 3 against, of 5.",
    ]);
  }, 60_000);

  test("the commission: at the deadline the majority of the votes given decides", async () => {
    count = { yes: 2, no: 1, commission: 9 };
    const application = await input("U3", "commission", 7);
    const before = await env.currentTimeMs();
    await gateway.start(application);
    await gateway.voted("U3");
    expect(await result("U3")).toEqual({ outcome: "accepted" });
    expect((await env.currentTimeMs()) - before).toBeGreaterThanOrEqual(7 * MS_PER_DAY);
  }, 60_000);

  test("a tie goes back to the administrators, and what nobody decides lapses", async () => {
    count = { yes: 1, no: 1, commission: 9 };
    await gateway.start(await input("U4", "commission", 7));
    expect(await result("U4")).toEqual({ outcome: "lapsed" });
    expect(done.slice(-2)).toEqual([
      "U4 handed to administrator by commission",
      "U4 lapsed by nobody as user: Nobody decided in time. You may sign up again.",
    ]);
  }, 60_000);

  test("a decision needs no running workflow: it starts one", async () => {
    const application = await input("U5", "administrator", 0);
    const decision = { accept: false, by: "U0", reason: "", profile: "user" } as const;
    expect(await gateway.decide(application, decision)).toEqual({ kind: "done" });
    expect(await result("U5")).toEqual({ outcome: "refused" });
  }, 60_000);
});
