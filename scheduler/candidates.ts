import type { RelationColumns } from "./arrangement.ts";
import type { TaskColumns } from "./packing.ts";
import type { Random } from "./random.ts";

/** Orders in which the search tries candidates, and what it may try at all. */
export interface Candidates {
  /** Everything, most value per millisecond first. */
  readonly all: Int32Array;
  /** Length of the shortest task that may be tried: promising, or in a relation. */
  readonly smallestMs: number;
  /** An order of the promising tasks for iteration 1, 2 ... */
  pick(iteration: number): Int32Array;
  /** A promising task that is not planned, one that earns much more often than one that earns little; -1 when all are. */
  unplanned(planned: Uint8Array): number;
}

const ORDERS = 8;
const ORDER_LIFE = 64;
/** The promising ones would fill this many nights. */
const NIGHTS = 3;
const BUCKETS = 96;

export function createCandidates(
  tasks: TaskColumns,
  relations: RelationColumns,
  quotaMs: Float64Array,
  random: Random,
): Candidates {
  const density = densityOf(tasks, relations);
  const all = sortedBy(Int32Array.from(density.keys()), density);
  const promising = promisingOf(tasks, all, quotaMs);
  const noisy = Array.from({ length: ORDERS }, () => promising);
  return {
    all,
    smallestMs: [...promising, ...relations.units.flatMap((unit) => unit.tasks)].reduce(
      (least, task) => Math.min(least, tasks.needMs[task] as number),
      Number.POSITIVE_INFINITY,
    ),
    pick(iteration) {
      if (iteration % ORDER_LIFE === 1)
        noisy[random.below(ORDERS)] = noisyOrder(tasks, promising, density, random);
      return random.unit() < 0.4 ? promising : (noisy[random.below(ORDERS)] as Int32Array);
    },
    unplanned(planned) {
      for (let tries = 0; tries < 40; tries++) {
        const u = random.unit();
        const task = promising[Math.floor(u * u * promising.length)] as number;
        if (planned[task] === 0) return task;
      }
      return -1;
    },
  };
}

/** Value per millisecond; of what goes together, that of all together. */
function densityOf(tasks: TaskColumns, relations: RelationColumns): Float64Array {
  const density = tasks.value.map((value, task) => value / (tasks.needMs[task] as number));
  for (const { tasks: members } of relations.units) {
    const sumOf = (column: Float64Array): number =>
      members.reduce((sum, task) => sum + (column[task] as number), 0);
    const together = sumOf(tasks.value) / sumOf(tasks.needMs);
    for (const task of members) density[task] = together;
  }
  return density;
}

/** By density with noise; sometimes with a preference for what earns much altogether. */
function noisyOrder(tasks: TaskColumns, of: Int32Array, density: Float64Array, random: Random): Int32Array {
  const spread = random.unit();
  const preferLong = random.below(3) === 0;
  const key = new Float64Array(tasks.count);
  for (const task of of) {
    const perMs = density[task] as number;
    const worth = preferLong ? perMs * Math.sqrt(tasks.needMs[task] as number) : perMs;
    key[task] = worth * (1 - spread * random.unit());
  }
  return sortedBy(of.slice(), key);
}

function sortedBy(of: Int32Array, key: Float64Array): Int32Array {
  return of.sort((a, b) => (key[b] as number) - (key[a] as number) || a - b);
}

/**
 * Those that a good plan can be made of: taken by density while some part of their window is not yet asked for by several
 * nights' worth of better ones. Trying all of many thousands in each iteration would leave time for few iterations.
 */
function promisingOf(tasks: TaskColumns, byDensity: Int32Array, quotaMs: Float64Array): Int32Array {
  const bucketMs = Math.max(1, (tasks.untilMs - tasks.fromMs) / BUCKETS);
  const room = tasks.firstMs.map(() => new Float64Array(BUCKETS).fill(NIGHTS * bucketMs));
  const quota = quotaMs.map((ms) => NIGHTS * ms);
  return byDensity.filter((task) => {
    const needMs = tasks.needMs[task] as number;
    const owner = tasks.owner[task] as number;
    if ((quota[owner] as number) <= 0) return false;
    let best: Float64Array | null = null;
    let bestBucket = 0;
    room.forEach((buckets, telescope) => {
      const firstMs = tasks.firstMs[telescope]?.[task] as number;
      const lastMs = tasks.lastMs[telescope]?.[task] as number;
      if (firstMs > lastMs) return;
      const from = Math.floor((firstMs - tasks.fromMs) / bucketMs);
      const to = Math.min(BUCKETS - 1, Math.floor((lastMs + needMs - tasks.fromMs) / bucketMs));
      for (let k = from; k <= to; k++) {
        if (best === null || (buckets[k] as number) > (best[bestBucket] as number)) {
          best = buckets;
          bestBucket = k;
        }
      }
    });
    if (best === null || (best[bestBucket] as number) <= 0) return false;
    (best as Float64Array)[bestBucket] = (best[bestBucket] as number) - needMs;
    quota[owner] = (quota[owner] as number) - needMs;
    return true;
  });
}
