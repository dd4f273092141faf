import { renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Settings } from "../../adapters/config/settings.ts";
import { sunCrossings } from "../../domain/astronomy/night.ts";
import { reanchored } from "../../domain/clock.ts";
import type { ClockFact } from "../../domain/clock.ts";
import type { Observatory } from "../../domain/observatory.ts";
import { MS_PER_DAY, MS_PER_MINUTE } from "../../domain/units.ts";

/** The demonstration starts this long before dusk: time to cool the camera and to look around. */
const BEFORE_DUSK_MS = 15 * MS_PER_MINUTE;
/** Somewhere on Earth the Sun stays on one side of an altitude for half a year. */
const SEARCH_DAYS = 200;

/** The clock as it is kept: the fact and the last instant it is known to have shown. */
export interface StoredClock extends ClockFact {
  readonly lastTickMs: number;
}

export interface ResolvedClock {
  readonly fact: ClockFact;
  /** True when the stored clock was anchored anew: whoever waits must be told. */
  readonly reanchored: boolean;
  /** What a person should know about it, or null. */
  readonly remark: string | null;
}

/**
 * The clock of this run. The environment decides once, when nothing is stored yet; afterwards the stored fact is
 * the truth. At a rate other than 1 the clock stood still while the stack was down: it goes on at the last tick.
 * @param wallMs wall time now, Unix ms.
 * @throws Error with a sentence when the site has no dusk to start before, or the real sky is asked for where the
 *   demonstration is stored.
 */
export function resolveClock(
  stored: StoredClock | null,
  wanted: Settings["clock"],
  observatory: Observatory,
  wallMs: number,
): ResolvedClock {
  if (stored === null) {
    return { fact: firstClock(wanted, observatory, wallMs), reanchored: false, remark: null };
  }
  const fact: ClockFact = {
    startMs: stored.startMs,
    anchorMs: stored.anchorMs,
    rate: stored.rate,
    epoch: stored.epoch,
  };
  const remark = ignoredWish(fact, wanted);
  if (stored.rate === 1) return { fact, reanchored: false, remark };
  return { fact: reanchored(fact, stored.lastTickMs, wallMs), reanchored: true, remark };
}

/** What of the environment does not count any more, or null. @throws Error when going on would be wrong. */
function ignoredWish(stored: ClockFact, wanted: Settings["clock"]): string | null {
  if (!isDemoClock(stored)) {
    return wanted.mode === "real"
      ? null
      : "The clock here is the real one and stays so (VESPER_CLOCK counts only for an empty VESPER_HOME).";
  }
  if (wanted.mode === "real") {
    throw new Error(
      "The clock here is the demonstration's, and so are accounts and requests: for the real sky set VESPER_HOME to another folder (and DATABASE_URL to another database), or empty this one with vesper up --fresh.",
    );
  }
  if (stored.rate === wanted.rate) return null;
  return `The clock here runs at ${stored.rate} and goes on so; the rate ${wanted.rate} asked for now counts only for an empty VESPER_HOME (vesper up --fresh).`;
}

function firstClock(wanted: Settings["clock"], observatory: Observatory, wallMs: number): ClockFact {
  // The real sky is observatory time = wall time, written as an anchor at 0.
  if (wanted.mode === "real") return { startMs: 0, anchorMs: 0, rate: 1, epoch: 0 };
  const startMs = wanted.startMs ?? duskAfter(observatory, wallMs) - BEFORE_DUSK_MS;
  return { startMs, anchorMs: wallMs, rate: wanted.rate, epoch: 0 };
}

/** The next instant (Unix ms) at which the Sun goes down through the altitude where observing begins. */
export function duskAfter(observatory: Observatory, fromMs: number): number {
  const altDeg = observatory.night.observingSunAltDeg;
  for (let day = 0; day < SEARCH_DAYS; day += 1) {
    const startMs = fromMs + day * MS_PER_DAY;
    const dusk = sunCrossings(observatory.site, startMs, startMs + MS_PER_DAY, altDeg).find(
      ({ rising }) => !rising,
    );
    if (dusk !== undefined) return dusk.tMs;
  }
  throw new Error(
    `At ${observatory.site.name} the Sun does not set to ${altDeg} deg within ${SEARCH_DAYS} days: set VESPER_CLOCK_START to an instant to start at.`,
  );
}

/** Whether a clock is the demonstration's rather than the real sky. */
export function isDemoClock(fact: ClockFact): boolean {
  return fact.rate !== 1 || fact.startMs !== fact.anchorMs;
}

/** Writes VESPER_HOME/clock.json, for the processes that live without a database (guard, simulators). */
export function writeClockFile(home: string, fact: ClockFact): void {
  const file = path.join(home, "clock.json");
  writeFileSync(`${file}.new`, `${JSON.stringify(fact)}\n`);
  renameSync(`${file}.new`, file);
}
