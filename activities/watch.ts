import { cancellationSignal, log, sleep } from "@temporalio/activity";
import type { DeviceDescription, Observatory } from "../domain/observatory.ts";
import {
  answered,
  DEGRADED_AFTER_MISSES,
  missed,
  mistaken,
  UNKNOWN_DEVICE,
} from "../domain/safety/device-condition.ts";
import type { DeviceVersions } from "../domain/safety/device-versions.ts";
import {
  diskAfter,
  discreteFacts,
  isComplete,
  watchStateOf,
  weatherOf,
  type DeviceEntry,
  type DiskReading,
  type GuardReading,
  type WatchBoard,
} from "../domain/safety/watch-board.ts";
import type { WatchState } from "../domain/safety/watch-state.ts";
import { nowMs, type Clocks } from "./clocks.ts";
import { runActivity } from "./run-activity.ts";
import type { DeviceProbe } from "./watch-probe.ts";
import { createWatchRecorder, type WatchStore } from "./watch-recorder.ts";

/** The guard's word of itself: its status port. Throws when it does not answer. */
export type AskGuard = () => Promise<{
  readonly tripped: boolean;
  readonly why: string;
  readonly lastLoopWallAt: number;
}>;

export interface WatchDeps {
  readonly createProbe: (observatory: Observatory, device: DeviceDescription) => DeviceProbe;
  readonly askGuard: AskGuard;
  /** Holder of the lease as VESPER_HOME/lease.json says; null when there is none. */
  readonly leaseHolder: () => Promise<string | null>;
  /** Whether a workflow is open; null when Temporal does not say. */
  readonly isOpen: (workflowId: string) => Promise<boolean | null>;
  /** Signals `observatory`. Throws when Temporal does not take it; has a limit of its own. */
  readonly signal: (state: WatchState) => Promise<void>;
  readonly store: (siteId: string) => WatchStore;
  /** Takes what the guard wrote down by itself into the journal. */
  readonly importGuardJournal: () => Promise<void>;
  /** Free space where images are stored. */
  readonly freeDiskMiB: () => Promise<number>;
  readonly clocks: Clocks;
}

/** One look at all that is due. */
const TICK_WALL_MS = 100;
/** A device is polled this often at rate 1; above it, 5 times a second. */
const POLL_WALL_MS = 1_000;
const FAST_POLL_WALL_MS = 200;
/** The whole state is signalled at least this often, wall ms. */
const SIGNAL_EVERY_WALL_MS = 60_000;
const LEASE_EVERY_WALL_MS = 5_000;
const GUARD_EVERY_WALL_MS = 1_000;
const DISK_EVERY_WALL_MS = 10_000;
const GUARD_JOURNAL_EVERY_WALL_MS = 5_000;
/** A signal that failed is sent again after this long, with the newest state. */
const RESEND_WALL_MS = 500;

export type WatchActivities = ReturnType<typeof createWatchActivities>;

/** The one activity that looks at all devices, for as long as its workflow is open. */
export function createWatchActivities(deps: WatchDeps) {
  /**
   * Polls all devices in parallel (5 times a second above rate 1, else each second; one that has missed a poll at once
   * again, so that its death is known within 3 s; one that is DISABLED each second), derives the verdicts and signals the
   * whole state when a discrete fact changed and once a minute. Ends only by cancellation: no device, database or
   * Temporal server that is away ends it.
   */
  async function watch({ observatory }: { readonly observatory: Observatory }): Promise<never> {
    const round = createWatchRound(deps, observatory);
    for (;;) {
      cancellationSignal().throwIfAborted();
      round.tick();
      await sleep(TICK_WALL_MS);
    }
  }

  return {
    watch: (input: { readonly observatory: Observatory }): Promise<never> => runActivity(() => watch(input)),
  };
}

/**
 * One run of the watch. `tick` starts what is due and returns at once; each answer is assessed as it comes, so that a
 * device that hangs delays nobody.
 */
export function createWatchRound(deps: WatchDeps, observatory: Observatory) {
  const { clocks } = deps;
  const runWallMs = clocks.wallMs();
  const probes = observatory.devices.map((device) => ({
    device,
    probe: deps.createProbe(observatory, device),
    identified: false,
    versions: null as DeviceVersions | null,
  }));
  const devices = new Map<string, DeviceEntry>(
    observatory.devices.map(({ id }) => [id, { record: UNKNOWN_DEVICE, reading: null }]),
  );
  const recorder = createWatchRecorder(deps.store(observatory.site.id), occasionally("rows were not stored"));
  const signalTrouble = occasionally("the state was not signalled");
  const journalTrouble = occasionally("the guard's journal was not taken in");
  const leaseTrouble = occasionally("the lease holder could not be looked up");
  let guard: GuardReading = { tripped: false, why: "", loopWallMs: runWallMs };
  let closedLeaseHolder: string | null = null;
  let disk: DiskReading = { low: false, freeMiB: null };
  const diskTrouble = occasionally("the free space could not be looked up");

  let seq = 0;
  let signalledFacts = "";
  let signalledWallMs = Number.NEGATIVE_INFINITY;
  let failedWallMs = Number.NEGATIVE_INFINITY;

  /** Runs an inquiry unless its former run is still under way or it is not due. */
  const inquiries = [
    ...probes.map((probe) =>
      singleFlight(
        () => look(probe),
        () => pollEveryWallMs(probe.device.id),
      ),
    ),
    singleFlight(lookAtGuard, () => GUARD_EVERY_WALL_MS),
    singleFlight(lookAtLease, () => LEASE_EVERY_WALL_MS),
    singleFlight(lookAtDisk, () => DISK_EVERY_WALL_MS),
    singleFlight(
      () => deps.importGuardJournal().catch(journalTrouble),
      () => GUARD_JOURNAL_EVERY_WALL_MS,
    ),
  ];
  const sending = singleFlight(send, () => 0);

  function pollEveryWallMs(deviceId: string): number {
    const { misses, state } = devices.get(deviceId)?.record ?? UNKNOWN_DEVICE;
    if (state === "DISABLED") return POLL_WALL_MS;
    if (misses > 0) return 0;
    return clocks.fact().rate > 1 ? FAST_POLL_WALL_MS : POLL_WALL_MS;
  }

  function singleFlight(inquiry: () => Promise<void>, everyWallMs: () => number): () => void {
    let underWay = false;
    let begunWallMs = Number.NEGATIVE_INFINITY;
    return () => {
      const wallMs = clocks.wallMs();
      if (underWay || wallMs - begunWallMs < everyWallMs()) return;
      underWay = true;
      begunWallMs = wallMs;
      void inquiry()
        .catch((error: unknown) => log.error("a step of the watch failed", { error }))
        .finally(() => {
          underWay = false;
        });
    };
  }

  async function look(entry: (typeof probes)[number]): Promise<void> {
    const { device, probe } = entry;
    const before = devices.get(device.id) ?? { record: UNKNOWN_DEVICE, reading: null };
    try {
      if (!entry.identified) {
        const identity = await probe.identify();
        if (identity.kind === "other") {
          devices.set(device.id, { ...before, record: mistaken(before.record, identity.why, nowMs(clocks)) });
          assess(entry);
          return;
        }
        if (identity.kind === "same") entry.versions = await probe.versions();
        entry.identified = identity.kind === "same";
      }
      const reading = await probe.poll();
      devices.set(device.id, { record: answered(before.record, nowMs(clocks), clocks.wallMs()), reading });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const record = missed(before.record, why, nowMs(clocks), clocks.wallMs());
      // Whoever comes back after a silence may be another.
      if (record.misses >= DEGRADED_AFTER_MISSES) entry.identified = false;
      devices.set(device.id, { ...before, record });
    }
    assess(entry);
  }

  async function lookAtGuard(): Promise<void> {
    try {
      const { tripped, why, lastLoopWallAt } = await deps.askGuard();
      // Anything may listen on that port: only the guard's own words count.
      if (typeof tripped === "boolean" && Number.isFinite(lastLoopWallAt)) {
        // 0: it has just been started and has not looked yet, which makes it no older than it was.
        guard = { tripped, why, loopWallMs: lastLoopWallAt === 0 ? guard.loopWallMs : lastLoopWallAt };
      }
    } catch {
      // Silence is what is looked for: `loopWallMs` grows old.
    }
    assess();
  }

  async function lookAtLease(): Promise<void> {
    try {
      const holder = await deps.leaseHolder();
      const open = holder === null ? true : await deps.isOpen(holder);
      if (open !== null) closedLeaseHolder = open ? null : holder;
    } catch (error) {
      leaseTrouble(error);
    }
    assess();
  }

  async function lookAtDisk(): Promise<void> {
    try {
      disk = diskAfter(disk, await deps.freeDiskMiB(), observatory.night.minFreeDiskMiB);
    } catch (error) {
      diskTrouble(error);
    }
    assess();
  }

  function board(): WatchBoard {
    return { devices, guard, closedLeaseHolder, disk };
  }

  /** Stores what is due, and signals when a discrete fact changed or a minute has passed. */
  function assess(polled?: (typeof probes)[number]): void {
    const now = { wallMs: clocks.wallMs(), atMs: nowMs(clocks) };
    const entry = polled === undefined ? undefined : devices.get(polled.device.id);
    if (polled !== undefined && entry !== undefined) {
      recorder.device(polled.device, entry.record, entry.reading, polled.versions, now);
      if (entry.reading?.type === "observingconditions") {
        recorder.weather(entry.reading.values, weatherOf(board(), observatory, now.wallMs), now);
      }
    }
    if (!isComplete(board(), observatory)) return;
    const due = facts(now) !== signalledFacts || now.wallMs - signalledWallMs >= SIGNAL_EVERY_WALL_MS;
    if (due && now.wallMs - failedWallMs >= RESEND_WALL_MS) sending();
  }

  function facts(now: { wallMs: number; atMs: number }): string {
    const state = watchStateOf(board(), observatory, now, { seq: 0, runWallMs });
    return discreteFacts(board(), state, weatherOf(board(), observatory, now.wallMs));
  }

  async function send(): Promise<void> {
    const now = { wallMs: clocks.wallMs(), atMs: nowMs(clocks) };
    const sent = facts(now);
    seq += 1;
    try {
      await deps.signal(watchStateOf(board(), observatory, now, { seq, runWallMs }));
      signalledFacts = sent;
      signalledWallMs = now.wallMs;
    } catch (error) {
      failedWallMs = clocks.wallMs();
      signalTrouble(error);
      return;
    }
    // What changed while it was under way.
    setImmediate(() => assess());
  }

  return {
    /** Starts what is due; returns at once. */
    tick(): void {
      for (const inquire of inquiries) inquire();
      assess();
    },
  };
}

/** Logs a trouble that may come back five times a second, at most each 30 s. */
function occasionally(what: string): (error: unknown) => void {
  let loggedWallMs = Number.NEGATIVE_INFINITY;
  return (error) => {
    if (performance.now() - loggedWallMs < 30_000) return;
    loggedWallMs = performance.now();
    log.warn(what, { error: error instanceof Error ? error.message : String(error) });
  };
}
