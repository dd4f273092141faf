import type { Evidence, Violation } from "./evidence.ts";
import { frameCounts } from "./invariants/frames.ts";
import { killCounts, nextMessagesMs } from "./invariants/kills.ts";
import { growthWords } from "./invariants/quiet.ts";
import type { MemorySample } from "./memory.ts";
import type { ChaosNight } from "./night.ts";

export interface ChaosResult {
  readonly seed: number;
  readonly rate: number;
  readonly kills: number;
  readonly byKind: Readonly<
    Record<string, { readonly kills: number; readonly openShutter: number; readonly slowestBackMs: number }>
  >;
  readonly frames: readonly ReturnType<typeof frameCounts>[];
  readonly bursts: number;
  readonly rains: number;
  readonly nextMessagesMs: readonly number[];
  readonly mostEvents: Readonly<Record<string, number>>;
  readonly memory: readonly (readonly MemorySample[])[];
  readonly violations: readonly Violation[];
}

/** Sums the nights of a run up. */
export function resultOf(
  seed: number,
  rate: number,
  nights: readonly ChaosNight[],
  violations: readonly Violation[],
): ChaosResult {
  const evidence = nights.map((night) => night.evidence);
  return {
    seed,
    rate,
    kills: evidence.reduce((sum, { kills }) => sum + kills.length, 0),
    byKind: Object.fromEntries(killCounts(evidence)),
    frames: evidence.map(frameCounts),
    bursts: evidence.reduce((sum, { bursts }) => sum + bursts.length, 0),
    rains: evidence.reduce((sum, { rains }) => sum + rains.length, 0),
    nextMessagesMs: nextMessagesMs(evidence),
    mostEvents: mostEvents(evidence),
    memory: nights.map((night) => night.memory),
    violations,
  };
}

/** The longest history of each type of workflow, events. */
function mostEvents(nights: readonly Evidence[]): Record<string, number> {
  const most: Record<string, number> = {};
  for (const { type, events } of nights.flatMap((night) => night.executions)) {
    most[type] = Math.max(most[type] ?? 0, events);
  }
  return most;
}

/** The result as lines of a table. */
export function tableOf(result: ChaosResult): string[] {
  const rows = Object.entries(result.byKind).map(([kind, { kills, openShutter, slowestBackMs }]) =>
    [
      kind.padEnd(16),
      pad(kills),
      pad(openShutter),
      `${(slowestBackMs / 1_000).toFixed(1)} s`.padStart(9),
    ].join(" "),
  );
  const nights = result.frames.map(
    ({ due, stored, lostBy, notOpened }, index) =>
      `night ${index + 1}: ${stored} of ${due} frames due stored; attempts lost: ${lostWords(lostBy)}; never opened: ${notOpened}`,
  );
  const events = Object.entries(result.mostEvents).map(([type, most]) => `${type} ${most}`);
  return [
    `seed ${result.seed}, rate ${result.rate}: ${result.kills} kills, ${result.bursts} bursts, ${result.rains} rains`,
    `${"killed".padEnd(16)} ${"times".padStart(6)} ${"open".padStart(6)} ${"back in".padStart(9)}`,
    ...rows,
    ...nights,
    `next messages after killed control workers: ${result.nextMessagesMs.map((ms) => `${ms} ms`).join(", ")}`,
    `longest histories, events: ${events.join(", ")}`,
    ...memoryWords(result.memory),
    ...(result.violations.length === 0
      ? ["all invariants hold"]
      : result.violations.map(({ invariant, words }) => `VIOLATED ${invariant}: ${words}`)),
  ];
}

/** Memory of each part in the second and in the last quarter of each night. */
function memoryWords(nights: ChaosResult["memory"]): string[] {
  return nights.flatMap((samples, index) => {
    const words = growthWords(samples);
    return words === "" ? [] : [`memory in night ${index + 1}, ${words}`];
  });
}

function lostWords(lostBy: Readonly<Record<string, number>>): string {
  const words = Object.entries(lostBy).map(([cause, times]) => `${times} by ${cause}`);
  return words.length === 0 ? "none" : words.join(", ");
}

function pad(count: number): string {
  return String(count).padStart(6);
}
