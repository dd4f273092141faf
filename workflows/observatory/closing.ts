import { CancellationScope, log } from "@temporalio/workflow";
import { failureSentence } from "../failure-words.ts";
import { closingActivities, fastActivities } from "../proxies.ts";
import type { Majordome } from "./state.ts";

/** Aborts, closes and parks without a night; retried without end; a second call joins the first. */
export function closeObservatory(majordome: Majordome, why: string): void {
  if (majordome.closing !== null) return;
  const { siteId, clock, file } = majordome;
  const { domeLimitS, parkLimitS } = file.night;
  const cameraIds = file.instruments.map((instrument) => instrument.cameraId);
  majordome.closing = CancellationScope.nonCancellable(async () => {
    await fastActivities(siteId)
      .abortExposures({ cameraIds, reason: why })
      .catch((error: unknown) =>
        log.error(`exposures were not confirmed as aborted: ${failureSentence(error)}`),
      );
    await closingActivities(siteId, clock.fact, domeLimitS).closeDome({ limitS: domeLimitS, why });
    await closingActivities(siteId, clock.fact, parkLimitS).park({ limitS: parkLimitS });
  })
    .catch((error: unknown) => log.error(`closing was given up: ${failureSentence(error)}`))
    .finally(() => {
      majordome.closing = null;
    });
}
