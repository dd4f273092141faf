import type { Database } from "../db/orm.ts";
import type { JournalLevel } from "../db/entities/journal-entry.ts";
import type { DeviceDescription } from "../domain/observatory.ts";
import type { RaisedAlarm } from "../domain/safety/alarms.ts";
import type { DeviceHealth } from "../domain/safety/device-health.ts";
import { asSentence } from "../domain/safety/sentences.ts";

export interface DeviceRecordDeps {
  readonly database: Pick<Database, "devices" | "alarms" | "journal">;
  readonly wallMs: () => number;
}

export interface DeviceChange {
  readonly device: DeviceDescription;
  readonly health: DeviceHealth;
  /** The state before; null when it was never seen. */
  readonly from: DeviceHealth["state"] | null;
  /** Observatory ms. */
  readonly atMs: number;
}

export type DeviceRecordActivities = ReturnType<typeof createDeviceRecordActivities>;

/** Rows and journal lines of devices and alarms: short, idempotent by natural key. */
export function createDeviceRecordActivities({ database, wallMs }: DeviceRecordDeps) {
  /** The state of a device and its recovery, with a line in the journal for what is new. */
  async function recordDevice(change: DeviceChange): Promise<void> {
    const { device, health, from, atMs } = change;
    const { state, why, recovery } = health;
    const { uniqueId, id: deviceId, type, name, blocking } = device;
    const atWallMs = wallMs();
    await database.devices.setHealth({
      device: { uniqueId, deviceId, type, name, blocking },
      state,
      recovery,
      why,
      from,
      atMs,
      wallMs: atWallMs,
    });
    await database.journal.append({
      ...sentenceOf(change),
      atWallMs,
      atMs,
      module: "devices",
      deviceId,
      onceKey: `device ${deviceId} ${state} ${recovery?.step ?? 0} ${atMs}`,
    });
  }

  /** Brings the table of alarms to what stands now, with a line in the journal for each that came or went. */
  async function recordAlarms({
    siteId,
    alarms,
    atMs,
  }: {
    readonly siteId: string;
    readonly alarms: readonly RaisedAlarm[];
    readonly atMs: number;
  }): Promise<void> {
    const atWallMs = wallMs();
    const { raised, returned } = await database.alarms.sync({ site: siteId, alarms, atMs, wallMs: atWallMs });
    for (const { id, times, level, text } of raised.filter(({ hiddenBy }) => hiddenBy === null)) {
      await database.journal.append({
        atWallMs,
        atMs,
        module: "alarm",
        text: `${level}: ${text}`,
        level: level === "LOW" ? "warning" : "alarm",
        onceKey: `alarm ${id} raised ${times}`,
      });
    }
    for (const { id, times, text } of returned.filter(({ hiddenBy }) => hiddenBy === null)) {
      await database.journal.append({
        atWallMs,
        atMs,
        level: "info",
        module: "alarm",
        text: `No longer so: ${text}`,
        onceKey: `alarm ${id} returned ${times}`,
      });
    }
  }

  return { recordDevice, recordAlarms };
}

/** What the journal says of a device. */
function sentenceOf({ device, health, from }: DeviceChange): { level: JournalLevel; text: string } {
  const { name, blocking } = device;
  const { state, why, recovery } = health;
  if (state === from && recovery !== null) {
    const { step, steps, doing, lastTrouble } = recovery;
    const text = `${name}, recovery step ${step} of ${steps}: ${doing}. ${asSentence(lastTrouble)}`;
    return { level: "warning", text: text.trim() };
  }
  switch (state) {
    case "DISABLED": {
      const effect = blocking ? "Observing waits for it." : "Observing goes on without it.";
      return { level: "warning", text: `${name} does not work: ${asSentence(why)} ${effect}` };
    }
    case "DEGRADED":
      return { level: "warning", text: `${name} answers badly: ${asSentence(why)}` };
    default:
      return {
        level: "info",
        text: from === "DISABLED" ? `${name} is back: set up again and verified.` : `${name} is up.`,
      };
  }
}
