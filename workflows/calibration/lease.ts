import { condition } from "@temporalio/workflow";
import { TakingEnds, type RunningCalibration } from "./state.ts";

/** The majordome answers at once; it is asked again this often, and given up after so many times. */
const GRANT_WALL_MS = 60_000;
const ASKED = 10;

/** Asks the majordome for cameras, wheels and lamp. Throws TakingEnds when it does not give them in 10 min. */
export async function askForLease(work: RunningCalibration): Promise<void> {
  for (let asked = 0; asked < ASKED; asked += 1) {
    if (work.lease !== null) return;
    work.enter("waiting", "the cameras to be free");
    await condition(() => work.lease !== null || work.ending !== null, GRANT_WALL_MS);
    if (work.ending !== null) throw new TakingEnds(work.ending);
  }
  if (work.lease !== null) return;
  work.ending = `the cameras were not free within ${(ASKED * GRANT_WALL_MS) / 60_000} min`;
  throw new TakingEnds(work.ending);
}
