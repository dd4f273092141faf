import { expect, test } from "@jest/globals";
import { KILL_KINDS } from "../../chaos/evidence.ts";
import { kill } from "../../chaos/killer.ts";
import { waitFor, type Stack } from "../../support/stack.ts";
import { note, PATIENCE_MS, RATE, routineFrame, skyNowMs, state, type TheStack } from "../kit.ts";

/** `up` promises to stop within this. */
const DOWN_LIMIT_MS = 15_000;

/** Processes die or are stopped in the middle of a night. */
export function restartChecks(the: TheStack): void {
  test.each(KILL_KINDS)(
    "%s killed with SIGKILL in the middle of a frame runs again, and the night goes on",
    async (kind) => {
      const stack = the();
      await routineFrame(stack);
      const { frames, night } = await framesGoOn(stack, 0);
      const { kill: done } = await kill(stack, { kind, aimed: true }, () => 0);
      expect(done.openShutters).not.toEqual([]);
      note(`${kind} killed: until it ran again`, done.backWallMs - done.wallMs);
      if (done.nextMessageMs !== null) note(`${kind} killed: the next message`, done.nextMessageMs);
      const after = await framesGoOn(stack, frames);
      note(`${kind} killed: until another frame was stored`, Date.now() - done.wallMs);
      expect(after.night).toMatchObject({ date: night.date, run: night.run });
    },
    6 * PATIENCE_MS,
  );

  test(
    "Ctrl-C in mid-night ends all and leaves nothing; started again, the clock stood still and the same night goes on",
    async () => {
      const stack = the();
      await routineFrame(stack);
      const { frames, night } = await framesGoOn(stack, 0);
      const beforeMs = await skyNowMs(stack);
      const beforeWallMs = Date.now();
      const { tookMs, left } = await stack.interrupt();
      note("Ctrl-C: until all had ended", tookMs);
      expect(left).toEqual([]);
      expect(tookMs).toBeLessThan(DOWN_LIMIT_MS);
      const endedWallMs = Date.now();
      await stack.startAgain();
      const readyWallMs = Date.now();
      const startedMs = await skyNowMs(stack);
      note("started again: until it was ready", readyWallMs - endedWallMs);
      expect(stack.output()).toMatch(/The clock goes on where it stood; [1-9]\d* open workflows were told/);
      // It ran while it was being stopped and since PostgreSQL was back, and stood between.
      const ranS = (startedMs - beforeMs) / 1_000;
      expect(ranS).toBeGreaterThanOrEqual(0);
      expect(ranS).toBeLessThan(RATE * ((Date.now() - beforeWallMs) / 1_000));
      const after = await framesGoOn(stack, frames);
      expect(after.night).toMatchObject({ date: night.date, run: night.run });
      await routineFrame(stack);
    },
    6 * PATIENCE_MS,
  );
}

/** Waits until more than `than` frames are stored. @returns how many, and what the observatory says then. */
async function framesGoOn(stack: Stack, than: number): Promise<{ frames: number; night: any }> {
  const frames = await waitFor(
    `more than ${than} frames are stored`,
    2 * PATIENCE_MS,
    async () => {
      const [row] = await stack.query<{ frames: number }>("select count(*)::int as frames from image");
      return row !== undefined && row.frames > than ? row.frames : null;
    },
    () => state(stack),
  );
  const night = await waitFor(
    "the api tells of the night",
    PATIENCE_MS,
    async () => (await state(stack)).night,
  );
  return { frames, night };
}
