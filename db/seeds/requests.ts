import { nightDateAt, nightOf } from "../../domain/astronomy/night.ts";
import { buildRequest } from "../../domain/requests/build.ts";
import type { RequestDraft, SequenceDraft } from "../../domain/requests/request.ts";
import type { Observatory } from "../../domain/observatory.ts";
import { MS_PER_DAY } from "../../domain/units.ts";
import type { NewRequest } from "../repositories/requests.ts";
import { IMPOSSIBLE_TARGETS, MONITORED_TARGETS, type SeedTarget, SINGLE_TARGETS } from "./targets.ts";

/** Nights for which a monitored target is asked, one sequence each. */
const MONITORED_NIGHTS = 30;
const YEAR_MS = 366 * MS_PER_DAY;
const DEFAULTS = { minAltDeg: 30, minMoonSepDeg: 25, priority: 40 };

/**
 * The forty routine requests of the demonstration, with the ids they always get (R0001 …): single targets open for a
 * year, monitored ones with one sequence per night, and some that can never be observed.
 * Throws when one breaks a rule of `buildRequest` that it is not meant to break: the seed is then wrong.
 */
export function seedRequests(seed: {
  readonly observatory: Observatory;
  readonly nowMs: number;
  readonly userId: string;
  readonly wallMs: number;
}): { readonly id: string; readonly request: NewRequest }[] {
  const { observatory, nowMs } = seed;
  // Windows begin at the noon before, so that the night that is on now is inside.
  const noonMs = nightOf(observatory.site, nightDateAt(observatory.site, nowMs)).windowStartMs;
  const drafts = [
    ...SINGLE_TARGETS.map((target) => draftOf(target, "", [yearFrom(target, noonMs)])),
    ...MONITORED_TARGETS.map((target) =>
      draftOf(target, "One sequence each night.", monitored(target, noonMs)),
    ),
    ...IMPOSSIBLE_TARGETS.map((target) => draftOf(target, target.because, [yearFrom(target, noonMs)])),
  ];
  return drafts.map((draft, index) => {
    const check = buildRequest(draft, {
      observatory,
      nowMs,
      // Quota is checked on entry; these were entered while there was enough of it.
      programmes: [{ id: draft.programmeId, availableS: Number.MAX_SAFE_INTEGER }],
    });
    if (!check.ok) {
      const [error] = check.errors;
      throw new Error(
        `seed request "${draft.name}": ${error?.field} is ${String(error?.value)}: ${error?.rule}`,
      );
    }
    const id = `R${String(index + 1).padStart(4, "0")}`;
    return { id, request: { ...check.request, userId: seed.userId, submit: true, wallMs: seed.wallMs } };
  });
}

function draftOf(target: SeedTarget, comment: string, sequences: readonly SequenceDraft[]): RequestDraft {
  return { name: target.name, comment, programmeId: target.programmeId, sequences };
}

function yearFrom(target: SeedTarget, noonMs: number): SequenceDraft {
  return sequenceOf(target, noonMs, noonMs + YEAR_MS);
}

function monitored(target: SeedTarget, noonMs: number): SequenceDraft[] {
  return Array.from({ length: MONITORED_NIGHTS }, (_, night) => {
    const startMs = noonMs + night * MS_PER_DAY;
    return sequenceOf(target, startMs, startMs + MS_PER_DAY);
  });
}

function sequenceOf(target: SeedTarget, windowStartMs: number, windowEndMs: number): SequenceDraft {
  return {
    targetName: target.name,
    raDeg: target.raDeg,
    decDeg: target.decDeg,
    windowStartMs,
    windowEndMs,
    preferredMs: null,
    priority: target.priority ?? DEFAULTS.priority,
    constraints: {
      minAltDeg: target.minAltDeg ?? DEFAULTS.minAltDeg,
      maxAirmass: null,
      minMoonSepDeg: target.minMoonSepDeg ?? DEFAULTS.minMoonSepDeg,
      maxSunAltDeg: -12,
    },
    albums: [
      { instrumentId: "vis", plans: [{ filter: "r", exposureS: target.exposureS, count: target.count }] },
    ],
  };
}
