import { firstAtOrAfter, lastAtOrBefore } from "./intervals.ts";
import { nearestStart, type Start } from "./nearest-start.ts";
import { within, type Task } from "./task.ts";

/** Extra milliseconds between two tasks that follow each other on this telescope. */
export type GapBetween = (from: { readonly id: string }, to: { readonly id: string }) => number;

/** A possible insertion before row `place`. */
export interface Place extends Start {
  readonly place: number;
}

/**
 * The rows of one telescope in order of time. Rows keep their order and slide inside their windows:
 * with `packedEnd[k]`, the end of row k when all slide as early as they can, and `packedStart[k]`, the start of row k when all
 * slide as late as they can, a block fits between rows k-1 and k exactly when it fits between the two bounds.
 */
export class Track {
  readonly telescope: number;
  readonly rows: Task[] = [];
  readonly startMs: number[] = [];
  private readonly gapBetween: GapBetween | null;
  private packedEnd: number[] = [];
  private packedStart: number[] = [];

  constructor(telescope: number, gapBetween: GapBetween | null) {
    this.telescope = telescope;
    this.gapBetween = gapBetween;
  }

  /** The insertion of `task` nearest to its wish, the earlier of two equal ones; null when none exists. */
  bestPlace(task: Task): Place | null {
    const starts = task.starts[this.telescope] ?? [];
    const firstMs = starts[0]?.startMs;
    const lastMs = starts.at(-1)?.endMs;
    if (firstMs === undefined || lastMs === undefined) return null;
    let best: Place | null = null;
    for (let place = this.firstPlaceFor(task, firstMs); place <= this.rows.length; place++) {
      const previous = this.rows[place - 1];
      const next = this.rows[place];
      const fromMs =
        previous === undefined
          ? Number.NEGATIVE_INFINITY
          : (this.packedEnd[place - 1] ?? 0) + this.gap(previous, task);
      if (this.gapBetween === null && fromMs > lastMs) break;
      const toMs =
        next === undefined
          ? Number.POSITIVE_INFINITY
          : (this.packedStart[place] ?? 0) - this.gap(task, next) - task.needMs;
      const start = nearestStart(task, this.telescope, Math.max(fromMs, firstMs), Math.min(toMs, lastMs));
      if (start === null) continue;
      if (best === null || start.cost < best.cost) best = { place, ...start };
      // Later places cannot start earlier.
      if (task.preferredStartMs === null && task.merit.length === 0 && this.gapBetween === null) break;
    }
    return best;
  }

  /** Puts `task` at a place that `bestPlace` found, and slides the others as little as needed. */
  insert(task: Task, at: Place): void {
    this.rows.splice(at.place, 0, task);
    this.startMs.splice(at.place, 0, at.startMs);
    this.slideEarlier(at.place);
    this.slideLater(at.place);
    this.pack();
  }

  /** Takes `rows` at `startMs` as they stand; they must not overlap. */
  set(rows: readonly Task[], startMs: readonly number[]): void {
    this.rows.length = 0;
    this.startMs.length = 0;
    rows.forEach((row, k) => {
      this.rows.push(row);
      this.startMs.push(startMs[k] as number);
    });
    this.pack();
  }

  /** Holds row k where it stands: it slides no more. */
  pin(k: number): void {
    const row = this.rows[k];
    const startMs = this.startMs[k];
    if (row === undefined || startMs === undefined) return;
    this.rows[k] = within(row, startMs, startMs);
    this.pack();
  }

  /** Holds all rows where they stand. */
  pinAll(): void {
    this.set(
      this.rows.map((row, k) => within(row, this.startMs[k] as number, this.startMs[k] as number)),
      [...this.startMs],
    );
  }

  endMs(k: number): number {
    return (this.startMs[k] ?? 0) + (this.rows[k]?.needMs ?? 0);
  }

  gap(from: Task, to: Task): number {
    return this.gapBetween === null ? 0 : this.gapBetween(from, to);
  }

  /** First row that the task could come before: the first whose late start leaves room after the task's first start. */
  private firstPlaceFor(task: Task, firstMs: number): number {
    let low = 0;
    let high = this.rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.packedStart[middle] ?? 0) < firstMs + task.needMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private slideEarlier(from: number): void {
    for (let k = from - 1; k >= 0; k--) {
      const row = this.rows[k];
      const next = this.rows[k + 1];
      if (row === undefined || next === undefined) return;
      const latestMs = (this.startMs[k + 1] ?? 0) - this.gap(row, next) - row.needMs;
      if ((this.startMs[k] ?? 0) <= latestMs) return;
      this.startMs[k] = mustFit(lastAtOrBefore(row.starts[this.telescope] ?? [], latestMs));
    }
  }

  private slideLater(from: number): void {
    for (let k = from + 1; k < this.rows.length; k++) {
      const row = this.rows[k];
      const previous = this.rows[k - 1];
      if (row === undefined || previous === undefined) return;
      const earliestMs = this.endMs(k - 1) + this.gap(previous, row);
      if ((this.startMs[k] ?? 0) >= earliestMs) return;
      this.startMs[k] = mustFit(firstAtOrAfter(row.starts[this.telescope] ?? [], earliestMs));
    }
  }

  private pack(): void {
    const { rows, telescope } = this;
    this.packedEnd = [];
    let freeMs = Number.NEGATIVE_INFINITY;
    rows.forEach((row, k) => {
      const previous = rows[k - 1];
      if (previous !== undefined) freeMs += this.gap(previous, row);
      freeMs = mustFit(firstAtOrAfter(row.starts[telescope] ?? [], freeMs)) + row.needMs;
      this.packedEnd[k] = freeMs;
    });
    this.packedStart = Array.from({ length: rows.length }, () => 0);
    let limitMs = Number.POSITIVE_INFINITY;
    for (let k = rows.length - 1; k >= 0; k--) {
      const row = rows[k];
      if (row === undefined) continue;
      const next = rows[k + 1];
      if (next !== undefined) limitMs -= this.gap(row, next);
      limitMs = mustFit(lastAtOrBefore(row.starts[telescope] ?? [], limitMs - row.needMs));
      this.packedStart[k] = limitMs;
    }
  }
}

/** The bounds promise a place: not finding it is a fault of this file, never of the input. */
function mustFit(startMs: number | null): number {
  if (startMs === null) throw new Error("a row lost its place: the packed bounds are wrong");
  return startMs;
}
