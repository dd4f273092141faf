import { expect, test } from "@jest/globals";
import type { Context } from "@temporalio/activity";
import { ApplicationFailure } from "@temporalio/common";
import { loadObservatory } from "../../adapters/config/observatory.ts";
import type { NewDeviceCommand } from "../../db/repositories/device-commands.ts";
import { REAL_CLOCK } from "../../domain/clock.ts";
import { commandsOf, createCommandLog } from "../../workers/command-log.ts";

const observatory = loadObservatory(
  new URL("../../observatories/colibri.json", import.meta.url).pathname,
  {},
);

/** Runs an activity behind the log; answers what was written. */
async function logged(
  info: { activityType: string; workflowType: string; taskQueue: string },
  argument: object,
  body: () => Promise<unknown> = async () => undefined,
): Promise<NewDeviceCommand[]> {
  const rows: NewDeviceCommand[] = [];
  const log = createCommandLog({
    observatory,
    clocks: { wallMs: () => 1_000, fact: () => REAL_CLOCK },
    append: async (row) => void rows.push(row),
    log: { warn: () => undefined },
  });
  const workflowExecution = { workflowId: "night/colibri/2026-11-20", runId: "run" };
  const context = { info: { ...info, activityId: "7", attempt: 1, workflowExecution } } as unknown as Context;
  const execute = log(context).inbound?.execute;
  await execute?.({ args: [argument], headers: {} }, body).catch(() => undefined);
  return rows;
}

test("a command is written with who ordered it, why and what came of it", async () => {
  const closing = { activityType: "closeDome", workflowType: "night", taskQueue: "colibri.fast" };
  expect(await logged(closing, { limitS: 180, why: "it rains" })).toMatchObject([
    { deviceId: "dome", command: "close", who: "night/colibri/2026-11-20", why: "it rains", outcome: "done" },
  ]);
  const slew = { activityType: "startSlew", workflowType: "sequence", taskQueue: "colibri.mount" };
  const refused = async () => {
    throw ApplicationFailure.nonRetryable("M 33 stands 12.0° high, the limit is 20.0°.", "OutOfLimits");
  };
  expect(await logged(slew, { target: { name: "M 33" } }, refused)).toMatchObject([
    {
      deviceId: "telescope",
      command: "slew to M 33",
      outcome: "failed",
      detail: expect.stringContaining("20.0°"),
    },
  ]);
});

test("what only looks is not written; what a person orders is written under the person's name, not here", async () => {
  const looking = { activityType: "awaitOnTarget", workflowType: "sequence", taskQueue: "colibri.mount" };
  expect(await logged(looking, { target: { name: "M 33" } })).toEqual([]);
  const byHand = { activityType: "startSlew", workflowType: "observatory", taskQueue: "colibri.mount" };
  expect(await logged(byHand, { target: { name: "M 33" } })).toEqual([]);
});

test("an exposure is a command to the camera of its instrument", () => {
  const input = {
    instrumentId: "vis",
    filter: "r",
    exposureS: 60,
    light: true,
    n: 2,
    planId: "R0012-1-vis-1",
  };
  expect(commandsOf("startExposure", input, observatory)).toEqual([
    { deviceId: "camera-vis", command: "expose 60 s, filter r", why: "frame 2 of R0012-1-vis-1" },
  ]);
});
