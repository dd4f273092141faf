import { Packing, type TaskColumns } from "./packing.ts";
import type { Random } from "./random.ts";

/** Tasks that are planned all or none, by number; see `Unit`. */
export interface UnitColumns {
  /** Each after those of the same unit that it follows in time. */
  readonly tasks: readonly number[];
  /** Numbers of the units that must be planned before this one, all smaller than its own. */
  readonly needs: readonly number[];
  /** Numbers of the units that need this one. */
  readonly neededBy: readonly number[];
}

/** One side of a link: the task starts from minMs to maxMs after the end of `other` when it follows it, else the other way. */
export interface LinkColumns {
  readonly other: number;
  readonly follows: boolean;
  readonly minMs: number;
  readonly maxMs: number;
}

/** Relations by number of task. */
export interface RelationColumns {
  readonly units: readonly UnitColumns[];
  /** The unit of each task; -1: it stands in no relation. */
  readonly unitOf: Int32Array;
  /** The links of each task that has some: those are pinned to a start when they are planned. */
  readonly linksOf: ReadonlyMap<number, readonly LinkColumns[]>;
}

/** Where in its room a task with links is put: what it is followed by depends on it. */
export type Pick = "snug" | "earliest" | "latest" | "any";

/** More units than this are not planned at once for the sake of one: long chains grow link by link. */
const MOST_UNITS_AT_ONCE = 8;

/** The orders of all telescopes at one moment. */
export interface Orders {
  readonly rows: readonly Int32Array[];
  readonly lengths: Int32Array;
  /** Starts of the planned tasks that have links, in the order of `RelationColumns.linksOf`. */
  readonly pinMs: Float64Array;
  value: number;
}

/**
 * The plan that a search changes: an order of rows on each telescope, quotas and value. Tasks without links have no times, only
 * an order; those with links are pinned to a start when they are planned, so that their distances hold whatever happens
 * around them. Fixed tasks are pinned for good and never taken out.
 */
export class Arrangement {
  readonly packings: readonly Packing[];
  readonly planned: Uint8Array;
  readonly quotaMs: Float64Array;
  value = 0;
  /** Gaps found last: telescope, place and width of each. */
  gaps = 0;
  readonly gapTelescope: Int32Array;
  readonly gapPlace: Int32Array;
  readonly gapWidthMs: Float64Array;
  /** Gaps narrower than this are passed over. */
  smallestMs = 0;
  private readonly tasks: TaskColumns;
  private readonly relations: RelationColumns;
  private readonly fixed: Uint8Array;
  private readonly wholeQuotaMs: Float64Array;
  private readonly random: Random;
  /** Tasks that have links. */
  private readonly linked: Int32Array;
  /** Place of each task in `linked`; -1: it has no links. */
  private readonly linkedPlace: Int32Array;
  /** Start of each planned task that is pinned. */
  private readonly pinMs: Float64Array;

  constructor(
    tasks: TaskColumns,
    relations: RelationColumns,
    quotaMs: Float64Array,
    fixed: Uint8Array,
    random: Random,
  ) {
    this.tasks = tasks;
    this.relations = relations;
    this.wholeQuotaMs = quotaMs;
    this.quotaMs = quotaMs.slice();
    this.fixed = fixed;
    this.random = random;
    this.packings = tasks.firstMs.map((_, telescope) => new Packing(telescope, tasks));
    this.planned = new Uint8Array(tasks.count);
    this.linked = Int32Array.from(relations.linksOf.keys());
    this.linkedPlace = new Int32Array(tasks.count).fill(-1);
    this.linked.forEach((task, k) => (this.linkedPlace[task] = k));
    this.pinMs = new Float64Array(tasks.count).fill(Number.NaN);
    this.gapTelescope = new Int32Array(tasks.count + this.packings.length);
    this.gapPlace = new Int32Array(tasks.count + this.packings.length);
    this.gapWidthMs = new Float64Array(tasks.count + this.packings.length);
  }

  /** Takes rows with the starts they have; they must be possible. */
  start(orders: readonly (readonly number[])[], startMs: readonly (readonly number[])[]): void {
    this.packings.forEach((packing, telescope) => {
      const order = orders[telescope] ?? [];
      order.forEach((task, k) => {
        if (this.fixed[task] === 1 || this.hasLinks(task)) {
          this.pin(packing, task, startMs[telescope]?.[k] as number);
        }
        this.account(task, 1);
      });
      packing.set(order);
    });
  }

  emptyOrders(): Orders {
    return {
      rows: this.packings.map((packing) => new Int32Array(packing.rows.length)),
      lengths: new Int32Array(this.packings.length),
      pinMs: new Float64Array(this.linked.length),
      value: 0,
    };
  }

  save(into: Orders): void {
    this.packings.forEach((packing, telescope) => {
      into.rows[telescope]?.set(packing.rows.subarray(0, packing.length));
      into.lengths[telescope] = packing.length;
    });
    this.linked.forEach((task, k) => (into.pinMs[k] = this.pinMs[task] as number));
    into.value = this.value;
  }

  load(from: Orders): void {
    for (const packing of this.packings) {
      for (let k = 0; k < packing.length; k++) {
        const task = packing.rows[k] as number;
        this.planned[task] = 0;
        this.unpin(task);
      }
    }
    this.quotaMs.set(this.wholeQuotaMs);
    this.value = 0;
    this.packings.forEach((packing, telescope) => {
      const order = (from.rows[telescope] as Int32Array).subarray(0, from.lengths[telescope]);
      for (const task of order) {
        this.account(task, 1);
        const place = this.linkedPlace[task] as number;
        if (place >= 0) this.pin(packing, task, from.pinMs[place] as number);
      }
      packing.set(order);
    });
  }

  affordable(task: number): boolean {
    const owner = this.tasks.owner[task] as number;
    return (this.tasks.needMs[task] as number) <= (this.quotaMs[owner] as number);
  }

  unitOf(task: number): number {
    return this.relations.unitOf[task] as number;
  }

  /** Marks a task to be taken out by the next `repack`, with all of its unit and whatever needs that. */
  remove(task: number): void {
    if (this.planned[task] !== 1 || this.fixed[task] === 1) return;
    const unit = this.unitOf(task);
    if (unit < 0) {
      this.account(task, -1);
      return;
    }
    const falling = [unit];
    for (let next = falling.pop(); next !== undefined; next = falling.pop()) {
      const { tasks, neededBy } = this.relations.units[next] as UnitColumns;
      for (const member of tasks) {
        if (this.planned[member] !== 1 || this.fixed[member] === 1) continue;
        this.account(member, -1);
        this.unpin(member);
      }
      for (const other of neededBy) if (this.isPlanned(other)) falling.push(other);
    }
  }

  /** Closes up what is left. @returns whether it still fits: overheads by pair need not obey the triangle. */
  repack(): boolean {
    let possible = true;
    for (const packing of this.packings) if (!packing.keep(this.planned)) possible = false;
    return possible;
  }

  /** Units to plan for the sake of `unit`: those it needs that are not planned, each after its own needs, and itself. */
  missingFor(unit: number): readonly number[] | null {
    const missing = new Set([unit]);
    for (const next of missing) {
      for (const needed of this.relations.units[next]?.needs ?? [])
        if (!this.isPlanned(needed)) missing.add(needed);
      if (missing.size > MOST_UNITS_AT_ONCE) return null;
    }
    return [...missing].sort((a, b) => a - b);
  }

  /** Plans a unit and what it needs, wholly or not at all. Gaps are up to date afterwards. */
  insertUnit(unit: number, pick: Pick): boolean {
    const tasks = this.missingFor(unit)?.flatMap((number) => this.relations.units[number]?.tasks ?? []);
    const whole = tasks?.every((task) => this.affordable(task) && this.insertOne(task, pick)) ?? false;
    if (!whole) this.takeBack(tasks ?? []);
    this.findGaps();
    return whole;
  }

  /** Plans tasks at given starts, all or none. */
  insertAt(places: readonly { task: number; packing: Packing; startMs: number }[]): boolean {
    const whole = places.every(({ task, packing, startMs }) => {
      if (!this.affordable(task)) return false;
      for (let place = 0; place <= packing.length; place++) {
        if (packing.fit(task, place, startMs) !== startMs) continue;
        if (this.hasLinks(task)) this.pin(packing, task, startMs);
        packing.insert(task, place);
        this.account(task, 1);
        return true;
      }
      return false;
    });
    if (!whole) this.takeBack(places.map(({ task }) => task));
    return whole;
  }

  /** First and last start that its links leave a task; `endMs` says where those end that are not planned yet. */
  linkedRoom(task: number, endMs?: ReadonlyMap<number, number>): [fromMs: number, toMs: number] {
    const { needMs } = this.tasks;
    let fromMs = Number.NEGATIVE_INFINITY;
    let toMs = Number.POSITIVE_INFINITY;
    for (const { other, follows, minMs, maxMs } of this.relations.linksOf.get(task) ?? []) {
      const otherNeedMs = needMs[other] as number;
      const plannedEndMs =
        this.planned[other] === 1 ? (this.pinMs[other] as number) + otherNeedMs : undefined;
      const end = endMs?.get(other) ?? plannedEndMs;
      if (end === undefined) continue;
      const before = end - otherNeedMs - (needMs[task] as number);
      fromMs = Math.max(fromMs, follows ? end + minMs : before - maxMs);
      toMs = Math.min(toMs, follows ? end + maxMs : before - minMs);
    }
    return [fromMs, toMs];
  }

  /** Whether anything is pinned that `squeeze` could move. */
  get hasPins(): boolean {
    return this.linked.length > 0;
  }

  /** Moves each pinned row as early, or as late, as its links and neighbours let it: small gaps become one. */
  squeeze(early: boolean): void {
    for (const packing of this.packings) {
      for (let n = 0; n < packing.length; n++) {
        const k = early ? n : packing.length - 1 - n;
        const task = packing.rows[k] as number;
        if (!this.hasLinks(task) || this.fixed[task] === 1) continue;
        packing.unpin(task);
        packing.repackAround(k);
        const [fromMs, toMs] = this.linkedRoom(task);
        const startMs = early
          ? packing.startFrom(task, Math.max(packing.head[k] as number, fromMs))
          : packing.startBefore(task, Math.min(packing.tail[k] as number, toMs));
        this.pin(packing, task, startMs);
        packing.repackAround(k);
      }
    }
  }

  /**
   * Inserts a task without links into the gap where it leaves the most room to others; with the pick "any" into one by lot.
   * @returns whether it fits.
   */
  insertInGap(task: number, pick: Pick = "snug"): boolean {
    const needMs = this.tasks.needMs[task] as number;
    let bestLoss = Number.POSITIVE_INFINITY;
    let bestGap = -1;
    for (let gap = 0; gap < this.gaps; gap++) {
      const widthMs = this.gapWidthMs[gap] as number;
      if (widthMs < needMs) continue;
      const packing = this.packings[this.gapTelescope[gap] as number] as Packing;
      const place = this.gapPlace[gap] as number;
      const startMs = packing.fit(task, place);
      if (startMs === Number.POSITIVE_INFINITY) continue;
      // Room left on the better side: when it slides early, what is behind it; when it slides late, what is before it.
      const untilMs = packing.freeUntil(place);
      const behindMs = untilMs - startMs - needMs;
      const beforeMs = packing.startBefore(task, untilMs - needMs) - packing.freeFrom(place);
      const loss = pick === "any" ? this.random.unit() : widthMs - needMs - Math.max(behindMs, beforeMs);
      if (loss < bestLoss) {
        bestLoss = loss;
        bestGap = gap;
      }
    }
    if (bestGap < 0) return false;
    this.packings[this.gapTelescope[bestGap] as number]?.insert(task, this.gapPlace[bestGap] as number);
    this.account(task, 1);
    return true;
  }

  /** @returns the width of the widest gap. */
  findGaps(): number {
    const { tasks, smallestMs } = this;
    let widestMs = 0;
    let gaps = 0;
    for (let telescope = 0; telescope < this.packings.length; telescope++) {
      const packing = this.packings[telescope] as Packing;
      const { head, tail, rows, length } = packing;
      // The same as freeUntil(place) - freeFrom(place), in one run through the columns: this is where a search spends its time.
      let fromMs = tasks.fromMs;
      for (let place = 0; place <= length; place++) {
        const widthMs = (place === length ? tasks.untilMs : (tail[place] as number)) - fromMs;
        if (place < length)
          fromMs = (head[place] as number) + (tasks.needMs[rows[place] as number] as number);
        if (widthMs < smallestMs || widthMs <= 0) continue;
        this.gapTelescope[gaps] = telescope;
        this.gapPlace[gaps] = place;
        this.gapWidthMs[gaps] = widthMs;
        gaps++;
        if (widthMs > widestMs) widestMs = widthMs;
      }
    }
    this.gaps = gaps;
    return widestMs;
  }

  /** @returns the starts of the rows that are pinned, NaN for the others. */
  pinsOf(order: readonly number[]): number[] {
    return order.map((task) => this.pinMs[task] as number);
  }

  private isPlanned(unit: number): boolean {
    return this.planned[this.relations.units[unit]?.tasks[0] as number] === 1;
  }

  private insertOne(task: number, pick: Pick): boolean {
    this.findGaps();
    if (!this.hasLinks(task)) return this.insertInGap(task, pick);
    const [fromMs, toMs] = this.linkedRoom(task);
    const needMs = this.tasks.needMs[task] as number;
    let best: { packing: Packing; place: number; startMs: number } | null = null;
    let bestCost = Number.POSITIVE_INFINITY;
    for (let gap = 0; gap < this.gaps; gap++) {
      if ((this.gapWidthMs[gap] as number) < needMs) continue;
      const packing = this.packings[this.gapTelescope[gap] as number] as Packing;
      const place = this.gapPlace[gap] as number;
      const earliestMs = packing.fit(task, place, fromMs);
      if (earliestMs === Number.POSITIVE_INFINITY || earliestMs > toMs) continue;
      const latestMs = packing.fitLate(task, place, toMs);
      let startMs = pick === "latest" ? latestMs : earliestMs;
      let cost = pick === "latest" ? -latestMs : earliestMs;
      if (pick === "snug") {
        // Beside a neighbour, as near as can be.
        const beforeMs = earliestMs - packing.freeFrom(place);
        const behindMs = packing.freeUntil(place) - latestMs - needMs;
        if (behindMs < beforeMs) startMs = latestMs;
        cost = Math.min(beforeMs, behindMs);
      } else if (pick === "any") {
        startMs = packing.startFrom(
          task,
          earliestMs + Math.floor(this.random.unit() * (latestMs - earliestMs)),
        );
        cost = this.random.unit();
      }
      if (cost >= bestCost) continue;
      best = { packing, place, startMs };
      bestCost = cost;
    }
    if (best === null) return false;
    this.pin(best.packing, task, best.startMs);
    best.packing.insert(task, best.place);
    this.account(task, 1);
    return true;
  }

  private hasLinks(task: number): boolean {
    return (this.linkedPlace[task] as number) >= 0;
  }

  private takeBack(tasks: readonly number[]): void {
    const inserted = tasks.filter((task) => this.planned[task] === 1);
    for (const task of inserted) {
      this.account(task, -1);
      this.unpin(task);
    }
    if (inserted.length > 0) this.repack();
  }

  private pin(packing: Packing, task: number, startMs: number): void {
    this.pinMs[task] = startMs;
    packing.pin(task, startMs);
  }

  private unpin(task: number): void {
    if (this.fixed[task] === 1 || !this.hasLinks(task)) return;
    this.pinMs[task] = Number.NaN;
    for (const packing of this.packings) packing.unpin(task);
  }

  private account(task: number, sign: 1 | -1): void {
    this.planned[task] = sign === 1 ? 1 : 0;
    this.value += sign * (this.tasks.value[task] as number);
    const owner = this.tasks.owner[task] as number;
    this.quotaMs[owner] = (this.quotaMs[owner] as number) - sign * (this.tasks.needMs[task] as number);
  }
}
