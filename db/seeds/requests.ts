import { nightDateAt, nightOf } from "../../domain/astronomy/night.ts";
import { buildRequest } from "../../domain/requests/build.ts";
import type { AlbumDraft, PlanDraft, RequestDraft, SequenceDraft } from "../../domain/requests/request.ts";
import type { Dither } from "../../domain/sequence/dither.ts";
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
    albums: albumsOf(target),
    dither: target.programmeId === "GALAXIES" ? GALAXY_DITHER : null,
  };
}

/** Filters of each arm by programme; the frames of a target are divided among them. */
const FILTERS: Readonly<
  Record<string, { readonly vis: readonly string[]; readonly nir: readonly string[] }>
> = {
  GALAXIES: { vis: ["g", "r", "i"], nir: ["J", "H"] },
  CLUSTERS: { vis: ["g", "r"], nir: [] },
  AGN: { vis: ["r", "i"], nir: ["J"] },
  STANDARDS: { vis: ["g", "r", "i", "z"], nir: [] },
};
const ONE_FILTER = { vis: ["r"], nir: [] };
const GALAXY_DITHER: Dither = { stepArcsec: 15, positions: 2 };

/** The infrared arm takes half as many frames of twice the time, so that both arms end together. */
function albumsOf({ programmeId, exposureS, count }: SeedTarget): AlbumDraft[] {
  const { vis, nir } = FILTERS[programmeId] ?? ONE_FILTER;
  const visible = { instrumentId: "vis", plans: plansOf(vis, exposureS, count) };
  if (nir.length === 0) return [visible];
  return [visible, { instrumentId: "nir", plans: plansOf(nir, 2 * exposureS, Math.floor(count / 2)) }];
}

/** Frames divided among filters as evenly as they go, the first filters getting the rest. */
function plansOf(filters: readonly string[], exposureS: number, count: number): PlanDraft[] {
  return filters
    .map((filter, index) => ({
      filter,
      exposureS,
      count: Math.floor(count / filters.length) + (index < count % filters.length ? 1 : 0),
    }))
    .filter((plan) => plan.count > 0);
}
