import { heartbeat } from "@temporalio/activity";
import { asFailure } from "./failures.ts";

/** A cancellation travels back with a heartbeat: an alert that interrupts a slew waits for no longer than this. */
const HEARTBEAT_WALL_MS = 200;

/**
 * Runs the body of an activity: beats while it runs, and throws a device's problems as failures with types.
 * Every wait in a body has its own limit, so beating says no more than that this process lives.
 */
export async function runActivity<R>(body: () => Promise<R>): Promise<R> {
  const beating = setInterval(() => heartbeat(), HEARTBEAT_WALL_MS);
  try {
    return await body();
  } catch (error) {
    throw asFailure(error);
  } finally {
    clearInterval(beating);
  }
}
