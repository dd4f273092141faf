import type { Observatory } from "../observatory.ts";
import { UNKNOWN_DEVICE, type DeviceRecord } from "./device-condition.ts";
import { whyNotTracking } from "./pointing.ts";
import { discreteFact, readingInWords, type Reading } from "./readings.ts";
import type { DeviceCondition, Verdict, WatchState, WeatherValues } from "./watch-state.ts";
import { weatherVerdict, type WeatherVerdict } from "./weather-verdict.ts";

/** All that the watch knows at one moment. */
export interface WatchBoard {
  readonly devices: ReadonlyMap<string, DeviceEntry>;
  readonly guard: GuardReading;
  readonly closedLeaseHolder: string | null;
  readonly disk: DiskReading;
}

/** Free space where images are stored. */
export interface DiskReading {
  readonly low: boolean;
  /** Null before the first look. */
  readonly freeMiB: number | null;
}

/** People are told long before exposures are refused: below this many times the least free space. */
const LOW_DISK_TIMES = 2;
const ENOUGH_DISK_TIMES = 2.2;

/** The disk after a look: low below twice the least free space, and no longer from 2.2 times on. */
export function diskAfter(before: DiskReading, freeMiB: number, minFreeMiB: number): DiskReading {
  const limitMiB = minFreeMiB * (before.low ? ENOUGH_DISK_TIMES : LOW_DISK_TIMES);
  return { low: freeMiB < limitMiB, freeMiB: Math.round(freeMiB) };
}

export interface DeviceEntry {
  readonly record: DeviceRecord;
  /** The newest answer; null before the first. */
  readonly reading: Reading | null;
}

/** The guard's word of itself, and when it last gave one that was fresh. */
export interface GuardReading {
  readonly tripped: boolean;
  readonly why: string;
  /** Wall time of its last loop; of the start of this watch, before the first. */
  readonly loopWallMs: number;
}

/** The guard counts as silent after this long without a loop, wall ms. */
export const GUARD_SILENT_WALL_MS = 15_000;
/** The interlock's last word counts for this long, wall ms: one poll that hangs (2 s) closes no dome, two do. */
export const INTERLOCK_GRACE_WALL_MS = 5_000;

export interface Moment {
  readonly wallMs: number;
  readonly atMs: number;
}

const NO_VALUES: WeatherValues = {
  humidityPct: null,
  temperatureC: null,
  dewPointC: null,
  windMS: null,
  gustMS: null,
  windDirectionDeg: null,
  rainMmH: null,
  cloudPct: null,
  pressureHPa: null,
  skyQualityMagArcsec2: null,
  skyTemperatureC: null,
  seeingArcsec: null,
};

/** The state to signal: every device, the verdicts, guard and lease holder. */
export function watchStateOf(
  board: WatchBoard,
  observatory: Observatory,
  { wallMs, atMs }: Moment,
  { seq, runWallMs }: { readonly seq: number; readonly runWallMs: number },
): WatchState {
  const telescope = readingOf(board, "telescope");
  const silent = wallMs - board.guard.loopWallMs > GUARD_SILENT_WALL_MS;
  const { safe, reasons } = weatherOf(board, observatory, wallMs);
  return {
    seq,
    runWallMs,
    wallMs,
    atMs,
    safety: interlockOf(board, observatory, wallMs),
    weather: { safe, reasons, values: readingOf(board, "observingconditions")?.values ?? NO_VALUES },
    dome: { shutter: shutterOf(board, observatory) },
    telescope: {
      parked: telescope?.parked ?? null,
      tracking: telescope?.tracking ?? null,
      slewing: telescope?.slewing ?? null,
      stray: whyStray(board, observatory, atMs),
      clockOffS: (telescope?.clockOffMs ?? 0) / 1_000,
    },
    guard: { tripped: board.guard.tripped, silent, why: guardInWords(board.guard, silent, wallMs) },
    devices: Object.fromEntries(
      observatory.devices.map((device) => [
        device.id,
        conditionOf(device.name, device.blocking, board.devices.get(device.id)),
      ]),
    ),
    plcAlarms: raisedAlarms(board, observatory),
    disk: board.disk,
    closedLeaseHolder: board.closedLeaseHolder,
  };
}

/** Alarms of all switches as they last said: one that is silent is an alarm of its own. */
function raisedAlarms(board: WatchBoard, observatory: Observatory): string[] {
  return observatory.devices.flatMap(({ id }) => {
    const reading = board.devices.get(id)?.reading;
    return reading?.type === "switch" ? reading.raised.map((alarm) => `${id}/${alarm}`) : [];
  });
}

/** The weather verdict with the limits crossed: unsafe when the station has not answered for too long. */
export function weatherOf(board: WatchBoard, observatory: Observatory, wallMs: number): WeatherVerdict {
  const entry = entryOf(board, observatory, "observingconditions");
  const reading = readingOf(board, "observingconditions");
  const answeredWallMs = entry?.record.answeredWallMs ?? null;
  const ageWallS =
    reading === undefined || answeredWallMs === null
      ? Number.POSITIVE_INFINITY
      : reading.ageWallS + (wallMs - answeredWallMs) / 1_000;
  return weatherVerdict(reading?.values ?? NO_VALUES, ageWallS, observatory.weather);
}

/** The interlock's verdict: false when it says so, has not spoken yet, or has been silent beyond its grace. */
function interlockOf(board: WatchBoard, observatory: Observatory, wallMs: number): Verdict {
  const entry = entryOf(board, observatory, "safetymonitor");
  const reading = readingOf(board, "safetymonitor");
  const answeredWallMs = entry?.record.answeredWallMs ?? null;
  if (entry === undefined || reading === undefined || answeredWallMs === null) {
    return {
      safe: false,
      reasons: [`The interlock has not answered yet. ${entry?.record.why ?? ""}`.trimEnd()],
    };
  }
  if (wallMs - answeredWallMs > INTERLOCK_GRACE_WALL_MS) {
    return {
      safe: false,
      reasons: [
        `The interlock has not answered for more than ${INTERLOCK_GRACE_WALL_MS / 1_000} s. ${entry.record.why}`.trimEnd(),
      ],
    };
  }
  return reading.isSafe
    ? { safe: true, reasons: [] }
    : { safe: false, reasons: ["The interlock says unsafe."] };
}

/** Why a mount that tracks must be stopped; null of one that does not say where it points: nobody could judge it. */
function whyStray(board: WatchBoard, observatory: Observatory, atMs: number): string | null {
  const mount = readingOf(board, "telescope");
  if (mount === undefined || !mount.tracking || mount.slewing || mount.parked) return null;
  if (mount.raDeg === null || mount.decDeg === null) return null;
  return whyNotTracking(observatory, { raDeg: mount.raDeg, decDeg: mount.decDeg }, atMs);
}

/** The shutter, Unknown when the dome no longer answers: an old Open or Closed may be wrong. */
function shutterOf(board: WatchBoard, observatory: Observatory): WatchState["dome"]["shutter"] {
  const state = entryOf(board, observatory, "dome")?.record.state;
  if (state === "DISABLED" || state === "UNKNOWN") return "Unknown";
  return readingOf(board, "dome")?.shutter ?? "Unknown";
}

function guardInWords(guard: GuardReading, silent: boolean, wallMs: number): string {
  if (guard.tripped) return guard.why;
  if (!silent) return "";
  return `The guard has been silent for ${((wallMs - guard.loopWallMs) / 1_000).toFixed(0)} s.`;
}

function conditionOf(name: string, blocking: boolean, entry: DeviceEntry | undefined): DeviceCondition {
  const { state, sinceMs, why } = entry?.record ?? UNKNOWN_DEVICE;
  const reading = entry?.reading ?? null;
  const words = reading === null ? "not heard yet" : readingInWords(reading);
  const failing = state === "DEGRADED" || state === "DISABLED" || reading === null;
  return {
    state,
    sinceMs,
    blocking,
    detail: failing && why !== "" ? why : failing ? `${name}: ${words}` : words,
  };
}

/**
 * The discrete facts of a state in one string: equal strings need no new signal. Numbers that move, sentences that hold
 * them, and the short states of a mount under way are left out.
 */
export function discreteFacts(board: WatchBoard, state: WatchState, weather: WeatherVerdict): string {
  return JSON.stringify([
    state.safety.safe,
    weather.crossed,
    state.dome.shutter,
    state.telescope.parked,
    (state.telescope.stray ?? null) !== null,
    (state.telescope.clockOffS ?? 0) !== 0,
    state.guard.tripped,
    state.guard.silent,
    state.closedLeaseHolder,
    state.disk.low,
    Object.entries(state.devices).map(([id, { state: word }]) => [id, word]),
    [...board.devices].map(([id, { reading }]) => [id, discreteFact(reading)]),
  ]);
}

/** Whether every device has answered, or has been given up for now: before that a state would cry wolf. */
export function isComplete(board: WatchBoard, observatory: Observatory): boolean {
  return observatory.devices.every((device) => {
    const record = board.devices.get(device.id)?.record;
    return record !== undefined && record.state !== "UNKNOWN";
  });
}

function entryOf(
  board: WatchBoard,
  observatory: Observatory,
  type: Observatory["devices"][number]["type"],
): DeviceEntry | undefined {
  const device = observatory.devices.find((candidate) => candidate.type === type);
  return device === undefined ? undefined : board.devices.get(device.id);
}

function readingOf<T extends Reading["type"]>(
  board: WatchBoard,
  type: T,
): Extract<Reading, { type: T }> | undefined {
  for (const { reading } of board.devices.values()) {
    if (reading?.type === type) return reading as Extract<Reading, { type: T }>;
  }
  return undefined;
}
