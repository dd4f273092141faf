/** The answer: rows, refusals with their reasons, and what is needed to make the same bytes again. */

/** `strict` never sacrifices a better priority for several lower ones; `value` maximises weight x duration. */
export type Policy = "strict" | "value";

/** Extra time between two rows that follow each other on a telescope (slew, filter change), beyond the overhead. */
export type PairOverhead = (fromSequenceId: string, toSequenceId: string, telescope: string) => number;

export interface PlanOptions {
  /** Default `strict`. */
  readonly policy?: Policy;
  /** Unsigned 32-bit seed of the search; default 1. */
  readonly seed?: number;
  /** Search iterations at most; default 2,000 when there is no budget. `strict` needs none. */
  readonly iterations?: number;
  /** Wall time after which the search stops at the end of the iteration under way. */
  readonly budgetMs?: number;
  /** Milliseconds, integer, not negative; a pure function. It is not part of the document: give it again to plan again. */
  readonly pairOverheadMs?: PairOverhead;
}

export interface ScheduledRow {
  readonly sequenceId: string;
  readonly telescope: string;
  /** null for a frozen row whose sequence is not in the problem. */
  readonly owner: string | null;
  readonly priority: number | null;
  /** Start of the block: its overhead comes first. */
  readonly tspMs: number;
  /** End of the block. */
  readonly tepMs: number;
  /** How much earlier this row alone could start. */
  readonly deltaTLMs: number;
  /** How much later this row alone could start. */
  readonly deltaTRMs: number;
  /** Weight x duration in weight-seconds. */
  readonly score: number;
  /** Value of its merit curve at the middle of the block; null without a curve. */
  readonly merit: number | null;
  readonly status: "planned" | "executing" | "done";
}

export type RefusalCode =
  | "invalid_id"
  | "duplicate_id"
  | "invalid_number"
  | "invalid_duration"
  | "invalid_priority"
  | "invalid_window"
  | "invalid_relation"
  | "unknown_owner"
  | "invalid_quota"
  | "no_instrument"
  | "longer_than_window"
  | "outside_night"
  | "window_in_night_too_short"
  | "too_late"
  | "unavailable"
  | "quota"
  | "quota_spent"
  | "relation"
  | "no_room";

export interface RefusedSequence {
  /** The id as it came; one that is no text is written as JSON. */
  readonly sequenceId: string;
  readonly code: RefusalCode;
  /** What decided; names carry units. */
  readonly numbers: Readonly<Record<string, number>>;
  /** Rows that took the room or the quota, in order of time; of very many the 40 that won by least (`numbers.winners` counts all). */
  readonly wonBy: readonly string[];
  /** In words, with the numbers. */
  readonly text: string;
}

export interface Schedule {
  readonly schema: "vesper-schedule/1";
  readonly night: { readonly startUnixMs: number; readonly lengthMs: number };
  readonly nowMs: number;
  readonly policy: Policy;
  readonly seed: number;
  /** Iterations run: the same problem, policy, seed and this number give the same bytes. */
  readonly iterations: number;
  /** Sum of weight x duration over the planned rows (not the frozen ones), weight-seconds. */
  readonly objective: number;
  /** No plan of this problem has a greater objective. */
  readonly upperBound: number;
  readonly rows: readonly ScheduledRow[];
  readonly refused: readonly RefusedSequence[];
}
