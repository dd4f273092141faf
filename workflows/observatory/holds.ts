import { condition } from "@temporalio/workflow";
import {
  closesDome,
  holdOf,
  LIFTED_BY_RESUME,
  withHold,
  withoutHolds,
  type Hold,
  type HoldKind,
} from "../../domain/safety/holds.ts";
import { holdsSignal } from "../messages.ts";
import { tellCalibrationHolds } from "./calibrations.ts";
import { closeObservatory } from "./closing.ts";
import type { Majordome } from "./state.ts";
import { tellNight } from "./tell-night.ts";

/** After a closing that nobody ordered, observing waits for this long of safe readings, wall time. */
const AFTER_UNORDERED_CLOSING_WALL_MS = 5 * 60_000;

/** Raises a hold, or brings the reason of one that stands up to date; one that closes does so without a night too. */
export function raise(majordome: Majordome, hold: Pick<Hold, "kind" | "who" | "why">): void {
  const { siteId, clock, background, records, watch } = majordome;
  const before = majordome.holds;
  const holds = withHold(before, { ...hold, sinceMs: clock.nowMs(), sinceWallMs: Date.now() });
  majordome.holds = holds;
  if (holds === before) return;
  majordome.alarmsDue = true;
  const raised = holdOf(before, hold.kind) === undefined;
  void sendHolds(majordome);
  const recorded = holdOf(holds, hold.kind) as Hold;
  if (raised) background.add("hold", () => records.raiseHold({ siteId, hold: recorded }));
  const mayBeOpen = watch !== null && watch.dome.shutter !== "Closed";
  const ownClosing = majordome.nightDate === null || majordome.inMaintenance();
  if (closesDome(hold.kind) && ownClosing && mayBeOpen) {
    closeObservatory(majordome, `${hold.kind} hold: ${hold.why}`);
  }
}

/**
 * At the first start: holds that only a person lifts, as they stand in the database; without them a restart without the
 * workflow's own state would move under somebody's hands. All others are raised again by what causes them.
 */
export async function takeUpHolds(majordome: Majordome): Promise<void> {
  const { siteId, clock, records } = majordome;
  for (const hold of await records.readHolds({ siteId })) {
    if (holdOf(majordome.holds, hold.kind) !== undefined) continue;
    if (LIFTED_BY_RESUME.includes(hold.kind)) {
      majordome.holds = withHold(majordome.holds, hold);
      majordome.alarmsDue = true;
    } else {
      await records.liftHold({
        siteId,
        kind: hold.kind,
        by: "the observatory started anew",
        nowMs: clock.nowMs(),
      });
    }
  }
}

/** Lifts the holds of these kinds that stand: a cause lifts only its own. */
export function lift(majordome: Majordome, by: string, ...kinds: readonly HoldKind[]): void {
  const { siteId, clock, background, records } = majordome;
  const lifted = majordome.holds.filter((hold) => kinds.includes(hold.kind));
  if (lifted.length === 0) return;
  majordome.alarmsDue = true;
  majordome.holds = withoutHolds(majordome.holds, ...kinds);
  void sendHolds(majordome);
  const nowMs = clock.nowMs();
  for (const hold of lifted) {
    background.add("hold lifted", () => records.liftHold({ siteId, kind: hold.kind, by, nowMs }));
  }
}

/** Sends the night, and a calibration, all holds as they are now: the newest number wins, nothing is a difference. */
export async function sendHolds(majordome: Majordome): Promise<void> {
  majordome.holdsSeq += 1;
  const message = majordome.holdsMessage();
  tellCalibrationHolds(majordome);
  await tellNight(majordome, (handle) => handle.signal(holdsSignal, message));
}

/** Starts counting uninterrupted safe time for a hold that stands; it lifts when enough has passed. */
export function beginSafeTime(majordome: Majordome, kind: "safety" | "weather"): void {
  const { clock, safeSinceMs } = majordome;
  if (holdOf(majordome.holds, kind) === undefined || safeSinceMs.has(kind)) return;
  const sinceMs = clock.nowMs();
  safeSinceMs.set(kind, sinceMs);
  const untilMs = sinceMs + majordome.file.weather.safeForMin * 60_000;
  void clock
    .sleepUntil(untilMs, () => safeSinceMs.get(kind) !== sinceMs)
    .then((reached) => {
      if (!reached) return;
      safeSinceMs.delete(kind);
      lift(majordome, `${majordome.file.weather.safeForMin} min of safe readings`, kind);
    });
}

/**
 * After a handover the safe time begins anew: a hold stands too long rather than too short. What is unsafe now counts
 * from its next safe reading.
 */
export function countSafeTimeAnew(majordome: Majordome): void {
  const { watch } = majordome;
  if (majordome.unorderedClosing) void liftAfterUnorderedClosing(majordome);
  else if (watch?.safety.safe === true) beginSafeTime(majordome, "safety");
  if (watch?.weather.safe === true) beginSafeTime(majordome, "weather");
}

/** A night says that the dome closed and nobody ordered it: nobody knows why, so that observing waits. */
export function onUnorderedClosing(majordome: Majordome, why: string): void {
  raise(majordome, { kind: "safety", who: "dome", why });
  void liftAfterUnorderedClosing(majordome);
}

/** The safety hold of an unordered closing lifts after wall time, whatever the clock's rate. */
async function liftAfterUnorderedClosing(majordome: Majordome): Promise<void> {
  majordome.unorderedClosing = true;
  // Never reached by the clock: keeps a safe reading from counting observatory time meanwhile.
  majordome.safeSinceMs.set("safety", Number.MAX_SAFE_INTEGER);
  for (;;) {
    const interrupted = await condition(
      () => majordome.watch?.safety.safe === false,
      AFTER_UNORDERED_CLOSING_WALL_MS,
    );
    if (!interrupted) break;
    await condition(() => majordome.watch?.safety.safe === true);
  }
  majordome.unorderedClosing = false;
  majordome.safeSinceMs.delete("safety");
  lift(majordome, "5 min of safe readings", "safety");
}
