import { rmSync } from "node:fs";
import path from "node:path";
import { expect, test } from "@jest/globals";
import { waitFor, type Stack } from "../../support/stack.ts";
import {
  closings,
  holdsAre,
  note,
  PATIENCE_MS,
  routineFrame,
  SHUTTER_CLOSED,
  SHUTTER_OPEN,
  shutterIs,
  state,
  type TheStack,
} from "../kit.ts";

/** ClientIDs in the dome's log. */
const SITE_WORKER = 7101;
const GUARD = 7102;
/** The dead-man's limit in these tests; 180 s of wall time otherwise. */
const DEAD_MAN_S = 10;

/** Each layer that closes the dome, alone: the others are frozen. */
export function layerChecks(the: TheStack): void {
  test(
    "guard frozen, rain: the observatory closes the dome",
    async () => {
      const stack = the();
      await routineFrame(stack, 2 * PATIENCE_MS);
      await stack.frozen(["guard"], async () => {
        const since = Date.now();
        await stack.act("observingconditions", "sim:weather", { kind: "rain" });
        const order = await firstClosing(stack, since);
        note("guard frozen: from the rain to the order to close", order.wallMs - since);
        expect(order.clientId).toBe(SITE_WORKER);
        // 5 s on a quiet machine.
        expect(order.wallMs - since).toBeLessThan(10_000);
        await shutterIs(stack, SHUTTER_CLOSED, 10_000);
        note("guard frozen: from the rain to the closed dome", Date.now() - since);
      });
      await dryAgain(stack);
    },
    5 * PATIENCE_MS,
  );

  test(
    "Temporal frozen, rain: the guard closes the dome",
    async () => {
      const stack = the();
      await routineFrame(stack, 2 * PATIENCE_MS);
      await stack.frozen(["temporal"], async () => {
        const since = Date.now();
        await stack.act("observingconditions", "sim:weather", { kind: "rain" });
        const order = await firstClosing(stack, since);
        note("Temporal frozen: from the rain to the guard's order to close", order.wallMs - since);
        expect(order).toMatchObject({ clientId: GUARD, cause: "command" });
        await shutterIs(stack, SHUTTER_CLOSED, 15_000);
        note("Temporal frozen: from the rain to the closed dome", Date.now() - since);
      });
      await forgetTheTrip(stack);
      await dryAgain(stack);
    },
    5 * PATIENCE_MS,
  );

  test(
    "guard and control workers frozen: the dome's own dead-man closes it",
    async () => {
      const stack = the();
      await routineFrame(stack, 2 * PATIENCE_MS);
      await stack.act("dome", "deadman:seconds", { seconds: DEAD_MAN_S });
      const since = Date.now();
      await stack.frozen(["guard", "worker-control-1", "worker-control-2"], async () => {
        const order = await firstClosing(stack, since);
        note(`dead-man of ${DEAD_MAN_S} s: from the freeze to its closing`, order.wallMs - since);
        expect(order).toMatchObject({ cause: "dead-man" });
        await shutterIs(stack, SHUTTER_CLOSED, 15_000);
      });
      await stack.act("dome", "deadman:seconds", { seconds: 180 });
      // Nobody of the observatory ordered it: that is a reason to hold. Of a guard that was silent for 15 s too the hold
      // ends as soon as it answers, perhaps in the step that raised it: what was recorded counts, not what stands.
      await waitFor(
        "the closing that nobody ordered is a hold",
        PATIENCE_MS,
        async () => {
          const holds = await holdsSince(stack, since);
          return holds.some(({ kind }) => kind === "safety" || kind === "guard");
        },
        async () => ({ holds: await holdsSince(stack, since), now: await state(stack) }),
      );
    },
    5 * PATIENCE_MS,
  );
}

/** The first order to close the dome since then. */
function firstClosing(stack: Stack, sinceWallMs: number) {
  return waitFor(
    "somebody orders the dome to close",
    PATIENCE_MS,
    async () => closings(stack, sinceWallMs)[0],
    async () => stack.commands(sinceWallMs),
  );
}

/** A guard that tripped stays so for 5 min of wall time, over restarts too; the tests have not got them. */
async function forgetTheTrip(stack: Stack): Promise<void> {
  await waitFor(
    "the observatory knows that the guard tripped",
    PATIENCE_MS,
    async () =>
      (await stack.api("/api/observatory")).body.holds.some(({ kind }: { kind: string }) => kind === "guard"),
    async () => (await stack.api("/api/observatory")).body.holds,
  );
  const tripped = stack.pid("guard");
  process.kill(tripped, "SIGKILL");
  rmSync(path.join(stack.home, "guard.json"), { force: true });
  await waitFor("the guard runs again", PATIENCE_MS, async () => stack.pid("guard") !== tripped);
}

/** The holds that were raised since then, lifted or not. */
function holdsSince(
  stack: Stack,
  sinceWallMs: number,
): Promise<{ readonly kind: string; readonly why: string }[]> {
  return stack.query("select kind, why from hold where since_wall_at >= $1", [new Date(sinceWallMs)]);
}

async function dryAgain(stack: Stack): Promise<void> {
  await stack.act("observingconditions", "sim:weather", { kind: "clear" });
  await holdsAre(stack, [], 2 * PATIENCE_MS);
  await shutterIs(stack, SHUTTER_OPEN, 2 * PATIENCE_MS);
}
