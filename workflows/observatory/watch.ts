import { CancellationScope, condition, isCancellation, log, patched } from "@temporalio/workflow";
import { closesDome } from "../../domain/safety/holds.ts";
import type { WatchState } from "../../domain/safety/watch-state.ts";
import { failureSentence } from "../failure-words.ts";
import { fastActivities, watchActivities } from "../proxies.ts";
import { onClosedCalibration } from "./calibrations.ts";
import { closeObservatory } from "./closing.ts";
import { takeDevices } from "./devices.ts";
import { beginSafeTime, lift, raise, sendHolds } from "./holds.ts";
import { journal } from "./journal.ts";
import { nightEnded } from "./nights.ts";
import type { Majordome } from "./state.ts";

/** The watch sends its state once per 60 s of wall time: silence for longer than this is unsafe. */
const WATCH_SILENT_WALL_MS = 100_000;

/**
 * Starts the activity that polls all devices for as long as this run is open, and the look-out for its silence.
 * @returns the scope that ends the activity: the next run starts its own
 */
export function startWatch(majordome: Majordome): CancellationScope {
  const watching = new CancellationScope({ cancellable: true });
  void watching
    .run(() => watchActivities(majordome.siteId).watch({ observatory: majordome.file }))
    .catch((error: unknown) => {
      if (!isCancellation(error)) log.error(`the watch ended: ${failureSentence(error)}`);
    });
  void watchOverTheWatch(majordome);
  return watching;
}

/** No word from the watch for too long is unsafe: nobody knows what the devices do. */
async function watchOverTheWatch(majordome: Majordome): Promise<void> {
  for (;;) {
    const seen = majordome.watch;
    const heard = await condition(() => majordome.watch !== seen, WATCH_SILENT_WALL_MS);
    if (!heard) {
      majordome.safeSinceMs.delete("safety");
      raise(majordome, {
        kind: "safety",
        who: "watch",
        why: `The devices have not been watched for ${WATCH_SILENT_WALL_MS / 1_000} s. No data counts as unsafe.`,
      });
    }
  }
}

/** Takes a state of the devices: each cause raises and lifts its own hold. One that arrives late is ignored. */
export function onWatchState(majordome: Majordome, newer: WatchState): void {
  const before = majordome.watch;
  if (before !== null && !isNewer(newer, before)) return;
  majordome.watch = newer;
  majordome.alarmsDue = true;
  takeVerdict(majordome, "safety", "interlock", newer.safety);
  takeVerdict(majordome, "weather", "weather station", newer.weather);
  takeGuard(majordome, newer.guard);
  takeDevices(majordome, newer.devices);
  if (newer.dome.shutter !== before?.dome.shutter) void sendHolds(majordome);
  takeClosedNight(majordome, newer.closedLeaseHolder);
  onClosedCalibration(majordome, newer.closedLeaseHolder);
  takeShutter(majordome, newer.dome.shutter);
  takeStray(majordome, before?.telescope.stray ?? null, newer.telescope.stray ?? null);
}

function isNewer(newer: WatchState, before: WatchState): boolean {
  return (
    newer.runWallMs > before.runWallMs || (newer.runWallMs === before.runWallMs && newer.seq > before.seq)
  );
}

function takeVerdict(
  majordome: Majordome,
  kind: "safety" | "weather",
  who: string,
  { safe, reasons }: WatchState["safety"],
): void {
  if (!safe) {
    majordome.safeSinceMs.delete(kind);
    raise(majordome, { kind, who, why: reasons.join(" ") });
  } else {
    beginSafeTime(majordome, kind);
  }
}

function takeGuard(majordome: Majordome, { tripped, silent, why }: WatchState["guard"]): void {
  if (tripped || silent) raise(majordome, { kind: "guard", who: "guard", why });
  else lift(majordome, "guard", "guard");
}

/** A look at a night that is just being started again may still have found its former run, which is closed. */
const FORMER_RUN_WALL_MS = 10_000;
const FORMER_RUN_IS_TOLD = "a closed former run ends no night";

/** The night that has the lease is no longer open, though its end may not have come as a message. */
function takeClosedNight(majordome: Majordome, closedLeaseHolder: string | null): void {
  const { lease, nightDate, nightReport } = majordome;
  if (closedLeaseHolder === null || closedLeaseHolder !== lease.holder || nightDate === null) return;
  const justGranted = Date.now() - majordome.grantedWallMs < FORMER_RUN_WALL_MS;
  if (justGranted && patched(FORMER_RUN_IS_TOLD)) return;
  const outcome = nightReport?.outcome ?? null;
  void nightEnded(majordome, {
    date: nightDate,
    run: nightReport?.run ?? 0,
    outcome: outcome ?? "terminated",
    wrongEnd: outcome === null,
  });
}

/** Without a night the dome is closed, but for maintenance; and then too when a hold closes. */
function takeShutter(majordome: Majordome, shutter: WatchState["dome"]["shutter"]): void {
  const open = shutter === "Open" || shutter === "Opening" || shutter === "Error";
  if (!open) return;
  if (majordome.inMaintenance()) {
    const closing = majordome.holds.find((hold) => closesDome(hold.kind));
    if (closing !== undefined) closeObservatory(majordome, `${closing.kind} hold: ${closing.why}`);
  } else if (majordome.nightDate === null) {
    closeObservatory(majordome, "the dome is open and no night is");
  }
}

/**
 * A mount that was left tracking (under a hold, with nothing to observe, by hand, by a night that died) follows the sky below
 * the horizon or to the Sun. Stopping it is no motion: it is done at any time, under maintenance too, and ordered again with
 * each state of the watch until it obeys.
 */
function takeStray(majordome: Majordome, before: string | null, stray: string | null): void {
  if (stray === null) return;
  if (before === null) journal(majordome, "warning", `The mount is told to stop tracking. ${stray}`);
  majordome.stopping += 1;
  void fastActivities(majordome.siteId)
    .stopTracking()
    .catch((error: unknown) =>
      journal(majordome, "alarm", `The mount was not stopped from tracking: ${failureSentence(error)}`),
    )
    .finally(() => {
      majordome.stopping -= 1;
    });
}
