import type { Logger } from "pino";
import { startRedelivery } from "../ingest/redelivery.ts";
import type { Process } from "./compose.ts";

/** What sends stored notices again until Temporal has them. */
export async function startFeeds(process: Process, log: Logger): Promise<() => Promise<void>> {
  const redelivery = startRedelivery({
    database: process.database,
    client: process.temporal.client,
    observatory: process.observatory,
    clock: () => process.clock.fact(),
    wallMs: () => process.clock.wallMs(),
    onProblem: (problem) => log.warn({ err: problem }, problem.message),
  });
  log.info("feeds run");
  return () => redelivery.stop();
}
