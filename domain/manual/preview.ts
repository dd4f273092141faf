import { airmass, altAz } from "../astronomy/alt-az.ts";
import { moonIllumination, moonSeparationDeg, sunPosition } from "../astronomy/sun-moon.ts";
import type { Observatory } from "../observatory.ts";
import { whyNotPointing } from "../safety/pointing.ts";
import { MS_PER_HOUR, MS_PER_MINUTE, separationDeg } from "../units.ts";

/** What a slew to a place would mean now. Altitudes airless, apparent of date. */
export interface SlewPreview {
  readonly altDeg: number;
  readonly azDeg: number;
  /** Null below the horizon. */
  readonly airmass: number | null;
  readonly minAltDeg: number;
  readonly sunSepDeg: number;
  readonly minSunSepDeg: number;
  readonly moonSepDeg: number;
  /** Illuminated fraction of the Moon, 0 to 1. */
  readonly moonIllumination: number;
  /** From where the telescope points now; null when that is not known. */
  readonly slewDeg: number | null;
  /** Observatory ms at which it sinks below the limit; null: not within the hours looked at, or it is below now. */
  readonly setsMs: number | null;
  /** Why the telescope must not go there, with numbers; null when it may. */
  readonly refusal: string | null;
}

const LOOK_AHEAD_MS = 12 * MS_PER_HOUR;
const STEP_MS = 5 * MS_PER_MINUTE;

/**
 * What a person is shown before a slew by hand.
 * @param target ICRS, degrees
 * @param from where the telescope points now, ICRS degrees, or null
 * @param nowMs observatory time
 */
export function previewSlew(
  observatory: Pick<Observatory, "site" | "telescope">,
  target: { readonly name: string; readonly raDeg: number; readonly decDeg: number },
  from: { readonly raDeg: number; readonly decDeg: number } | null,
  nowMs: number,
): SlewPreview {
  const { site, telescope } = observatory;
  const { raDeg, decDeg } = target;
  const { altDeg, azDeg } = altAz(site, raDeg, decDeg, nowMs);
  const sun = sunPosition(site, nowMs);
  return {
    altDeg,
    azDeg,
    airmass: airmass(altDeg),
    minAltDeg: telescope.minAltDeg,
    sunSepDeg: separationDeg(azDeg, altDeg, sun.azDeg, sun.altDeg),
    minSunSepDeg: telescope.minSunSeparationDeg,
    moonSepDeg: moonSeparationDeg(site, raDeg, decDeg, nowMs),
    moonIllumination: moonIllumination(nowMs),
    slewDeg: from === null ? null : separationDeg(from.raDeg, from.decDeg, raDeg, decDeg),
    setsMs: setting(observatory, raDeg, decDeg, nowMs),
    refusal: whyNotPointing(observatory, target, telescope.minAltDeg, nowMs),
  };
}

/** To 5 min: what matters is whether there is time for anything. */
function setting(
  { site, telescope }: Pick<Observatory, "site" | "telescope">,
  raDeg: number,
  decDeg: number,
  nowMs: number,
): number | null {
  const up = (tMs: number): boolean => altAz(site, raDeg, decDeg, tMs).altDeg >= telescope.minAltDeg;
  if (!up(nowMs)) return null;
  for (let tMs = nowMs + STEP_MS; tMs <= nowMs + LOOK_AHEAD_MS; tMs += STEP_MS) if (!up(tMs)) return tMs;
  return null;
}
