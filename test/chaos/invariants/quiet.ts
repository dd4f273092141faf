import type { Evidence, Violation } from "../evidence.ts";
import type { MemorySample } from "../memory.ts";

/** Continue-as-new keeps every history below this, events. */
const MOST_EVENTS = 4_000;
/** Growth from the second to the last quarter of a night that still counts as flat. */
const FLAT = 0.1;
/** Fewer samples than this in a quarter say nothing. */
const FEWEST_SAMPLES = 4;

export interface Growth {
  readonly part: string;
  /** Medians of resident memory in the second and in the last quarter of the samples, MiB. */
  readonly secondMiB: number;
  readonly lastMiB: number;
}

/** No history of a night grows beyond its limit. */
export function historiesShort({ executions }: Evidence): Violation[] {
  return executions
    .filter(({ events }) => events > MOST_EVENTS)
    .map(({ workflowId, events }) => ({
      invariant: `no history has more than ${MOST_EVENTS} events`,
      words: `${workflowId}: ${events}`,
    }));
}

/**
 * Memory of each part over a night. The first quarter is left out: there caches fill, and the runtime compiles what it
 * uses often. Medians, because what is collected comes and goes.
 */
export function growthOf(samples: readonly MemorySample[]): Growth[] {
  const quarter = Math.floor(samples.length / 4);
  if (quarter < FEWEST_SAMPLES) return [];
  const [second, last] = [samples.slice(quarter, 2 * quarter), samples.slice(-quarter)];
  const parts = new Set(samples.flatMap(({ rssMiB }) => Object.keys(rssMiB)));
  return [...parts].map((part) => ({
    part,
    secondMiB: median(second.flatMap(({ rssMiB }) => rssMiB[part] ?? [])),
    lastMiB: median(last.flatMap(({ rssMiB }) => rssMiB[part] ?? [])),
  }));
}

/** The growth of each part in words; empty when there are too few samples to tell. */
export function growthWords(samples: readonly MemorySample[]): string {
  const parts = growthOf(samples).map(({ part, secondMiB, lastMiB }) => `${part} ${secondMiB} -> ${lastMiB}`);
  return parts.length === 0 ? "" : `second to last quarter, MiB: ${parts.join(", ")}`;
}

/** In a night without kills the memory of no process grows. */
export function memoryFlat(samples: readonly MemorySample[]): Violation[] {
  const invariant = "the memory of each process is flat to 10 %";
  const growths = growthOf(samples);
  if (growths.length === 0) return [{ invariant, words: `${samples.length} samples are too few to tell` }];
  return growths
    .filter(({ secondMiB, lastMiB }) => !(lastMiB <= secondMiB * (1 + FLAT)))
    .map(({ part, secondMiB, lastMiB }) => ({
      invariant,
      words: `${part}: ${secondMiB} MiB in the second quarter, ${lastMiB} MiB in the last`,
    }));
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}
