import { CancellationScope, isCancellation } from "@temporalio/workflow";
import { optionalDevice } from "../../domain/observatory.ts";
import { failureSentence } from "../failure-words.ts";
import { coverActivities, coverClosingActivities } from "../proxies.ts";
import { journal } from "./report.ts";
import type { OpenNight } from "./state.ts";

/** After a cover that would not open, the next try, observatory ms. */
const OPEN_AGAIN_MS = 5 * 60_000;

/**
 * Opens the mirror cover under the open dome. One that does not open is told and tried again later: frames under a
 * closed cover are refused one by one, so that nothing else need wait for it.
 */
export function openCover(tonight: OpenNight): Promise<void> {
  const { clock, siteId, lease } = tonight;
  const { observatory } = tonight.input;
  if (optionalDevice(observatory, "covercalibrator") === null) return Promise.resolve();
  const { cover } = tonight;
  if (cover.opening !== null) return cover.opening;
  if (cover.open || clock.nowMs() < cover.openAgainMs) return Promise.resolve();
  const limitS = observatory.night.coverLimitS;
  const scope = new CancellationScope({ cancellable: true });
  cover.scope = scope;
  cover.opening = scope
    .run(() => coverActivities(siteId, clock.fact, limitS).openCover({ lease, limitS }))
    .then(
      () => {
        cover.open = true;
      },
      (error: unknown) => {
        cover.openAgainMs = clock.nowMs() + OPEN_AGAIN_MS;
        if (isCancellation(error)) return;
        journal(tonight, "alarm", `The mirror cover did not open: ${failureSentence(error)}`);
      },
    )
    .finally(() => {
      cover.opening = null;
    });
  return cover.opening;
}

/** Closes the mirror cover, whatever is thought of it; an opening that runs is ended first. Never cancelled. */
export function closeCover(tonight: OpenNight): void {
  const { cover, clock, siteId } = tonight;
  const { observatory } = tonight.input;
  if (optionalDevice(observatory, "covercalibrator") === null || cover.closing !== null) return;
  const limitS = observatory.night.coverLimitS;
  cover.open = false;
  cover.openAgainMs = 0;
  cover.closing = CancellationScope.nonCancellable(async () => {
    cover.scope?.cancel();
    await cover.opening;
    await coverClosingActivities(siteId, clock.fact, limitS).closeCover({ limitS });
  })
    .catch((error: unknown) =>
      journal(tonight, "alarm", `The mirror cover did not close: ${failureSentence(error)}`),
    )
    .finally(() => {
      cover.closing = null;
    });
}
