import {
  deviceOf,
  instrumentOf,
  wheelBefore,
  type InstrumentDescription,
  type Observatory,
} from "../observatory.ts";
import { asSentence } from "../safety/sentences.ts";
import type { SequenceConstraints, SequenceStatus } from "./request.ts";

/** What the sky is like now; null: not known. */
export interface SkyConditions {
  readonly seeingArcsec: number | null;
  readonly cloudPct: number | null;
  /** Sky brightness, magnitudes per square arcsecond: more is darker. */
  readonly skyQualityMag: number | null;
}

/** Why a sequence waits, in words and with the numbers that decided. */
export interface WaitReason {
  readonly text: string;
  readonly numbers: Readonly<Record<string, number>>;
}

/** One that waits is observable again only when the sky is this much better than its limit: values waver. */
const BETTER_BY = 0.05;

/**
 * Why the sky is not good enough for a sequence now, or null. A limit whose value is not known cannot be checked: it waits.
 * @param waits it waits already, and must find the sky better than its limit by 5 % (0.1 mag of sky brightness)
 */
export function whyNotInThisSky(
  constraints: Pick<SequenceConstraints, "maxSeeingArcsec" | "maxCloudPct" | "minSkyQualityMag">,
  sky: SkyConditions,
  waits: boolean,
): WaitReason | null {
  const { maxSeeingArcsec, maxCloudPct, minSkyQualityMag } = constraints;
  const margin = waits ? 1 - BETTER_BY : 1;
  return (
    tooLarge("seeing", sky.seeingArcsec, maxSeeingArcsec ?? null, margin, "″", 2) ??
    tooLarge("cloud cover", sky.cloudPct, maxCloudPct ?? null, margin, " %", 0) ??
    tooBright(sky.skyQualityMag, minSkyQualityMag ?? null, waits ? 2 * BETTER_BY : 0)
  );
}

function tooLarge(
  what: string,
  value: number | null,
  limit: number | null,
  margin: number,
  unit: string,
  digits: number,
): WaitReason | null {
  if (limit === null) return null;
  const asked = `its limit is ${limit}${unit}`;
  if (value === null) return { text: `The ${what} is not known; ${asked}.`, numbers: { limit } };
  if (value <= limit * margin) return null;
  return { text: `The ${what} is ${value.toFixed(digits)}${unit}; ${asked}.`, numbers: { value, limit } };
}

function tooBright(value: number | null, limit: number | null, margin: number): WaitReason | null {
  if (limit === null) return null;
  const asked = `it needs ${limit} mag/arcsec² or darker`;
  if (value === null)
    return { text: `The brightness of the sky is not known; ${asked}.`, numbers: { limit } };
  if (value >= limit + margin) return null;
  return { text: `The sky has ${value.toFixed(2)} mag/arcsec²; ${asked}.`, numbers: { value, limit } };
}

/**
 * Why none of the instruments that a sequence still needs can be used, or null: with one of them left it is observed, and
 * the albums of the others are skipped.
 * @param unavailable devices that do not work, by id with the reason
 */
export function whyNoInstrument(
  observatory: Observatory,
  instrumentIds: readonly string[],
  unavailable: Readonly<Record<string, string>>,
): WaitReason | null {
  const reasons = instrumentIds.map((id) =>
    whyUnusable(observatory, instrumentOf(observatory, id), unavailable),
  );
  const [first] = reasons;
  if (first === undefined || first === null || reasons.includes(null)) return null;
  return { text: first, numbers: {} };
}

/** Why an instrument cannot be used: its camera, or the wheel before it, does not work; null when it can. */
export function whyUnusable(
  observatory: Observatory,
  instrument: InstrumentDescription,
  unavailable: Readonly<Record<string, string>>,
): string | null {
  const wheel = wheelBefore(observatory, instrument);
  for (const id of [instrument.cameraId, ...(wheel === null ? [] : [wheel.id])]) {
    const why = unavailable[id];
    if (why !== undefined) return `${deviceOf(observatory, id).name} does not work: ${asSentence(why)}`;
  }
  return null;
}

/** The status that a sequence must have, or null when it has the right one already. */
export function statusInThisSky(
  status: SequenceStatus,
  reason: WaitReason | null,
): Extract<SequenceStatus, "waiting" | "submitted"> | null {
  if (reason !== null) return status === "waiting" ? null : "waiting";
  return status === "waiting" ? "submitted" : null;
}
