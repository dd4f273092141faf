import type { Interval } from "../../domain/astronomy/interval.ts";
import {
  observabilityWindows,
  skyOfNight,
  whyNotObservable,
  type ObservingConstraints,
  type SkyOfNight,
} from "../../domain/astronomy/observability.ts";
import type { Observatory } from "../../domain/observatory.ts";
import { strictConstraints } from "../../domain/requests/visibility.ts";
import type { SequenceDetail } from "../../db/repositories/sequences.ts";

/** What a sequence and the site ask for together: the stricter of the two. */
export function constraintsOf(sequence: SequenceDetail, observatory: Observatory): ObservingConstraints {
  return strictConstraints(sequence.constraints, observatory);
}

/** When a sequence may be taken tonight: its own window and all constraints. Observatory ms. */
export function windowsOf(sequence: SequenceDetail, observatory: Observatory, sky: SkyOfNight): Interval[] {
  const fromMs = Math.max(sky.fromMs, sequence.windowStartMs);
  const toMs = Math.min(sky.toMs, sequence.windowEndMs);
  if (fromMs >= toMs) return [];
  return observabilityWindows(
    observatory.site,
    sequence,
    fromMs,
    toMs,
    constraintsOf(sequence, observatory),
    sky,
  );
}

/** When sequences may be taken in one night. */
export interface NightSky {
  readonly sky: SkyOfNight;
  windowsOf(sequence: SequenceDetail): readonly Interval[];
  /** Why a sequence has no window, in words and numbers. */
  whyNever(sequence: SequenceDetail): NeverTonight;
}

/** Why a sequence cannot be taken at any time of a night. */
export interface NeverTonight {
  readonly text: string;
  readonly numbers: Readonly<Record<string, number>>;
}

/**
 * The sky of the night that is asked for and the windows worked out in it. A night is planned many times over the same
 * targets: only the last night asked for is kept.
 */
export function createNightSkies(): (observatory: Observatory, startMs: number, endMs: number) => NightSky {
  let kept: { readonly key: string; readonly night: NightSky } | null = null;
  return (observatory, startMs, endMs) => {
    const key = JSON.stringify([observatory.site, observatory.telescope, observatory.night, startMs, endMs]);
    if (kept?.key !== key) kept = { key, night: nightSky(observatory, startMs, endMs) };
    return kept.night;
  };
}

function nightSky(observatory: Observatory, startMs: number, endMs: number): NightSky {
  const sky = skyOfNight(observatory.site, startMs, endMs);
  return {
    sky,
    windowsOf: keptBySky((sequence) => windowsOf(sequence, observatory, sky)),
    whyNever: keptBySky((sequence) => whyNeverTonight(sequence, observatory, startMs, endMs)),
  };
}

/** `answer` worked out once for all sequences that ask the same of the sky. */
function keptBySky<Answer extends object>(
  answer: (sequence: SequenceDetail) => Answer,
): (sequence: SequenceDetail) => Answer {
  const known = new Map<string, Answer>();
  return (sequence) => {
    const { raDeg, decDeg, windowStartMs, windowEndMs, constraints } = sequence;
    const key = JSON.stringify([raDeg, decDeg, windowStartMs, windowEndMs, constraints]);
    const kept = known.get(key) ?? answer(sequence);
    known.set(key, kept);
    return kept;
  };
}

/** Looks of a night at which the best moment of a target is sought. */
const LOOKS = 48;

/**
 * Why a sequence cannot be taken at any time of a night, in words: what speaks against it at the moment at which the
 * fewest constraints do, the highest one among these.
 */
function whyNeverTonight(
  sequence: SequenceDetail,
  observatory: Observatory,
  fromMs: number,
  toMs: number,
): NeverTonight {
  const constraints = constraintsOf(sequence, observatory);
  const { site } = observatory;
  const best = Array.from({ length: LOOKS + 1 }, (_, look) => fromMs + ((toMs - fromMs) * look) / LOOKS)
    .map((tMs) => whyNotObservable(site, sequence, tMs, constraints))
    .sort((one, other) => one.length - other.length || shortfall(one) - shortfall(other))[0];
  const unmet = best?.[0];
  if (unmet === undefined) {
    return {
      text: "Not planned tonight: its window does not meet the hours at which it can be observed.",
      numbers: {},
    };
  }
  return {
    text: `Not planned tonight: at its best its ${unmet.text}.`,
    numbers: Number.isFinite(unmet.value)
      ? { value: unmet.value, limit: unmet.limit }
      : { limit: unmet.limit },
  };
}

function shortfall(unmet: readonly { readonly value: number; readonly limit: number }[]): number {
  return unmet.reduce((sum, each) => sum + Math.min(1e6, Math.abs(each.value - each.limit)), 0);
}

/** What speaks against taking a sequence from `startMs` to `endMs`, or null; checked right before the slew. */
export function refusalBetween(
  sequence: SequenceDetail,
  observatory: Observatory,
  windows: readonly Interval[],
  startMs: number,
  endMs: number,
): { readonly text: string; readonly numbers: Readonly<Record<string, number>> } | null {
  if (windows.some((window) => window.startMs <= startMs && endMs <= window.endMs)) return null;
  const constraints = constraintsOf(sequence, observatory);
  for (const [tMs, when] of [
    [startMs, "now"],
    [endMs, "before its end"],
  ] as const) {
    const unmet = whyNotObservable(observatory.site, sequence, tMs, constraints)[0];
    if (unmet !== undefined) {
      return {
        text: `Skipped: ${when} its ${unmet.text}.`,
        numbers: Number.isFinite(unmet.value)
          ? { value: unmet.value, limit: unmet.limit }
          : { limit: unmet.limit },
      };
    }
  }
  const neededS = Math.round((endMs - startMs) / 1_000);
  return {
    text: `Skipped: it needs ${neededS} s without a break and has less than that.`,
    numbers: { neededS },
  };
}
