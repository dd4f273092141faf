import { enter } from "./report.ts";
import type { OpenNight } from "./state.ts";

/** Waits until `untilMs` with nothing to observe; a hold, an alert, new requests and the end wake it. */
export async function idle(tonight: OpenNight, what: string, untilMs: number): Promise<void> {
  enter(tonight, "idle", what, untilMs);
  await tonight.clock.sleepUntil(
    untilMs,
    () =>
      tonight.ending !== null || tonight.isHeld() || tonight.pending.length > 0 || tonight.replan !== null,
  );
}

/** Waits until the last hold has lifted, at the longest until dawn. The plan is too old then. */
export async function waitWhileHeld(tonight: OpenNight, dawnMs: number): Promise<void> {
  enter(tonight, "held", tonight.holdWords(), null);
  await tonight.clock.sleepUntil(dawnMs, () => tonight.ending !== null || !tonight.isHeld());
  // Whoever worked by hand meanwhile may have closed the mirror cover: it is looked at again.
  tonight.cover.open = false;
  if (!tonight.isHeld()) tonight.replan = "observing goes on after a hold";
}
