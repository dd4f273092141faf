import type { Logger } from "pino";
import { startRedelivery } from "../ingest/redelivery.ts";
import type { Process } from "./compose.ts";

/**
 * Sends stored notices again until Temporal has them.
 * @returns what ends it.
 */
export function startFeeds(process: Process, log: Logger): () => Promise<void> {
  const { database, temporal, observatory, clock } = process;
  const redelivery = startRedelivery({
    database,
    client: temporal.client,
    observatory,
    clock: clock.fact,
    wallMs: clock.wallMs,
    onProblem: (problem) => log.warn(problem, problem.message),
  });
  return () => redelivery.stop();
}
