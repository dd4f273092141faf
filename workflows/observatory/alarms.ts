import { condition, log } from "@temporalio/workflow";
import { alarmCauses, alarmsAfter } from "../../domain/safety/alarms.ts";
import { failureSentence } from "../failure-words.ts";
import type { Majordome } from "./state.ts";

/** A table that could not be written is written again after this long, wall ms. */
const WRITE_AGAIN_WALL_MS = 60_000;

/**
 * Judges the alarms whenever something changed, and when a delay is over, for as long as this run is open. The table is
 * brought to the whole set each time, so that nothing is lost while the database is away.
 */
export async function keepAlarms(majordome: Majordome): Promise<never> {
  // The first look writes always: a former observatory may have left rows that are no longer so.
  let written = false;
  for (;;) {
    majordome.alarmsDue = false;
    const step = alarmsAfter(majordome.alarms, alarmCauses(majordome.alarmFacts()), Date.now());
    majordome.alarms = step.book;
    if (step.changed || (!written && majordome.watch !== null)) {
      written = await write(majordome);
    }
    const wakes = (): boolean => majordome.alarmsDue;
    const dueInMs = step.nextWallMs === null ? null : Math.max(1, step.nextWallMs - Date.now());
    if (!written && majordome.watch !== null) await condition(wakes, dueInMs ?? WRITE_AGAIN_WALL_MS);
    else if (dueInMs === null) await condition(wakes);
    else await condition(wakes, dueInMs);
  }
}

async function write(majordome: Majordome): Promise<boolean> {
  const { siteId, clock, deviceRecords } = majordome;
  try {
    await deviceRecords.recordAlarms({
      siteId,
      alarms: Object.values(majordome.alarms.raised),
      atMs: clock.nowMs(),
    });
    return true;
  } catch (error) {
    log.warn(`alarms were not recorded: ${failureSentence(error)}`);
    return false;
  }
}
