import { partsOfPath } from "../../../domain/requests/written.ts";

/** Names of the fields, as forms and errors say them. */
const LABELS: Readonly<Record<string, string>> = {
  name: "Name",
  comment: "Comment",
  programmeId: "Programme",
  sequences: "Sequences",
  targetName: "Target",
  ra: "Right ascension",
  dec: "Declination",
  windowStart: "JD1, window opens",
  windowEnd: "JD2, window closes",
  preferred: "Preferred time",
  priority: "Priority",
  minAltDeg: "Lowest altitude",
  maxAirmass: "Largest airmass",
  minMoonSepDeg: "Distance from the Moon",
  maxSunAltDeg: "Highest altitude of the Sun",
  carryOverNights: "Carry over",
  maxSeeingArcsec: "Worst seeing",
  maxCloudPct: "Largest cloud cover",
  minSkyQualityMag: "Darkness of the sky",
  ditherPositions: "Dither positions",
  ditherStepArcsec: "Dither step",
  albums: "Albums",
  instrumentId: "Instrument",
  plans: "Plans",
  filter: "Filter",
  exposureS: "Exposure",
  count: "Frames",
};

/** Name of the last part of a path: `sequences[0].ra` is "Right ascension". */
export function labelOf(path: string): string {
  const last = /(\w+)(?:\[\d+\])?$/.exec(path)?.[1] ?? path;
  return LABELS[last] ?? last;
}

/** Which part of the request a path is in: `Sequence 1, album 2, plan 1`; empty for the request itself. */
export function placeOf(path: string): string {
  const parts = partsOfPath(path);
  if (parts === null) return "";
  const words = [`Sequence ${parts.s + 1}`];
  if (parts.a !== null) words.push(`album ${parts.a + 1}`);
  if (parts.p !== null) words.push(`plan ${parts.p + 1}`);
  return words.join(", ");
}

/** Id of the element of a field: letters, digits, and dashes. */
export function elementId(path: string): string {
  return `f-${path.replaceAll(/[^\w]+/g, "-").replace(/-$/, "")}`;
}
