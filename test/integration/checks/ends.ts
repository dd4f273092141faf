import { expect, test } from "@jest/globals";
import { UNTRIP_AFTER_WALL_MS } from "../../../domain/safety/guard.ts";
import { waitFor, type Stack } from "../../support/stack.ts";
import { note, PATIENCE_MS, routineFrame, SHUTTER_CLOSED, shutterIs, state, type TheStack } from "../kit.ts";

/** How a night ends: by the button, and wrongly. */
export function endChecks(the: TheStack): void {
  test(
    "End: the dome closes, the telescope parks, the night is ended; started again it is run 2",
    async () => {
      const stack = the();
      const { night } = await state(stack);
      const since = Date.now();
      expect((await stack.api("/api/nights/current/end", { method: "POST" })).status).toBe(200);
      const ended = await nightGone(stack);
      note("End: from the press to the ended night", Date.now() - since);
      expect(await stack.device("dome", "shutterstatus")).toBe(SHUTTER_CLOSED);
      expect(await stack.device("telescope", "atpark")).toBe(true);
      expect(ended.lastNight).toEqual({
        date: night.date,
        run: night.run,
        outcome: "ended",
        wrongEnd: false,
      });
      expect(await nightRow(stack, night.date)).toMatchObject({ status: "ended", run: night.run });
      await startAgain(stack, night);
    },
    5 * PATIENCE_MS,
  );

  test(
    "a night that is terminated in Temporal: the dome closes, it is called a wrong end, and it can be started again",
    async () => {
      const stack = the();
      await routineFrame(stack, 2 * PATIENCE_MS);
      const { night } = await state(stack);
      const since = Date.now();
      await stack.temporal.client.workflow.getHandle(night.workflowId).terminate("the test ends it");
      await shutterIs(stack, SHUTTER_CLOSED);
      note("night terminated: until the dome was closed", Date.now() - since);
      const ended = await nightGone(stack);
      expect(ended.lastNight).toMatchObject({ date: night.date, outcome: "terminated", wrongEnd: true });
      await waitFor(
        "the telescope is parked",
        PATIENCE_MS,
        async () => (await stack.device("telescope", "atpark")) === true,
      );
      const home = await stack.api("/");
      expect(home.body).toContain("ended wrongly");
      expect(await nightRow(stack, night.date)).toMatchObject({
        status: "ended",
        reason: expect.stringContaining("ended wrongly"),
      });
      // A guard that looks in the second before the dome closes trips at once (decision 0007), and holds that long.
      await startAgain(stack, night, UNTRIP_AFTER_WALL_MS + 2 * PATIENCE_MS);
    },
    UNTRIP_AFTER_WALL_MS + 5 * PATIENCE_MS,
  );
}

async function startAgain(
  stack: Stack,
  former: { date: string; run: number },
  frameLimitMs = 2 * PATIENCE_MS,
): Promise<void> {
  // Refused while the dome is still being closed behind the former run.
  await waitFor(
    "the night is started again",
    PATIENCE_MS,
    async () => (await stack.api("/api/nights/start", { method: "POST" })).status === 200,
    () => stack.api("/api/nights/start", { method: "POST" }),
  );
  await routineFrame(stack, frameLimitMs);
  const { night } = await state(stack);
  expect(night).toMatchObject({ date: former.date, run: former.run + 1 });
  expect(await nightRow(stack, former.date)).toMatchObject({ status: "open", run: former.run + 1 });
}

function nightGone(stack: Stack): Promise<any> {
  return waitFor(
    "no night is open",
    2 * PATIENCE_MS,
    async () => {
      const now = await state(stack);
      return now.night === null ? now : null;
    },
    () => state(stack),
  );
}

interface NightRow {
  readonly status: string;
  readonly run: number;
  readonly reason: string | null;
}

/** The row of a night, as it is. */
async function nightRow(stack: Stack, date: string): Promise<NightRow | undefined> {
  const [row] = await stack.query<NightRow>(
    "select status, run, end_reason as reason from night where date = $1",
    [date],
  );
  return row;
}
