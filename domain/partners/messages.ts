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

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
