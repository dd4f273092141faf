import { CancellationScope, condition, patched } from "@temporalio/workflow";
import { ANNOUNCED_AHEAD_WALL_MS, announcementOf } from "../../domain/safety/announcement.ts";
import { failureSentence, failureType } from "../failure-words.ts";
import { unorderedClosingSignal } from "../messages.ts";
import { closingActivities, domeActivities } from "../proxies.ts";
import { closeCover, openCover } from "./cover.ts";
import { enter, journal } from "./report.ts";
import type { OpenNight } from "./state.ts";

const PARK_MEANWHILE = "the telescope parks though the dome does not close";
const UNTIL_DAWN = "a closing is waited for until dawn";

/**
 * Opens the dome; one that does not open is closed again.
 * @returns whether it is open. Throws LeaseLost: another has the telescope, this night must end.
 */
export async function openDome(tonight: OpenNight): Promise<boolean> {
  if (tonight.closing !== null) {
    const closed = (): boolean => tonight.closing === null || tonight.ending !== null;
    // Dawn ends the night also when the dome never closes: then the telescope must park.
    const dawnMs = patched(UNTIL_DAWN) ? (tonight.times?.dawnMs ?? null) : null;
    if (dawnMs === null) await condition(closed);
    else await tonight.clock.sleepUntil(dawnMs, closed);
    if (tonight.closing !== null) return false;
  }
  enter(tonight, "opening", "the dome to open", null);
  const { lease, siteId, clock } = tonight;
  const limitS = tonight.input.observatory.night.domeLimitS;
  try {
    // Marked open before the command: from here on every way out of the night closes it.
    tonight.domeOpen = true;
    tonight.seenOpen = false;
    await domeActivities(siteId, clock.fact, limitS).openDome({ lease, limitS });
    if (tonight.inMaintenance()) return tonight.domeOpen;
    if (tonight.mustBeClosed()) closeBecause(tonight, tonight.holdWords());
    else await openCover(tonight);
    return tonight.domeOpen;
  } catch (error) {
    const words = failureSentence(error);
    // A person took the telescope meanwhile; the night goes on when it has its lease again.
    if (failureType(error) === "LeaseLost" && tonight.inMaintenance()) return false;
    if (failureType(error) === "LeaseLost") throw error;
    journal(tonight, "alarm", `The dome did not open: ${words}`);
    closeBecause(tonight, `the dome did not open: ${words}`);
    return false;
  }
}

/** A dome that closes though this night did not order it: by the guard, by its own dead-man, or by hand. */
export function noticeShutter(tonight: OpenNight): void {
  if (!tonight.domeOpen || tonight.closing !== null) return;
  const { shutter } = tonight.holds;
  if (shutter === "Open") tonight.seenOpen = true;
  // Nobody knows how far open it stands: it is closed, and opened again when it can be.
  if (tonight.seenOpen && shutter === "Error") {
    tonight.seenOpen = false;
    journal(tonight, "alarm", "The dome's shutter reports an error: it is told to close.");
    closeBecause(tonight, "its shutter reports an error");
    return;
  }
  if (!tonight.seenOpen || (shutter !== "Closing" && shutter !== "Closed")) return;
  tonight.seenOpen = false;
  tonight.domeOpen = false;
  tonight.background.add("closing that nobody ordered", () =>
    tonight.majordome.signal(unorderedClosingSignal, {
      // Read when it is sent: the shutter may have gone on from Closing to Closed.
      why: `The dome is ${tonight.holds.shutter.toLowerCase()} and the night did not order it.`,
    }),
  );
}

/** Under maintenance a person moves the shutter: what it is, is no news, but must be closed in the end. */
export function followShutter(tonight: OpenNight): void {
  const { shutter } = tonight.holds;
  tonight.seenOpen = false;
  if (shutter !== "Unknown") tonight.domeOpen = shutter !== "Closed";
}

/**
 * Closes at the end of the night, also when it should be closed already; announced while somebody works by hand. A dome that
 * does not close in time is not waited for: the telescope must park meanwhile.
 */
export async function closeAtTheEnd(tonight: OpenNight, reason: string): Promise<void> {
  if (tonight.inMaintenance() && tonight.domeOpen && tonight.closing === null) {
    journal(tonight, "alarm", announcementOf("the night ends."));
    await condition(() => !tonight.inMaintenance(), ANNOUNCED_AHEAD_WALL_MS);
  }
  if (tonight.closing === null) startClosing(tonight, `the night ends: ${reason}`);
  if (patched(PARK_MEANWHILE)) await condition(() => tonight.closing === null || tonight.closeOverdue);
  else await tonight.closing;
}

/** Closes in the background unless the dome is closed or closing: a second call joins the first. */
export function closeBecause(tonight: OpenNight, why: string): void {
  if (tonight.closing !== null || !tonight.domeOpen) return;
  startClosing(tonight, why);
}

/**
 * Orders the dome closed, whatever is thought of it; retried without end, and no cancellation stops it. After twice
 * its limit the open dome is no longer in order, so that the guard joins in.
 */
export function startClosing(tonight: OpenNight, why: string): void {
  const { siteId, clock } = tonight;
  const limitS = tonight.input.observatory.night.domeLimitS;
  const overdueMs = clock.nowMs() + 2 * limitS * 1_000;
  const work = CancellationScope.nonCancellable(async () => {
    await closingActivities(siteId, clock.fact, limitS).closeDome({ limitS, why });
    tonight.domeOpen = false;
    tonight.closeOverdue = false;
  });
  closeCover(tonight);
  tonight.closing = work.finally(() => {
    tonight.closing = null;
  });
  void clock
    .sleepUntil(overdueMs, () => tonight.closing === null)
    .then((late) => {
      tonight.closeOverdue = late;
    });
}
