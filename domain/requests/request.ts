import type { Dither } from "../sequence/dither.ts";

/** What a request is made of. A request holds sequences (pointings), a sequence albums (instruments), an album plans. */

/** `manual`: frames that a person took by hand, one request per night. */
export const REQUEST_KINDS = ["routine", "alert", "manual"] as const;
export type RequestKind = (typeof REQUEST_KINDS)[number];

export const REQUEST_STATUSES = ["draft", "submitted", "withdrawn", "completed", "closed"] as const;
export type RequestStatus = (typeof REQUEST_STATUSES)[number];

export const SEQUENCE_STATUSES = [
  "draft",
  "submitted",
  "waiting",
  "planned",
  "executing",
  "executed",
  "interrupted",
  "refused",
  "withdrawn",
  "cancelled",
  "expired",
] as const;
export type SequenceStatus = (typeof SEQUENCE_STATUSES)[number];

/** Statuses in which a sequence with frames left may be planned. */
export const OBSERVABLE_STATUSES: readonly SequenceStatus[] = [
  "submitted",
  "planned",
  "interrupted",
  "refused",
];

/** Statuses in which something of a sequence may still be taken: also one that waits for the sky or for a device. */
export const OPEN_STATUSES: readonly SequenceStatus[] = [...OBSERVABLE_STATUSES, "waiting"];

/** When a pointing may be taken. Null: no limit of its own beyond those of the site. */
export interface SequenceConstraints {
  readonly minAltDeg: number;
  readonly maxAirmass: number | null;
  readonly minMoonSepDeg: number;
  readonly maxSunAltDeg: number;
  /** Worst seeing (FWHM); absent or null: any. A sequence waits while the sky is worse than it asks for. */
  readonly maxSeeingArcsec?: number | null;
  /** Largest cloud cover, per cent; absent or null: what the site allows. */
  readonly maxCloudPct?: number | null;
  /** Brightest sky, magnitudes per square arcsecond (21 is darker than 18); absent or null: any. */
  readonly minSkyQualityMag?: number | null;
}

/** Frames of one filter and exposure time. */
export interface PlanDraft {
  readonly filter: string;
  readonly exposureS: number;
  readonly count: number;
}

export interface AlbumDraft {
  readonly instrumentId: string;
  readonly plans: readonly PlanDraft[];
}

export interface SequenceDraft {
  readonly targetName: string;
  /** ICRS, degrees. */
  readonly raDeg: number;
  readonly decDeg: number;
  readonly windowStartMs: number;
  readonly windowEndMs: number;
  readonly preferredMs: number | null;
  readonly priority: number;
  readonly constraints: SequenceConstraints;
  /** How many nights it may still move on when it was not done in its own; absent: none. */
  readonly carryOverNights?: number;
  readonly albums: readonly AlbumDraft[];
  /** Null or left out: the telescope stays on the target. */
  readonly dither?: Dither | null;
}

export interface RequestDraft {
  readonly name: string;
  readonly comment: string;
  readonly programmeId: string;
  readonly sequences: readonly SequenceDraft[];
}
