import { Arrangement, type Pick, type RelationColumns, type UnitColumns } from "./arrangement.ts";
import { createCandidates } from "./candidates.ts";
import type { Packing, TaskColumns } from "./packing.ts";
import type { Random } from "./random.ts";

export interface SearchInput {
  readonly tasks: TaskColumns;
  readonly relations: RelationColumns;
  /** The plan to start from, by telescope: rows in order, and their starts. */
  readonly orders: readonly (readonly number[])[];
  readonly startMs: readonly (readonly number[])[];
  /** Quota of each owner before any task is planned. */
  readonly quotaMs: Float64Array;
  /** 1: stays planned where it stands (alerts). */
  readonly fixed: Uint8Array;
  /** In units of `value`: the search stops when it is reached. */
  readonly upperBound: number;
  readonly random: Random;
}

export interface SearchResult {
  readonly orders: readonly (readonly number[])[];
  /** Start of each row that is fixed or stands in a relation, NaN for the others, by telescope. */
  readonly pinMs: readonly (readonly number[])[];
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
/** Rows of an owner taken out at most to pay for another of its tasks. */
const MOST_PAYERS = 8;
/** Part of the iterations in which pinned rows move together. */
const SQUEEZES = 0.3;
const PICKS: readonly Pick[] = ["snug", "snug", "earliest", "latest", "any"];

/**
 * Large-neighbourhood search: each iteration takes a few rows out (a string of neighbours, rows of one owner, what stands in
 * the way of a chosen sequence), fills the holes greedily with blinks, and keeps the result when it is not too much worse
 * (Shaw 1998; strings and blinks after Christiaens & Vanden Berghe 2020; threshold accepting after Dueck & Scheuer 1990).
 *
 * A run of n iterations is the beginning of every longer run, and its result is the best of what it went through, each
 * completed before it counts: the threshold depends on the number of the iteration only, never on the time left, and
 * nothing is added at the end. So a longer search is never worse.
 * @param mayGoOn asked before each iteration with the number of iterations done.
 */
export function search(input: SearchInput, mayGoOn: (iterationsDone: number) => boolean): SearchResult {
  const { tasks, relations, random } = input;
  const plan = new Arrangement(tasks, relations, input.quotaMs, input.fixed, random);
  const { packings, planned } = plan;
  plan.start(input.orders, input.startMs);
  const candidates = createCandidates(tasks, relations, input.quotaMs, random);
  const rowCount = packings.reduce((sum, packing) => sum + packing.length, 0);
  const meanValue = plan.value / Math.max(1, rowCount);
  /** Number of the last filling that tried the unit. */
  const tried = new Int32Array(relations.units.length);
  let fillings = 0;
  const before = plan.emptyOrders();
  const best = plan.emptyOrders();
  complete();
  plan.save(best);
  let periodStart = 0;
  let period = FIRST_PERIOD;
  let iterations = 0;
  while (best.value < input.upperBound && mayGoOn(iterations)) {
    if (iterations - periodStart >= period) {
      periodStart = iterations;
      period = Math.min(period * 2, LONGEST_PERIOD);
      plan.load(best);
    }
    plan.save(before);
    const heat = 1 - (iterations - periodStart) / period;
    iterations++;
    const possible = destroy();
    if (possible && plan.hasPins && random.unit() < SQUEEZES) plan.squeeze(random.below(2) === 0);
    if (possible) fill(candidates.pick(iterations), true);
    const slack = HEAT * meanValue * heat * heat * random.unit();
    if (!possible || plan.value < before.value - slack) plan.load(before);
    else if (plan.value > best.value) {
      complete();
      plan.save(best);
    }
  }
  plan.load(best);
  const orders = packings.map((packing) => Array.from(packing.rows.subarray(0, packing.length)));
  return { orders, pinMs: orders.map((order) => plan.pinsOf(order)), iterations };

  /** Plans what still fits, of all tasks and into every gap: nothing is refused that has room. */
  function complete(): void {
    plan.smallestMs = 0;
    fill(candidates.all, false);
    plan.smallestMs = candidates.smallestMs;
  }

  /** Takes rows out. @returns false when what is left is not possible in this order. */
  function destroy(): boolean {
    const choice = random.unit();
    if (choice >= 0.7) return makeRoomForOne();
    if (choice >= 0.55) removeSomeOfOwner(random.below(plan.quotaMs.length), 1 + random.below(4));
    removeString(anyPacking());
    if (choice < 0.2) removeString(anyPacking());
    return plan.repack();
  }

  function anyPacking(): Packing {
    return packings[random.below(packings.length)] as Packing;
  }

  function removeString(packing: Packing): void {
    if (packing.length === 0) return;
    const length = 1 + random.below(Math.min(LONGEST_STRING, packing.length));
    const first = random.below(packing.length - length + 1);
    // One row of the string may stay: the neighbourhood "all but one".
    const spared = random.unit() < 0.3 ? first + random.below(length) : -1;
    for (let k = first; k < first + length; k++) if (k !== spared) plan.remove(packing.rows[k] as number);
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
      if (task !== undefined) plan.remove(task);
    }
  }

  function makeRoomForOne(): boolean {
    const task = candidates.unplanned(planned);
    if (task < 0) {
      removeString(anyPacking());
      return plan.repack();
    }
    // What gives way may itself have room only where something else stands, on another telescope.
    if (packings.length > 1 && random.unit() < 0.3) removeString(anyPacking());
    const unit = plan.unitOf(task);
    return unit < 0 ? makeRoomFor(task) : makeRoomForUnit(unit);
  }

  /** Takes out what stands where `task` could be, and enough of its owner's rows to pay for it, and puts it there. */
  function makeRoomFor(task: number): boolean {
    const place = somewhere(task, tasks.fromMs, tasks.untilMs);
    if (place === null) return true;
    clear(place);
    if (!payFor(task)) return false;
    if (plan.affordable(task)) {
      plan.findGaps();
      plan.insertInGap(task);
    }
    return true;
  }

  /** The same for a unit and what it needs: a place for each, in order, at the distances its relations ask for. */
  function makeRoomForUnit(unit: number): boolean {
    // What it needs may stand at a bad time.
    if (random.unit() < 0.5) {
      for (const needed of relations.units[unit]?.needs ?? [])
        plan.remove((relations.units[needed] as UnitColumns).tasks[0] as number);
    }
    const missing = plan.missingFor(unit) ?? [];
    const members = missing.flatMap((number) => (relations.units[number] as UnitColumns).tasks);
    const places: { task: number; packing: Packing; startMs: number }[] = [];
    const endMs = new Map<number, number>();
    for (const task of members) {
      const place = somewhere(task, ...plan.linkedRoom(task, endMs));
      if (place === null) break;
      clear(place);
      places.push(place);
      endMs.set(task, place.startMs + (tasks.needMs[task] as number));
    }
    if (!plan.repack()) return false;
    for (const task of members) if (!payFor(task)) return false;
    // What was cleared away may be needed itself.
    const complete = places.length === members.length && plan.missingFor(unit)?.length === missing.length;
    if (!complete || !plan.insertAt(places)) plan.insertUnit(unit, anyPick());
    return true;
  }

  function anyPick(): Pick {
    return PICKS[random.below(PICKS.length)] as Pick;
  }

  /** A start of `task` by lot, whatever stands there; null when there is none from `fromMs` to `toMs`. */
  function somewhere(task: number, fromMs: number, toMs: number) {
    const from = Math.max(fromMs, tasks.fromMs);
    const able = packings.filter((packing) => packing.startFrom(task, from) <= Math.min(toMs, tasks.untilMs));
    const packing = able[random.below(able.length)];
    if (packing === undefined) return null;
    const firstMs = packing.startFrom(task, from);
    const lastMs = packing.startBefore(task, Math.min(toMs, tasks.untilMs));
    const startMs = packing.startFrom(task, firstMs + Math.floor(random.unit() * (lastMs - firstMs + 1)));
    return { task, packing, startMs };
  }

  /** Takes out what stands where a task is to stand. */
  function clear({ task, packing, startMs }: { task: number; packing: Packing; startMs: number }): void {
    const endMs = startMs + (tasks.needMs[task] as number);
    const at = random.unit() < 0.5 ? packing.tail : packing.head;
    for (let k = 0; k < packing.length; k++) {
      const row = packing.rows[k] as number;
      const rowStartMs = at[k] as number;
      if (rowStartMs < endMs && startMs < rowStartMs + (tasks.needMs[row] as number)) plan.remove(row);
    }
  }

  /** Takes out rows of the owner until it can pay for `task`. @returns whether what is left is possible. */
  function payFor(task: number): boolean {
    for (let tries = 0; tries < MOST_PAYERS && !plan.affordable(task); tries++)
      removeSomeOfOwner(tasks.owner[task] as number, 1);
    return plan.repack();
  }

  /** Plans whatever fits, in the given order. */
  function fill(order: Int32Array, blinks: boolean): void {
    fillings++;
    let widestMs = plan.findGaps();
    for (let n = 0; n < order.length && plan.gaps > 0; n++) {
      const task = order[n] as number;
      if (planned[task] === 1 || (tasks.needMs[task] as number) > widestMs || !plan.affordable(task))
        continue;
      if (blinks && random.below(BLINK) === 0) continue;
      const unit = plan.unitOf(task);
      if (unit < 0) {
        if (plan.insertInGap(task)) widestMs = plan.findGaps();
      } else if (tried[unit] !== fillings) {
        tried[unit] = fillings;
        if (plan.insertUnit(unit, blinks ? anyPick() : "earliest")) widestMs = plan.findGaps();
      }
    }
  }
}
