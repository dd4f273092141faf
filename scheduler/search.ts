import { Packing, type TaskColumns } from "./packing.ts";
import type { Random } from "./random.ts";

export interface SearchInput {
  readonly tasks: TaskColumns;
  /** Starting orders by telescope; they must be possible. */
  readonly orders: readonly (readonly number[])[];
  /** Quota of each owner before any task is planned. */
  readonly quotaMs: Float64Array;
  /** 1: must stay planned (alerts); 2: must stay where it is in the order too. */
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

/** Candidates are tried in one of these orders; all but the first are made anew from time to time. */
const ORDERS = 8;
const ORDER_LIFE = 64;
/** One feasible candidate in this many is passed over, so that the same hole is not always filled the same way. */
const BLINK = 24;
const LONGEST_STRING = 12;
const FIRST_PERIOD = 512;

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
  const orders = createOrders(tasks, random);
  const smallestMs = tasks.needMs.reduce(
    (least, needMs) => Math.min(least, needMs),
    Number.POSITIVE_INFINITY,
  );
  let value = 0;
  let kept = 0;
  load(input.orders);
  let best = { orders: copyOrders(), value };
  let mustKeep = kept;
  let periodStart = 0;
  let period = FIRST_PERIOD;
  const meanValue =
    value /
    Math.max(
      1,
      packings.reduce((sum, packing) => sum + packing.length, 0),
    );

  let iterations = 0;
  while (best.value < input.upperBound && mayGoOn(iterations)) {
    if (iterations - periodStart >= period) {
      periodStart = iterations;
      period = Math.min(period * 2, 16_384);
      load(best.orders);
    }
    const before = { orders: copyOrders(), value };
    const heat = 1 - (iterations - periodStart) / period;
    iterations++;
    const possible = destroy();
    if (possible) fill(orders.pick(iterations));
    const slack = meanValue * heat * heat * random.unit();
    if (!possible || kept < mustKeep || value < before.value - slack) load(before.orders);
    else if (value > best.value) best = { orders: copyOrders(), value };
  }
  load(best.orders);
  fill(orders.pick(0), false);
  return { orders: copyOrders(), value, iterations };

  function load(rowsByTelescope: readonly ArrayLike<number>[]): void {
    planned.fill(0);
    quotaMs.set(input.quotaMs);
    value = 0;
    kept = 0;
    packings.forEach((packing, telescope) => {
      const rows = rowsByTelescope[telescope] ?? [];
      packing.rows.set(rows);
      packing.length = rows.length;
      packing.repack();
      for (let k = 0; k < rows.length; k++) account(rows[k] as number, 1);
    });
  }

  function copyOrders(): number[][] {
    return packings.map((packing) => Array.from(packing.rows.subarray(0, packing.length)));
  }

  function account(task: number, sign: 1 | -1): void {
    planned[task] = sign === 1 ? 1 : 0;
    value += sign * (tasks.value[task] as number);
    const owner = tasks.owner[task] as number;
    quotaMs[owner] = (quotaMs[owner] as number) - sign * (tasks.needMs[task] as number);
    if (keep[task] !== 0) kept += sign;
  }

  /** Takes rows out. @returns false when what is left is not possible in this order. */
  function destroy(): boolean {
    const choice = random.unit();
    if (choice < 0.55) {
      removeString(packings[random.below(packings.length)] as Packing);
      if (random.unit() < 0.3) removeString(packings[random.below(packings.length)] as Packing);
    } else if (choice < 0.7) {
      removeSomeOfOwner(random.below(quotaMs.length), 1 + random.below(4));
      removeString(packings[random.below(packings.length)] as Packing);
    } else {
      return makeRoomFor(orders.unplanned(planned));
    }
    return repackAll();
  }

  function repackAll(): boolean {
    let possible = true;
    for (const packing of packings) if (!packing.keep((task) => planned[task] === 1)) possible = false;
    return possible;
  }

  function remove(task: number): void {
    if (keep[task] !== 2 && planned[task] === 1) account(task, -1);
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
      removeString(packings[random.below(packings.length)] as Packing);
      return repackAll();
    }
    const needMs = tasks.needMs[task] as number;
    const able = packings.filter(
      ({ telescope }) =>
        (tasks.firstMs[telescope]?.[task] as number) <= (tasks.lastMs[telescope]?.[task] as number),
    );
    const packing = able[random.below(able.length)];
    if (packing === undefined) return true;
    const firstMs = tasks.firstMs[packing.telescope]?.[task] as number;
    const lastMs = tasks.lastMs[packing.telescope]?.[task] as number;
    const startMs = packing.startFrom(task, firstMs + Math.floor(random.unit() * (lastMs - firstMs + 1)));
    const late = random.unit() < 0.5;
    for (let k = 0; k < packing.length; k++) {
      const row = packing.rows[k] as number;
      const rowStartMs = (late ? packing.tail[k] : packing.head[k]) as number;
      if (rowStartMs < startMs + needMs && startMs < rowStartMs + (tasks.needMs[row] as number)) remove(row);
    }
    const owner = tasks.owner[task] as number;
    for (let tries = 0; tries < 8 && (quotaMs[owner] as number) < needMs; tries++)
      removeSomeOfOwner(owner, 1);
    if (!repackAll()) return false;
    if ((quotaMs[owner] as number) >= needMs) insertAnywhere(task, [packing]);
    return true;
  }

  /** Inserts `task` where it leaves the most room to others. @returns whether it fits. */
  function insertAnywhere(task: number, where: readonly Packing[]): boolean {
    const needMs = tasks.needMs[task] as number;
    let bestLoss = Number.POSITIVE_INFINITY;
    let bestPlace = -1;
    let bestPacking: Packing | null = null;
    for (const packing of where) {
      for (let k = 0; k <= packing.length; k++) {
        const fromMs = packing.freeFrom(k);
        const untilMs = packing.freeUntil(k);
        if (untilMs - fromMs < needMs) continue;
        const startMs = packing.fit(task, k);
        if (startMs === Number.POSITIVE_INFINITY) continue;
        // Room left on the better side: when it slides early, what is behind it; when it slides late, what is before it.
        const behindMs = untilMs - startMs - needMs;
        const beforeMs = packing.startBefore(task, untilMs - needMs) - fromMs;
        const loss = untilMs - fromMs - needMs - Math.max(behindMs, beforeMs);
        if (loss < bestLoss) {
          bestLoss = loss;
          bestPlace = k;
          bestPacking = packing;
        }
      }
    }
    if (bestPacking === null) return false;
    bestPacking.insert(task, bestPlace);
    account(task, 1);
    return true;
  }

  /** Plans whatever fits, in the given order; what must stay goes first. */
  function fill(order: Int32Array, blinks = true): void {
    if (kept < mustKeep) {
      for (let task = 0; task < tasks.count; task++) {
        if (keep[task] !== 0 && planned[task] === 0 && affordable(task)) insertAnywhere(task, packings);
      }
    }
    let widestMs = widestGapMs();
    for (let n = 0; n < order.length && widestMs >= smallestMs; n++) {
      const task = order[n] as number;
      if (planned[task] === 1 || (tasks.needMs[task] as number) > widestMs || !affordable(task)) continue;
      if (blinks && random.below(BLINK) === 0) continue;
      if (insertAnywhere(task, packings)) widestMs = widestGapMs();
    }
  }

  function affordable(task: number): boolean {
    return (tasks.needMs[task] as number) <= (quotaMs[tasks.owner[task] as number] as number);
  }

  function widestGapMs(): number {
    let widestMs = 0;
    for (const packing of packings) {
      for (let k = 0; k <= packing.length; k++) {
        const gapMs = packing.freeUntil(k) - packing.freeFrom(k);
        if (gapMs > widestMs) widestMs = gapMs;
      }
    }
    return widestMs;
  }
}

/** Orders in which candidates are tried: by what they earn per second, exactly and with noise. */
function createOrders(
  tasks: TaskColumns,
  random: Random,
): { pick(iteration: number): Int32Array; unplanned(planned: Uint8Array): number } {
  const density = tasks.value.map((value, task) => value / (tasks.needMs[task] as number));
  const sorted = (key: Float64Array): Int32Array =>
    Int32Array.from(key.keys()).sort((a, b) => (key[b] as number) - (key[a] as number) || a - b);
  const byDensity = sorted(density);
  const noisy = Array.from({ length: ORDERS }, () => byDensity);
  return {
    pick(iteration) {
      if (iteration === 0) return byDensity;
      if (iteration % ORDER_LIFE === 1) {
        const spread = random.unit();
        const power = random.below(3);
        // power 1: what earns most altogether goes first too.
        noisy[random.below(ORDERS)] = sorted(
          density.map(
            (perMs, task) =>
              (power === 1 ? perMs * Math.sqrt(tasks.needMs[task] as number) : perMs) *
              (1 - spread * random.unit()),
          ),
        );
      }
      return random.unit() < 0.4 ? byDensity : (noisy[random.below(ORDERS)] as Int32Array);
    },
    /** A task that is not planned, one that earns much more often than one that earns little; -1 when all are. */
    unplanned(planned) {
      for (let tries = 0; tries < 40; tries++) {
        const u = random.unit();
        const task = byDensity[Math.floor(u * u * byDensity.length)] as number;
        if (planned[task] === 0) return task;
      }
      return -1;
    },
  };
}
