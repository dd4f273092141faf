/** What the partners are told, as JSON: pure, so that the same fact gives the same message. */

/** One planned pointing of a schedule. */
export interface ScheduleRowFacts {
  readonly sequenceId: string;
  readonly requestId: string;
  readonly targetName: string;
  readonly raDeg: number;
  readonly decDeg: number;
  readonly tspMs: number;
  readonly tepMs: number;
  readonly deltaTLMs: number;
  readonly deltaTRMs: number;
}

/** The schedule as IC gets it at the end of each scheduling: what is planned, in order of time. */
export function scheduleMessage(schedule: {
  readonly id: number;
  readonly nightId: string;
  readonly madeMs: number;
  readonly reason: string;
  readonly rows: readonly ScheduleRowFacts[];
  readonly refused: number;
}): Readonly<Record<string, unknown>> {
  return {
    scheduleId: schedule.id,
    night: schedule.nightId,
    madeAt: iso(schedule.madeMs),
    reason: schedule.reason,
    refused: schedule.refused,
    sequences: schedule.rows.map((row) => ({
      sequenceId: row.sequenceId,
      requestId: row.requestId,
      target: row.targetName,
      raDeg: row.raDeg,
      decDeg: row.decDeg,
      startAt: iso(row.tspMs),
      endAt: iso(row.tepMs),
      mayStartEarlierMs: row.deltaTLMs,
      mayStartLaterMs: row.deltaTRMs,
    })),
  };
}

/** The state of one device as IC gets it when it changes. Values are what the device said last. */
export function statusMessage(device: {
  readonly deviceId: string;
  readonly type: string;
  readonly name: string;
  readonly blocking: boolean;
  readonly state: string;
  readonly sinceWallMs: number;
  readonly values: Readonly<Record<string, unknown>>;
  /** What its driver says of itself; null while nobody asked. */
  readonly versions: object | null;
}): Readonly<Record<string, unknown>> {
  const { deviceId, type, name, blocking, state, values, versions } = device;
  return { device: deviceId, type, name, blocking, state, since: iso(device.sinceWallMs), values, versions };
}

/** A master frame as IC gets it: where the file is, what it is for, and how good it is. */
export function masterMessage(master: {
  readonly id: string;
  readonly nightDate: string;
  readonly kind: string;
  readonly instrumentId: string;
  readonly filter: string;
  readonly exposureS: number;
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly grade: string;
  readonly framesUsed: number;
  readonly framesTaken: number;
  readonly levelAdu: number;
  readonly noiseAdu: number;
  readonly readNoiseE: number | null;
  readonly warnings: readonly string[];
  readonly madeMs: number;
}): Readonly<Record<string, unknown>> {
  const { id, nightDate, kind, instrumentId, filter, exposureS, path, sha256, bytes, madeMs } = master;
  const { grade, framesUsed, framesTaken, levelAdu, noiseAdu, readNoiseE, warnings } = master;
  return {
    masterId: id,
    night: nightDate,
    kind,
    instrument: instrumentId,
    filter: filter === "" ? null : filter,
    exposureS,
    madeAt: iso(madeMs),
    file: { path, sha256, bytes },
    quality: { grade, framesUsed, framesTaken, levelAdu, noiseAdu, readNoiseE, warnings },
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
