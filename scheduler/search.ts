import { createCandidates } from "./candidates.ts";
import { Packing, type TaskColumns } from "./packing.ts";
import type { Random } from "./random.ts";

export interface SearchInput {
  readonly tasks: TaskColumns;
  /** Starting orders by telescope; they must be possible. */
  readonly orders: readonly (readonly number[])[];
  /** Quota of each owner before any task is planned. */
  readonly quotaMs: Float64Array;
  /** 1: must stay planned (alerts, and what stands in a relation). */
  readonly keep: Uint8Array;
  /** In units of `value`: the search stops when it is reached. */
  readonly upperBound: number;
  readonly random: Random;
}

export interface SearchResult {
  readonly orders: readonly (readonly number[])[];
  readonly value: number;
  readonly iterations: number;
}

/** One feasible candidate in this many is passed over, so that the same hole is not always filled the same way. */
const BLINK = 80;
const LONGEST_STRING = 20;
/** Greatest loss accepted at the start of a period, in values of a mean row. */
const HEAT = 0.15;
/** Iterations of the first period of the falling threshold; each next one is twice as long, to the longest. */
const FIRST_PERIOD = 512;
const LONGEST_PERIOD = 16_384;

/** Orders of all telescopes at one moment. */
interface Orders {
  readonly rows: readonly Int32Array[];
  readonly lengths: Int32Array;
  value: number;
}

/**
 * Large-neighbourhood search: each iteration takes a few rows out (a string of neighbours, rows of one owner, what stands in
 * the way of a chosen sequence), fills the holes greedily with blinks, and keeps the result when it is not too much worse
 * (Shaw 1998; strings and blinks after Christiaens & Vanden Berghe 2020; threshold accepting after Dueck & Scheuer 1990).
 * The threshold depends on the number of the iteration only, never on the time left, so that a run of n iterations is
 * the beginning of every longer run.
 * @param mayGoOn asked before each iteration with the number of iterations done.
 */
export function search(input: SearchInput, mayGoOn: (iterationsDone: number) => boolean): SearchResult {
  const { tasks, keep, random } = input;
  const packings = input.orders.map((_, telescope) => new Packing(telescope, tasks));
  const planned = new Uint8Array(tasks.count);
  const quotaMs = input.quotaMs.slice();
  const candidates = createCandidates(tasks, input.quotaMs, random);
  // Gaps wide enough for the smallest task that is tried, as telescope and place; found anew after each insertion.
  const gapTelescope = new Int32Array(tasks.count + packings.length);
  const gapPlace = new Int32Array(tasks.count + packings.length);
  const gapWidthMs = new Float64Array(tasks.count + packings.length);
  let gaps = 0;
  let smallestMs = tasks.needMs.reduce(
    (least, needMs, task) => (keep[task] === 0 ? least : Math.min(least, needMs)),
    candidates.smallestMs,
  );
  let value = 0;
  let kept = 0;

  packings.forEach((packing, telescope) => {
    packing.rows.set(input.orders[telescope] ?? []);
    packing.length = input.orders[telescope]?.length ?? 0;
    packing.repack();
    for (let k = 0; k < packing.length; k++) account(packing.rows[k] as number, 1);
  });
  const mustKeep = kept;
  const rowCount = packings.reduce((sum, packing) => sum + packing.length, 0);
  const meanValue = value / Math.max(1, rowCount);
  const before = emptyOrders();
  const best = emptyOrders();
  save(best);
  let periodStart = 0;
  let period = FIRST_PERIOD;
  let iterations = 0;
  while (best.value < input.upperBound && mayGoOn(iterations)) {
    if (iterations - periodStart >= period) {
      periodStart = iterations;
      period = Math.min(period * 2, LONGEST_PERIOD);
      load(best);
    }
    save(before);
    const heat = 1 - (iterations - periodStart) / period;
    iterations++;
    const possible = destroy();
    if (possible) fill(candidates.pick(iterations), true);
    const slack = HEAT * meanValue * heat * heat * random.unit();
    if (!possible || kept < mustKeep || value < before.value - slack) load(before);
    else if (value > best.value) save(best);
  }
  load(best);
  smallestMs = 0;
  fill(candidates.all, false);
  save(best);
  const orders = best.rows.map((rows, telescope) => Array.from(rows.subarray(0, best.lengths[telescope])));
  return { orders, value: best.value, iterations };

  function emptyOrders(): Orders {
    return {
      rows: packings.map((packing) => new Int32Array(packing.rows.length)),
      lengths: new Int32Array(packings.length),
      value: 0,
    };
  }

  function save(into: Orders): void {
    packings.forEach((packing, telescope) => {
      into.rows[telescope]?.set(packing.rows.subarray(0, packing.length));
      into.lengths[telescope] = packing.length;
    });
    into.value = value;
  }

  function load(from: Orders): void {
    for (const packing of packings) {
      for (let k = 0; k < packing.length; k++) planned[packing.rows[k] as number] = 0;
    }
    quotaMs.set(input.quotaMs);
    value = 0;
    kept = 0;
    packings.forEach((packing, telescope) => {
      const length = from.lengths[telescope] as number;
      packing.rows.set((from.rows[telescope] as Int32Array).subarray(0, length));
      packing.length = length;
      packing.repack();
      for (let k = 0; k < length; k++) account(packing.rows[k] as number, 1);
    });
  }

  function account(task: number, sign: 1 | -1): void {
    planned[task] = sign === 1 ? 1 : 0;
    value += sign * (tasks.value[task] as number);
    const owner = tasks.owner[task] as number;
    quotaMs[owner] = (quotaMs[owner] as number) - sign * (tasks.needMs[task] as number);
    if (keep[task] !== 0) kept += sign;
  }

  function affordable(task: number): boolean {
    return (tasks.needMs[task] as number) <= (quotaMs[tasks.owner[task] as number] as number);
  }

  /** Takes rows out. @returns false when what is left is not possible in this order. */
  function destroy(): boolean {
    const choice = random.unit();
    if (choice >= 0.7) return makeRoomFor(candidates.unplanned(planned));
    if (choice >= 0.55) removeSomeOfOwner(random.below(quotaMs.length), 1 + random.below(4));
    removeString(anyPacking());
    if (choice < 0.2) removeString(anyPacking());
    return repackAll();
  }

  function anyPacking(): Packing {
    return packings[random.below(packings.length)] as Packing;
  }

  /** @returns whether the rest still fits: overheads by pair need not obey the triangle. */
  function repackAll(): boolean {
    let possible = true;
    for (const packing of packings) if (!packing.keep(planned)) possible = false;
    return possible;
  }

  function remove(task: number): void {
    if (planned[task] === 1) account(task, -1);
  }

  function removeString(packing: Packing): void {
    if (packing.length === 0) return;
    const length = 1 + random.below(Math.min(LONGEST_STRING, packing.length));
    const first = random.below(packing.length - length + 1);
    // One row of the string may stay: the neighbourhood "all but one".
    const spared = random.unit() < 0.3 ? first + random.below(length) : -1;
    for (let k = first; k < first + length; k++) if (k !== spared) remove(packing.rows[k] as number);
  }

  function removeSomeOfOwner(owner: number, count: number): void {
    const rows: number[] = [];
    for (const packing of packings) {
      for (let k = 0; k < packing.length; k++) {
        const task = packing.rows[k] as number;
        if (tasks.owner[task] === owner && planned[task] === 1) rows.push(task);
      }
    }
    for (let n = 0; n < count && rows.length > 0; n++) {
      const [task] = rows.splice(random.below(rows.length), 1);
      if (task !== undefined) remove(task);
    }
  }

  /** Takes out what stands where `task` could be, and enough of its owner's rows to pay for it, and puts it there. */
  function makeRoomFor(task: number): boolean {
    if (task < 0) {
      removeString(anyPacking());
      return repackAll();
    }
    const needMs = tasks.needMs[task] as number;
    const able = packings.filter(
      (packing) => packing.startFrom(task, tasks.fromMs) < Number.POSITIVE_INFINITY,
    );
    const packing = able[random.below(able.length)];
    if (packing === undefined) return true;
    const firstMs = packing.startFrom(task, tasks.fromMs);
    const lastMs = packing.startBefore(task, tasks.untilMs);
    const startMs = packing.startFrom(task, firstMs + Math.floor(random.unit() * (lastMs - firstMs + 1)));
    const at = random.unit() < 0.5 ? packing.tail : packing.head;
    for (let k = 0; k < packing.length; k++) {
      const row = packing.rows[k] as number;
      const rowStartMs = at[k] as number;
      if (rowStartMs < startMs + needMs && startMs < rowStartMs + (tasks.needMs[row] as number)) remove(row);
    }
    for (let tries = 0; tries < 8 && !affordable(task); tries++)
      removeSomeOfOwner(tasks.owner[task] as number, 1);
    if (!repackAll()) return false;
    if (affordable(task)) insertAnywhere(task);
    return true;
  }

  /** Plans whatever fits, in the given order; what must stay goes first. */
  function fill(order: Int32Array, blinks: boolean): void {
    if (kept < mustKeep) {
      for (let task = 0; task < tasks.count; task++) {
        if (keep[task] !== 0 && planned[task] === 0 && affordable(task)) insertAnywhere(task);
      }
    }
    let widestMs = findGaps();
    for (let n = 0; n < order.length && gaps > 0; n++) {
      const task = order[n] as number;
      if (planned[task] === 1 || (tasks.needMs[task] as number) > widestMs || !affordable(task)) continue;
      if (blinks && random.below(BLINK) === 0) continue;
      if (insertInGap(task)) widestMs = findGaps();
    }
  }

  function insertAnywhere(task: number): void {
    findGaps();
    insertInGap(task);
  }

  /** Inserts `task` into the gap where it leaves the most room to others. @returns whether it fits. */
  function insertInGap(task: number): boolean {
    const needMs = tasks.needMs[task] as number;
    let bestLoss = Number.POSITIVE_INFINITY;
    let bestGap = -1;
    for (let gap = 0; gap < gaps; gap++) {
      const widthMs = gapWidthMs[gap] as number;
      if (widthMs < needMs) continue;
      const packing = packings[gapTelescope[gap] as number] as Packing;
      const place = gapPlace[gap] as number;
      const startMs = packing.fit(task, place);
      if (startMs === Number.POSITIVE_INFINITY) continue;
      // Room left on the better side: when it slides early, what is behind it; when it slides late, what is before it.
      const untilMs = packing.freeUntil(place);
      const behindMs = untilMs - startMs - needMs;
      const beforeMs = packing.startBefore(task, untilMs - needMs) - packing.freeFrom(place);
      const loss = widthMs - needMs - Math.max(behindMs, beforeMs);
      if (loss < bestLoss) {
        bestLoss = loss;
        bestGap = gap;
      }
    }
    if (bestGap < 0) return false;
    packings[gapTelescope[bestGap] as number]?.insert(task, gapPlace[bestGap] as number);
    account(task, 1);
    return true;
  }

  /** @returns the width of the widest gap. */
  function findGaps(): number {
    let widestMs = 0;
    gaps = 0;
    for (let telescope = 0; telescope < packings.length; telescope++) {
      const packing = packings[telescope] as Packing;
      const { head, tail, rows, length } = packing;
      // The same as freeUntil(place) - freeFrom(place), in one run through the columns: this is where a search spends its time.
      let fromMs = tasks.fromMs;
      for (let place = 0; place <= length; place++) {
        const widthMs = (place === length ? tasks.untilMs : (tail[place] as number)) - fromMs;
        if (place < length)
          fromMs = (head[place] as number) + (tasks.needMs[rows[place] as number] as number);
        if (widthMs < smallestMs || widthMs <= 0) continue;
        gapTelescope[gaps] = telescope;
        gapPlace[gaps] = place;
        gapWidthMs[gaps] = widthMs;
        gaps++;
        if (widthMs > widestMs) widestMs = widthMs;
      }
    }
    return widestMs;
  }
}
