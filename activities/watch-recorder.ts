import type { DeviceDescription } from "../domain/observatory.ts";
import type { DeviceRecord } from "../domain/safety/device-condition.ts";
import type { DeviceVersions } from "../domain/safety/device-versions.ts";
import { discreteFact, type Reading } from "../domain/safety/readings.ts";
import type { WeatherValues } from "../domain/safety/watch-state.ts";
import type { WeatherVerdict } from "../domain/safety/weather-verdict.ts";

/** The tables that the watch fills. */
export interface WatchStore {
  device(row: DeviceRow): Promise<void>;
  status(row: StatusRow): Promise<void>;
  weather(row: WeatherRow): Promise<void>;
}

export interface DeviceRow {
  readonly device: DeviceDescription;
  readonly record: DeviceRecord;
  readonly sinceWallMs: number;
  readonly values: Readonly<Record<string, unknown>>;
  readonly versions: DeviceVersions | null;
  readonly wallMs: number;
}

export interface StatusRow {
  readonly uniqueId: string;
  readonly state: DeviceRecord["state"];
  readonly cause: "change" | "sample";
  readonly values: Readonly<Record<string, unknown>>;
  readonly atMs: number;
  readonly wallMs: number;
}

export interface WeatherRow {
  readonly values: WeatherValues;
  readonly safe: boolean;
  readonly reasons: readonly string[];
  readonly atMs: number;
  readonly wallMs: number;
}

/** A regular sample per device each 60 s of observatory time, at most one per second of wall time. */
const SAMPLE_EVERY_MS = 60_000;
const SAMPLE_LEAST_WALL_MS = 1_000;
/** Rows that wait while the database is away; then the oldest samples are dropped, changes last. */
const MOST_WAITING = 2_000;

interface Last {
  readonly fact: string;
  readonly atMs: number;
  readonly wallMs: number;
  readonly sinceWallMs: number;
  readonly state: DeviceRecord["state"];
}

interface Waiting {
  readonly change: boolean;
  readonly write: () => Promise<void>;
}

export type WatchRecorder = ReturnType<typeof createWatchRecorder>;

/**
 * Stores what the watch sees: a row on each change of a discrete fact, and regular samples. Rows are written one after
 * another beside the watch, which never waits for the database; while it is away they wait.
 */
export function createWatchRecorder(store: WatchStore, onTrouble: (error: unknown) => void) {
  const last = new Map<string, Last>();
  const waiting: Waiting[] = [];
  let writing: Promise<void> | null = null;

  function due(key: string, fact: string, atMs: number, wallMs: number): "change" | "sample" | null {
    const before = last.get(key);
    if (before === undefined || before.fact !== fact) return "change";
    const sampled = atMs - before.atMs >= SAMPLE_EVERY_MS && wallMs - before.wallMs >= SAMPLE_LEAST_WALL_MS;
    return sampled ? "sample" : null;
  }

  function enqueue(change: boolean, write: () => Promise<void>): void {
    waiting.push({ change, write });
    if (waiting.length > MOST_WAITING) {
      const oldestSample = waiting.findIndex((row) => !row.change);
      waiting.splice(Math.max(0, oldestSample), 1);
    }
    writing ??= drain().finally(() => {
      writing = null;
    });
  }

  async function drain(): Promise<void> {
    for (let row = waiting[0]; row !== undefined; row = waiting[0]) {
      try {
        await row.write();
        waiting.splice(waiting.indexOf(row), 1);
      } catch (error) {
        onTrouble(error);
        // The next row that comes, within a second or so, tries again.
        return;
      }
    }
  }

  return {
    /** Takes note of one device after each poll. */
    device(
      device: DeviceDescription,
      record: DeviceRecord,
      reading: Reading | null,
      versions: DeviceVersions | null,
      now: { atMs: number; wallMs: number },
    ): void {
      const fact = `${record.state} ${discreteFact(reading)}`;
      const cause = due(device.id, fact, now.atMs, now.wallMs);
      if (cause === null) return;
      const before = last.get(device.id);
      const sinceWallMs = before?.state === record.state ? before.sinceWallMs : now.wallMs;
      last.set(device.id, { fact, ...now, sinceWallMs, state: record.state });
      const values = record.misses > 0 ? { why: record.why } : valuesOf(reading);
      enqueue(cause === "change", async () => {
        await store.device({ device, record, sinceWallMs, values, versions, wallMs: now.wallMs });
        await store.status({ uniqueId: device.uniqueId, state: record.state, cause, values, ...now });
      });
    },

    /** Takes note of the weather after each poll of the station. */
    weather(values: WeatherValues, verdict: WeatherVerdict, now: { atMs: number; wallMs: number }): void {
      const fact = verdict.crossed.join(" ");
      const cause = due("weather verdict", fact, now.atMs, now.wallMs);
      if (cause === null) return;
      last.set("weather verdict", { fact, ...now, sinceWallMs: now.wallMs, state: "UP" });
      const { safe, reasons } = verdict;
      enqueue(cause === "change", () => store.weather({ values, safe, reasons, ...now }));
    },

    /** Ends when the rows that wait are written, or the database failed once. */
    drained: async (): Promise<void> => {
      await writing;
    },
  };
}

function valuesOf(reading: Reading | null): Readonly<Record<string, unknown>> {
  if (reading === null) return {};
  if (reading.type === "observingconditions") return { ...reading.values, ageWallS: reading.ageWallS };
  if (reading.type === "plain") return reading.values;
  if (reading.type === "switch") return reading.channels;
  const { type: _, ...values } = reading;
  return values;
}
