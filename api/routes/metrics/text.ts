import { createRefreshed } from "../../live/shared.ts";
import { createProcessMetrics } from "../../../adapters/telemetry/metrics.ts";
import type { ApiDeps } from "../../deps.ts";
import type { StateReader } from "../../live/state-reader.ts";
import { createObservatoryGauges } from "./gauges.ts";

const STATE_AGE_MS = 2_000;

/** Exposures of years are counted no more often than every other second, however many ask; they are collected each quarter of a minute. */
const FIGURES_AGES = { freshMs: 2_000, usableMs: 10_000 };

/**
 * The metrics of the web process and of the observatory, read at each call from the database and the workflow. What does
 * not answer is said as `vesper_answers` 0, and the rest is shown.
 */
export function createMetricsText(
  { database, nowWallMs }: Pick<ApiDeps, "database" | "nowWallMs">,
  stateReader: Pick<StateReader, "read">,
): () => Promise<string> {
  const metrics = createProcessMetrics("api");
  const set = createObservatoryGauges(metrics.registry);
  const counted = createRefreshed(() => database.figures.read(), FIGURES_AGES, nowWallMs);
  return async () => {
    const [figures, lanes, state] = await Promise.all([
      counted().catch(() => null),
      database.outbox.lanes().catch(() => null),
      stateReader.read(STATE_AGE_MS).catch(() => null),
    ]);
    set({ figures, lanes, state, nowWallMs: nowWallMs() });
    return metrics.text();
  };
}
