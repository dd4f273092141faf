import { CancellationScope, condition, log, patched } from "@temporalio/workflow";
import { ANNOUNCED_AHEAD_WALL_MS, announcementOf } from "../../domain/safety/announcement.ts";
import { motionLimitWallMs } from "../../domain/clock.ts";
import { optionalDevice } from "../../domain/observatory.ts";
import { failureSentence } from "../failure-words.ts";
import { closingActivities, coverClosingActivities, fastActivities } from "../proxies.ts";
import { grantCalibration } from "./calibrations.ts";
import { journal } from "./journal.ts";
import type { Majordome } from "./state.ts";

const PARK_MEANWHILE = "the telescope parks though the dome does not close";

/** Closes by itself: at once, but under maintenance only after it was announced. A second call joins the first. */
export function closeObservatory(majordome: Majordome, why: string): void {
  if (majordome.inMaintenance()) announceClosing(majordome, why);
  else closeNow(majordome, why);
}

/**
 * Aborts and closes at once; parks too, unless a person has the telescope. Retried without end; a second call joins
 * the first.
 */
export function closeNow(majordome: Majordome, why: string): void {
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
    const covered = closeCover();
    let closed = false;
    const closing = closingActivities(siteId, clock.fact, domeLimitS)
      .closeDome({ limitS: domeLimitS, why })
      .then(() => {
        closed = true;
      });
    // A dome that does not close in time keeps nobody from parking, and is no longer in order: the guard joins in.
    if (patched(PARK_MEANWHILE)) {
      await condition(() => closed, 2 * motionLimitWallMs(clock.fact, domeLimitS));
      majordome.closingOverdue = !closed;
    } else {
      await closing;
    }
    if (!majordome.inMaintenance()) {
      await closingActivities(siteId, clock.fact, parkLimitS).park({ limitS: parkLimitS });
      await covered;
    }
    await closing;
  })
    .catch((error: unknown) => log.error(`closing was given up: ${failureSentence(error)}`))
    .finally(() => {
      majordome.closing = null;
      majordome.closingOverdue = false;
      grantCalibration(majordome);
    });

  /** The mirror cover beside the dome: the dome never waits for it. */
  async function closeCover(): Promise<void> {
    if (optionalDevice(file, "covercalibrator") === null) return;
    const limitS = file.night.coverLimitS;
    await coverClosingActivities(siteId, clock.fact, limitS)
      .closeCover({ limitS })
      .catch((error: unknown) => log.error(`the mirror cover did not close: ${failureSentence(error)}`));
  }
}

function announceClosing(majordome: Majordome, why: string): void {
  if (majordome.closing !== null || majordome.closingAnnounced !== null) return;
  majordome.closingAnnounced = { why, closesAtWallMs: Date.now() + ANNOUNCED_AHEAD_WALL_MS };
  journal(majordome, "alarm", announcementOf(why));
  void condition(
    () => majordome.closing !== null || !majordome.inMaintenance(),
    ANNOUNCED_AHEAD_WALL_MS,
  ).then(() => {
    majordome.closingAnnounced = null;
    // Left meanwhile with a night open: the night closes by the hold that it is sent.
    if (majordome.inMaintenance() || majordome.nightDate === null) closeNow(majordome, why);
  });
}
