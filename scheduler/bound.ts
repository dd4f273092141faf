import { measure, type IntervalSet } from "./intervals.ts";
import { createPreemptiveMachine } from "./preemptive.ts";
import { reachOf, type Task } from "./task.ts";

/**
 * An upper bound on the value of any plan, in units of Task.value: the lesser of two relaxations in which work may be cut in
 * pieces. Both are linear programmes over a polymatroid, which the greedy order (most value per millisecond first) solves
 * exactly (Edmonds 1970); more sequences only enlarge them, so an added sequence never lowers the bound.
 *
 * 1. Time: each task somewhere between its first start and its last end, all telescopes one machine of their summed speed.
 * 2. Quota: each owner's quota, and the whole time in which anything can be planned.
 * @param freeOn open time of each telescope (night ahead without frozen rows and maintenance).
 */
export function upperBound(
  tasks: readonly Task[],
  quotaLeftMs: ReadonlyMap<string, number>,
  freeOn: readonly IntervalSet[],
): number {
  if (tasks.length === 0) return 0;
  const byDensity = tasks
    .filter((task) => task.starts.some((set) => set.length > 0))
    .sort((a, b) => b.value / b.needMs - a.value / a.needMs || a.rank - b.rank);
  const grain = tasks.reduce((divisor, task) => greatestCommonDivisor(divisor, task.value), 0);
  const bound = Math.min(timeBound(byDensity, freeOn), quotaBound(byDensity, quotaLeftMs, freeOn));
  // Every plan's value is a multiple of the grain; the 0.001 unit is for the rounding of the fractions.
  return grain === 0 ? 0 : Math.floor((bound + 0.001) / grain) * grain;
}

function timeBound(byDensity: readonly Task[], freeOn: readonly IntervalSet[]): number {
  const capacityUntil = cumulativeCapacity(freeOn);
  const machine = createPreemptiveMachine();
  return total(byDensity, (task) => {
    const { startMs, endMs } = reachOf(task);
    return machine.add(capacityUntil(startMs), capacityUntil(endMs), task.needMs);
  });
}

function quotaBound(
  byDensity: readonly Task[],
  quotaLeftMs: ReadonlyMap<string, number>,
  freeOn: readonly IntervalSet[],
): number {
  const left = new Map(quotaLeftMs);
  let timeMs = freeOn.reduce((sum, free) => sum + measure(free), 0);
  return total(byDensity, (task) => {
    const quotaMs = left.get(task.owner) ?? 0;
    const amount = Math.min(task.needMs, quotaMs, timeMs);
    left.set(task.owner, quotaMs - amount);
    timeMs -= amount;
    return amount;
  });
}

/** Sum of the values of the parts taken; what is taken whole counts exactly. */
function total(tasks: readonly Task[], taken: (task: Task) => number): number {
  let whole = 0;
  let parts = 0;
  for (const task of tasks) {
    const amount = taken(task);
    if (amount === task.needMs) whole += task.value;
    else if (amount > 0) parts += task.value * (amount / task.needMs);
  }
  return whole + parts;
}

/** Telescope time that has passed by an instant, summed over the telescopes. */
function cumulativeCapacity(freeOn: readonly IntervalSet[]): (atMs: number) => number {
  const edges = freeOn.flat().flatMap(({ startMs, endMs }) => [
    { atMs: startMs, step: 1 },
    { atMs: endMs, step: -1 },
  ]);
  edges.sort((a, b) => a.atMs - b.atMs);
  const times: number[] = [];
  const sums: number[] = [];
  const speeds: number[] = [];
  let sum = 0;
  let speed = 0;
  let lastMs = 0;
  for (const { atMs, step } of edges) {
    sum += speed * (atMs - lastMs);
    speed += step;
    lastMs = atMs;
    times.push(atMs);
    sums.push(sum);
    speeds.push(speed);
  }
  return (atMs) => {
    let low = 0;
    let high = times.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((times[middle] ?? 0) <= atMs) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 0 : (sums[low - 1] ?? 0) + (speeds[low - 1] ?? 0) * (atMs - (times[low - 1] ?? 0));
  };
}

function greatestCommonDivisor(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}
