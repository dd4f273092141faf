import { union, type IntervalSet } from "./intervals.ts";
import {
  ALERTS_BELOW,
  DEFAULT_TELESCOPE,
  ProblemError,
  type FrozenRow,
  type Interval,
  type UnavailableInterval,
} from "./problem.ts";

export interface Telescope {
  readonly id: string;
  /** null: every instrument, the telescope of a problem that names none. */
  readonly instruments: readonly string[] | null;
}

/** The frame of a plan, checked: everything but the sequences and their relations. */
export interface Frame {
  readonly startUnixMs: number;
  readonly lengthMs: number;
  readonly nowMs: number;
  /** Quota by owner; Infinity without limit, null when it is no number or below zero. */
  readonly quotaLeftMs: ReadonlyMap<string, number | null>;
  readonly telescopes: readonly Telescope[];
  readonly unavailable: readonly UnavailableInterval[];
  readonly frozen: readonly Required<FrozenRow>[];
  /** Sequences and relations as they came: their faults refuse one sequence, not the problem. */
  readonly sequences: readonly unknown[];
  readonly relations: readonly unknown[];
  readonly alertsBelow: number;
}

type Json = Record<string, unknown>;

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An integer of milliseconds that arithmetic cannot spoil: sums of a few stay exact. */
export function isMs(value: unknown): value is number {
  return Number.isSafeInteger(value) && Math.abs(value as number) <= 1e15;
}

/**
 * Reads the frame of a problem document.
 * @throws ProblemError with the path of the first fault, when the document as a whole cannot be planned.
 */
export function readFrame(document: unknown): Frame {
  if (!isObject(document)) throw new ProblemError("", "must be an object");
  if (document.schema !== "vesper-scheduling-problem/1") {
    throw new ProblemError("/schema", 'must be "vesper-scheduling-problem/1"');
  }
  const night = objectAt(document.night, "/night");
  const startUnixMs = msAt(night.startUnixMs, "/night/startUnixMs");
  const lengthMs = msAt(night.lengthMs, "/night/lengthMs");
  if (lengthMs < 0) throw new ProblemError("/night/lengthMs", `must not be negative, is ${lengthMs}`);
  const telescopes = readTelescopes(document.telescopes);
  return {
    startUnixMs,
    lengthMs,
    nowMs: msAt(document.nowMs, "/nowMs"),
    quotaLeftMs: readOwners(document.owners),
    telescopes,
    unavailable: readUnavailable(document.unavailable, telescopes),
    frozen: readFrozen(document.frozen, telescopes),
    sequences: arrayAt(document.sequences, "/sequences"),
    relations: document.relations === undefined ? [] : arrayAt(document.relations, "/relations"),
    alertsBelow:
      document.alertsBelow === undefined ? ALERTS_BELOW : numberAt(document.alertsBelow, "/alertsBelow"),
  };
}

function readOwners(value: unknown): Map<string, number | null> {
  const quotaLeftMs = new Map<string, number | null>();
  for (const [name, owner] of Object.entries(objectAt(value, "/owners"))) {
    const quota = objectAt(owner, `/owners/${name}`).quotaLeftMs;
    if (quota === undefined) quotaLeftMs.set(name, Number.POSITIVE_INFINITY);
    else quotaLeftMs.set(name, isMs(quota) && quota >= 0 ? quota : null);
  }
  return quotaLeftMs;
}

function readTelescopes(value: unknown): Telescope[] {
  if (value === undefined) return [{ id: DEFAULT_TELESCOPE, instruments: null }];
  const telescopes = arrayAt(value, "/telescopes").map((item, k) => {
    const path = `/telescopes/${k}`;
    const telescope = objectAt(item, path);
    return {
      id: textAt(telescope.id, `${path}/id`),
      instruments: arrayAt(telescope.instruments, `${path}/instruments`).map((name, n) =>
        textAt(name, `${path}/instruments/${n}`),
      ),
    };
  });
  if (telescopes.length === 0) throw new ProblemError("/telescopes", "must not be empty");
  telescopes.sort((a, b) => compareText(a.id, b.id));
  telescopes.forEach((telescope, k) => {
    if (telescopes[k + 1]?.id === telescope.id) {
      throw new ProblemError("/telescopes", `id "${telescope.id}" stands twice`);
    }
  });
  return telescopes;
}

function readUnavailable(value: unknown, telescopes: readonly Telescope[]): UnavailableInterval[] {
  if (value === undefined) return [];
  return arrayAt(value, "/unavailable").map((item, k) => {
    const path = `/unavailable/${k}`;
    const entry = objectAt(item, path);
    return {
      ...intervalAt(entry, "startMs", "endMs", path),
      ...(entry.telescope === undefined
        ? {}
        : { telescope: knownTelescope(entry.telescope, `${path}/telescope`, telescopes) }),
      ...(entry.instrument === undefined
        ? {}
        : { instrument: textAt(entry.instrument, `${path}/instrument`) }),
      ...(entry.reason === undefined ? {} : { reason: textAt(entry.reason, `${path}/reason`) }),
    };
  });
}

function readFrozen(value: unknown, telescopes: readonly Telescope[]): Required<FrozenRow>[] {
  if (value === undefined) return [];
  const frozen = arrayAt(value, "/frozen").map((item, k): Required<FrozenRow> => {
    const path = `/frozen/${k}`;
    const row = objectAt(item, path);
    if (row.status !== "executing" && row.status !== "done") {
      throw new ProblemError(`${path}/status`, 'must be "executing" or "done"');
    }
    const { startMs, endMs } = intervalAt(row, "tspMs", "tepMs", path);
    const telescope =
      row.telescope === undefined
        ? onlyTelescope(telescopes, `${path}/telescope`)
        : knownTelescope(row.telescope, `${path}/telescope`, telescopes);
    return {
      sequenceId: textAt(row.sequenceId, `${path}/sequenceId`),
      telescope,
      tspMs: startMs,
      tepMs: endMs,
      status: row.status,
    };
  });
  return frozen.sort(
    (a, b) =>
      a.tspMs - b.tspMs ||
      a.tepMs - b.tepMs ||
      compareText(a.telescope, b.telescope) ||
      compareText(a.sequenceId, b.sequenceId),
  );
}

/** Blocked time of a telescope for a sequence that needs `instruments`: frozen rows, maintenance, forecasts. */
export function blockedOn(frame: Frame, telescopeId: string, instruments: readonly string[]): IntervalSet {
  const blocked: Interval[] = [];
  for (const row of frame.frozen) {
    if (row.telescope === telescopeId) blocked.push({ startMs: row.tspMs, endMs: row.tepMs });
  }
  for (const interval of frame.unavailable) {
    if (blocks(interval, telescopeId, instruments)) blocked.push(interval);
  }
  return union(blocked);
}

/** Whether an unavailable interval counts on a telescope for a sequence that needs `instruments`. */
export function blocks(
  { telescope, instrument }: UnavailableInterval,
  telescopeId: string,
  instruments: readonly string[],
): boolean {
  return (
    (telescope === undefined || telescope === telescopeId) &&
    (instrument === undefined || instruments.includes(instrument))
  );
}

/** Order of UTF-16 units: the same on every machine, unlike localeCompare. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A value as a person may read it: text as it is, anything else as JSON, or in the words of the language where JSON has none. */
export function asText(value: unknown): string {
  if (typeof value === "string") return value;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    // A bigint, or an object that holds itself.
    return String(value);
  }
}

function objectAt(value: unknown, path: string): Json {
  if (!isObject(value)) throw new ProblemError(path, "must be an object");
  return value;
}

function arrayAt(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new ProblemError(path, "must be a list");
  return value;
}

function textAt(value: unknown, path: string): string {
  if (typeof value !== "string" || value === "") throw new ProblemError(path, "must be a text, not empty");
  return value;
}

function numberAt(value: unknown, path: string): number {
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new ProblemError(path, `must be a number, is ${String(value)}`);
  }
  return value;
}

function msAt(value: unknown, path: string): number {
  if (!isMs(value)) throw new ProblemError(path, `must be an integer of milliseconds, is ${String(value)}`);
  return value;
}

function intervalAt(object: Json, startField: string, endField: string, path: string): Interval {
  const startMs = msAt(object[startField], `${path}/${startField}`);
  const endMs = msAt(object[endField], `${path}/${endField}`);
  if (endMs < startMs) throw new ProblemError(path, `ends at ${endMs} ms, before its start at ${startMs} ms`);
  return { startMs, endMs };
}

function knownTelescope(value: unknown, path: string, telescopes: readonly Telescope[]): string {
  const id = textAt(value, path);
  if (!telescopes.some((telescope) => telescope.id === id)) {
    throw new ProblemError(path, `"${id}" is not one of the telescopes`);
  }
  return id;
}

function onlyTelescope(telescopes: readonly Telescope[], path: string): string {
  const [first] = telescopes;
  if (first === undefined || telescopes.length > 1) {
    throw new ProblemError(path, "is needed when there are several telescopes");
  }
  return first.id;
}
