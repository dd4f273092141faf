import { heartbeat } from "@temporalio/activity";
import { asFailure } from "./failures.ts";

/** Well below the shortest heartbeat time-out (5 s); a cancellation travels back with a heartbeat. */
const HEARTBEAT_WALL_MS = 1_000;

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
