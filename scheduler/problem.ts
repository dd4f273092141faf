/**
 * The problem document: everything a plan depends on, as plain JSON.
 * All times are integer milliseconds from the start of the night, all durations integer milliseconds.
 */

/** Closed interval of time, milliseconds from the start of the night. */
export interface Interval {
  readonly startMs: number;
  readonly endMs: number;
}

/** An interval in which a sequence is observable; it must lie in one of them from start to end. */
export interface ObservabilityWindow extends Interval {
  /** Only on this telescope; absent: on every one. */
  readonly telescope?: string;
}

/** One point of a piecewise linear merit curve (for example the inverse of the airmass). */
export interface MeritPoint {
  readonly atMs: number;
  readonly value: number;
}

/** One pointing to plan, or several exposures that must not be separated. */
export interface SequenceInput {
  /** Unique, not empty. */
  readonly id: string;
  readonly owner: string;
  /** 0..100, lower is more important: alerts below 10, routine 10..100. Weight = 101 - priority. Three decimals count. */
  readonly priority: number;
  /** Time that earns merit: the exposures. */
  readonly durationMs: number;
  /** Slew, focus, filter change: occupied, charged to the quota, earning nothing. It comes first. */
  readonly overheadMs: number;
  /** One or several; they may reach beyond the night. */
  readonly windows: readonly ObservabilityWindow[];
  /** Wished middle of the block; null: as early as possible. */
  readonly preferredMs: number | null;
  /** Instruments needed; absent: any telescope will do. */
  readonly instruments?: readonly string[];
  /** Merit over time: within its room a row goes where this is greatest. Takes the place of `preferredMs` when given. */
  readonly merit?: readonly MeritPoint[];
}

/** What one owner (programme) may still spend. */
export interface OwnerInput {
  /** Overhead plus duration of what is planned anew never exceeds this; absent: no limit. Frozen rows are already paid. */
  readonly quotaLeftMs?: number;
}

export interface TelescopeInput {
  readonly id: string;
  readonly instruments: readonly string[];
}

/** Time in which nothing is planned: maintenance, a forecast, a device that is down. */
export interface UnavailableInterval extends Interval {
  /** Only this telescope; absent: all. */
  readonly telescope?: string;
  /** Only sequences that need this instrument; absent: all. */
  readonly instrument?: string;
  /** In words, for the sentence of a refusal. */
  readonly reason?: string;
}

/** A row that is executing or done: it stays where it is, whatever the rules say of it. */
export interface FrozenRow {
  readonly sequenceId: string;
  readonly telescope?: string;
  readonly tspMs: number;
  readonly tepMs: number;
  readonly status: "executing" | "done";
}

/** All of `sequences` are planned, or none. */
export interface TogetherRelation {
  readonly kind: "together";
  readonly sequences: readonly string[];
}

/**
 * `sequence` starts after the end of `after`, at least `minMs` (default 0) and at most `maxMs` (default: no limit)
 * later. It needs `after` to be planned or frozen. A cadence is a chain of these.
 */
export interface AfterRelation {
  readonly kind: "after";
  readonly sequence: string;
  readonly after: string;
  readonly minMs?: number;
  readonly maxMs?: number;
}

export type Relation = TogetherRelation | AfterRelation;

export interface Problem {
  readonly schema: "vesper-scheduling-problem/1";
  readonly night: {
    /** Unix ms of the start of the night: carried along, and used to write times of day in sentences. */
    readonly startUnixMs: number;
    readonly lengthMs: number;
  };
  /** Nothing new starts before this; 0 at the start of the night. */
  readonly nowMs: number;
  readonly owners: Readonly<Record<string, OwnerInput>>;
  readonly sequences: readonly SequenceInput[];
  /** Absent: one telescope named "telescope" that carries every instrument. */
  readonly telescopes?: readonly TelescopeInput[];
  readonly unavailable?: readonly UnavailableInterval[];
  readonly frozen?: readonly FrozenRow[];
  readonly relations?: readonly Relation[];
  /** Sequences of a priority below this are alerts: planned strictly under any policy. Default 10; 0: there are none. */
  readonly alertsBelow?: number;
}

/** PyROS's line between alerts and routine. */
export const ALERTS_BELOW = 10;

/** The telescope assumed when a problem names none. */
export const DEFAULT_TELESCOPE = "telescope";

/** The document as a whole cannot be planned; a fault of one sequence never throws, it refuses that sequence. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  /** JSON pointer of the fault, for example `/night/lengthMs`. */
  readonly path: string;
  readonly rule: string;

  constructor(path: string, rule: string) {
    super(`${path === "" ? "the document" : path} ${rule}`);
    this.path = path;
    this.rule = rule;
  }
}
