/**
 * Preemptive work on one machine: how much of a job still fits beside others when work may be cut in pieces.
 * Earliest due date first finds a plan whenever one exists (Horn 1974), so its first miss names an interval that is too full.
 */
export interface PreemptiveMachine {
  /**
   * Adds a job that may be worked on in [release, due].
   * @returns how much of `amount` fits beside all that was added before; that much is added.
   */
  add(release: number, due: number, amount: number): number;
}

interface Overload {
  readonly from: number;
  readonly until: number;
  readonly excess: number;
}

export function createPreemptiveMachine(): PreemptiveMachine {
  // Jobs in order of release, as columns.
  const releases: number[] = [];
  const dues: number[] = [];
  const amounts: number[] = [];
  // Intervals that hold as much as they can, merged: nothing inside them fits any more.
  let full: { from: number; until: number }[] = [];
  return {
    add(release, due, amount) {
      if (full.some((interval) => interval.from <= release && due <= interval.until)) return 0;
      let place = releases.length;
      while (place > 0 && (releases[place - 1] ?? 0) > release) place--;
      releases.splice(place, 0, release);
      dues.splice(place, 0, due);
      amounts.splice(place, 0, amount);
      let fits = amount;
      let overload = firstOverload(releases, dues, amounts);
      let last: Overload | null = null;
      while (overload !== null) {
        fits -= overload.excess;
        amounts[place] = fits;
        last = overload;
        overload = firstOverload(releases, dues, amounts);
      }
      if (last !== null) full = merged(full, last);
      if (fits > 0) return fits;
      releases.splice(place, 1);
      dues.splice(place, 1);
      amounts.splice(place, 1);
      return 0;
    },
  };
}

/** Two full intervals that overlap or touch are one full interval. */
function merged(
  full: readonly { from: number; until: number }[],
  added: { from: number; until: number },
): { from: number; until: number }[] {
  let { from, until } = added;
  const apart = full.filter((interval) => interval.until < from || until < interval.from);
  for (const interval of full) {
    if (interval.until < added.from || added.until < interval.from) continue;
    from = Math.min(from, interval.from);
    until = Math.max(until, interval.until);
  }
  return [...apart, { from, until }];
}

/** Works through the jobs, earliest due date first, to the first one that misses its due date. */
function firstOverload(
  releases: readonly number[],
  dues: readonly number[],
  amounts: readonly number[],
): Overload | null {
  const left = Float64Array.from(amounts);
  const heap: number[] = [];
  const workedFrom: number[] = [];
  const workedDue: number[] = [];
  let next = 0;
  let now = 0;
  while (next < releases.length || heap.length > 0) {
    if (heap.length === 0) {
      now = Math.max(now, releases[next] ?? 0);
      workedFrom.push(now);
      workedDue.push(Number.POSITIVE_INFINITY);
    }
    while (next < releases.length && (releases[next] ?? 0) <= now) push(heap, next++, dues);
    const job = heap[0] ?? 0;
    const due = dues[job] ?? 0;
    const work = left[job] ?? 0;
    const end = Math.min(now + work, releases[next] ?? Number.POSITIVE_INFINITY, due);
    if (end > now) {
      workedFrom.push(now);
      workedDue.push(due);
      left[job] = work - (end - now);
      now = end;
    }
    if (left[job] === 0) pop(heap, dues);
    else if (now >= due) return overloadAt(due);
  }
  return null;

  /** The interval up to `due` in which only jobs due by then were worked on: they fill it, and more. */
  function overloadAt(due: number): Overload {
    let excess = 0;
    for (const job of heap) if ((dues[job] ?? 0) === due) excess += left[job] ?? 0;
    let k = workedFrom.length - 1;
    while (k > 0 && (workedDue[k] ?? 0) <= due) k--;
    return { from: workedFrom[k + 1] ?? 0, until: due, excess };
  }
}

function push(heap: number[], job: number, dues: readonly number[]): void {
  let k = heap.push(job) - 1;
  while (k > 0) {
    const parent = (k - 1) >> 1;
    if ((dues[heap[parent] ?? 0] ?? 0) <= (dues[job] ?? 0)) break;
    heap[k] = heap[parent] ?? 0;
    k = parent;
  }
  heap[k] = job;
}

function pop(heap: number[], dues: readonly number[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let k = 0;
  for (;;) {
    let child = 2 * k + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && (dues[heap[child + 1] ?? 0] ?? 0) < (dues[heap[child] ?? 0] ?? 0)) child++;
    if ((dues[heap[child] ?? 0] ?? 0) >= (dues[last] ?? 0)) break;
    heap[k] = heap[child] ?? 0;
    k = child;
  }
  heap[k] = last;
}
