import type { IntervalSet } from "./intervals.ts";

/** The tasks of a search as columns: task i has needMs[i], value[i], owner[i]. */
export interface TaskColumns {
  readonly count: number;
  readonly needMs: Float64Array;
  readonly value: Float64Array;
  readonly owner: Int32Array;
  /** First and last possible start by telescope and task; Infinity and -Infinity where there is none. */
  readonly firstMs: readonly Float64Array[];
  readonly lastMs: readonly Float64Array[];
  /** All possible starts by telescope and task, where they are more than one interval; else null. */
  readonly pieces: readonly (readonly (IntervalSet | null)[])[];
  /** No start and no end lies outside. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** Extra time between two rows that follow each other; null when there is none. */
  readonly gapMs: ((telescope: number, from: number, to: number) => number) | null;
}

/**
 * The order of rows on one telescope, without times: only how early and how late each can be.
 * `head[k]` is the start of row k when all slide early, `tail[k]` when all slide late.
 */
export class Packing {
  readonly telescope: number;
  readonly rows: Int32Array;
  readonly head: Float64Array;
  readonly tail: Float64Array;
  length = 0;
  private readonly tasks: TaskColumns;
  private readonly firstMs: Float64Array;
  private readonly lastMs: Float64Array;
  private readonly pieces: readonly (IntervalSet | null)[];

  constructor(telescope: number, tasks: TaskColumns) {
    this.telescope = telescope;
    this.tasks = tasks;
    this.rows = new Int32Array(tasks.count);
    this.head = new Float64Array(tasks.count);
    this.tail = new Float64Array(tasks.count);
    this.firstMs = Float64Array.from(tasks.firstMs[telescope] ?? []);
    this.lastMs = Float64Array.from(tasks.lastMs[telescope] ?? []);
    this.pieces = tasks.pieces[telescope] ?? [];
  }

  /** Takes `order` as the rows. @returns whether it is possible. */
  set(order: ArrayLike<number>): boolean {
    this.rows.set(order);
    this.length = order.length;
    return this.repack();
  }

  /** Leaves `task` one start on this telescope. */
  pin(task: number, startMs: number): void {
    this.firstMs[task] = startMs;
    this.lastMs[task] = startMs;
  }

  /** Gives `task` all its starts on this telescope back. */
  unpin(task: number): void {
    this.firstMs[task] = this.tasks.firstMs[this.telescope]?.[task] as number;
    this.lastMs[task] = this.tasks.lastMs[this.telescope]?.[task] as number;
  }

  /** Earliest possible start of `task` at or after `atMs`; Infinity when there is none. */
  startFrom(task: number, atMs: number): number {
    if ((this.lastMs[task] as number) < atMs) return Number.POSITIVE_INFINITY;
    const first = this.firstMs[task] as number;
    if (first >= atMs) return first;
    const pieces = this.pieces[task];
    if (pieces === null || pieces === undefined) return atMs;
    for (const { startMs, endMs } of pieces) if (endMs >= atMs) return startMs > atMs ? startMs : atMs;
    return Number.POSITIVE_INFINITY;
  }

  /** Latest possible start of `task` at or before `atMs`; -Infinity when there is none. */
  startBefore(task: number, atMs: number): number {
    if ((this.firstMs[task] as number) > atMs) return Number.NEGATIVE_INFINITY;
    const last = this.lastMs[task] as number;
    if (last <= atMs) return last;
    const pieces = this.pieces[task];
    if (pieces === null || pieces === undefined) return atMs;
    for (let k = pieces.length - 1; k >= 0; k--) {
      const piece = pieces[k];
      if (piece !== undefined && piece.startMs <= atMs) return piece.endMs < atMs ? piece.endMs : atMs;
    }
    return Number.NEGATIVE_INFINITY;
  }

  /** Where free time before row k (or the end) begins when all before it slide early. */
  freeFrom(k: number): number {
    if (k === 0) return this.tasks.fromMs;
    return (this.head[k - 1] as number) + (this.tasks.needMs[this.rows[k - 1] as number] as number);
  }

  /** Where free time before row k ends when it and all after it slide late. */
  freeUntil(k: number): number {
    return k === this.length ? this.tasks.untilMs : (this.tail[k] as number);
  }

  /** Earliest start of `task` between rows k-1 and k, not before `fromMs`; Infinity when it does not fit. */
  fit(task: number, k: number, fromMs = Number.NEGATIVE_INFINITY): number {
    const { gapMs, needMs } = this.tasks;
    let freeMs = this.freeFrom(k);
    let untilMs = this.freeUntil(k);
    if (gapMs !== null) {
      if (k > 0) freeMs += gapMs(this.telescope, this.rows[k - 1] as number, task);
      if (k < this.length) untilMs -= gapMs(this.telescope, task, this.rows[k] as number);
    }
    const startMs = this.startFrom(task, freeMs > fromMs ? freeMs : fromMs);
    return startMs + (needMs[task] as number) <= untilMs ? startMs : Number.POSITIVE_INFINITY;
  }

  /** Latest start of `task` between rows k-1 and k, not after `toMs`, when it fits there. */
  fitLate(task: number, k: number, toMs: number): number {
    const { gapMs, needMs } = this.tasks;
    let untilMs = this.freeUntil(k);
    if (gapMs !== null && k < this.length) {
      untilMs -= gapMs(this.telescope, task, this.rows[k] as number);
    }
    return this.startBefore(task, Math.min(untilMs - (needMs[task] as number), toMs));
  }

  insert(task: number, k: number): void {
    this.rows.copyWithin(k + 1, k, this.length);
    this.head.copyWithin(k + 1, k, this.length);
    this.tail.copyWithin(k + 1, k, this.length);
    this.rows[k] = task;
    this.length++;
    this.repackFrom(k, k);
  }

  /** Keeps the rows that are 1 in `stays`. @returns whether the rest still fits (pair overheads need not obey the triangle). */
  keep(stays: Uint8Array): boolean {
    let length = 0;
    for (let k = 0; k < this.length; k++) {
      const row = this.rows[k] as number;
      if (stays[row] === 1) this.rows[length++] = row;
    }
    this.length = length;
    return this.repack();
  }

  /** Computes the bounds anew after the starts of row k were changed. */
  repackAround(k: number): void {
    this.repackFrom(k, k);
  }

  /** Computes all bounds anew. @returns whether the order is possible. */
  repack(): boolean {
    this.head.fill(Number.NaN, 0, this.length);
    this.tail.fill(Number.NaN, 0, this.length);
    this.repackFrom(0, this.length - 1);
    return this.length === 0 || (this.head[this.length - 1] as number) < Number.POSITIVE_INFINITY;
  }

  /** Heads from row `first` on and tails from row `last` back, each until one does not change. */
  private repackFrom(first: number, last: number): void {
    const { rows, head, tail, telescope } = this;
    const { needMs, gapMs } = this.tasks;
    for (let k = first; k < this.length; k++) {
      const row = rows[k] as number;
      let fromMs = this.freeFrom(k);
      if (gapMs !== null && k > 0) fromMs += gapMs(telescope, rows[k - 1] as number, row);
      const startMs = this.startFrom(row, fromMs);
      if (k > last && startMs === head[k]) break;
      head[k] = startMs;
    }
    for (let k = last; k >= 0; k--) {
      const row = rows[k] as number;
      let toMs = this.freeUntil(k + 1);
      if (gapMs !== null && k + 1 < this.length) toMs -= gapMs(telescope, row, rows[k + 1] as number);
      const startMs = this.startBefore(row, toMs - (needMs[row] as number));
      if (k < first && startMs === tail[k]) break;
      tail[k] = startMs;
    }
  }
}
