import type { InstrumentDescription, Observatory } from "../../observatory.ts";

/** Kinds of calibration frames. */
export const CALIBRATION_KINDS = ["bias", "dark", "flat"] as const;
export type CalibrationKind = (typeof CALIBRATION_KINDS)[number];

/** How the calibrations are taken: section `calibration` of the observatory file, or these defaults. */
export interface CalibrationRules {
  /** Frames of each group; 5 good ones are wanted, so that two may be bad. */
  readonly frames: number;
  /** Level that flats are exposed to, as a share of saturation. */
  readonly flatLevel: number;
  /** Brightness of the lamp, 1 to 100 per cent of what it can. */
  readonly lampPct: number;
  /** Exposure of the frame that finds the lamp's level, seconds. */
  readonly testFlatS: number;
  /** The whole of it ends after this, observatory minutes: what is missing then is taken from older nights. */
  readonly limitMin: number;
  /** A hold is waited for at most this long, observatory minutes. */
  readonly holdLimitMin: number;
  /** Masters of nights longer ago are not used any more, nights. */
  readonly maxAgeNights: number;
}

export const DEFAULT_CALIBRATION_RULES: CalibrationRules = {
  frames: 7,
  flatLevel: 0.4,
  lampPct: 100,
  testFlatS: 2,
  limitMin: 420,
  holdLimitMin: 60,
  maxAgeNights: 30,
};

/** The rules in force. */
export function calibrationRules(observatory: Observatory): CalibrationRules {
  return { ...DEFAULT_CALIBRATION_RULES, ...observatory.calibration };
}

/** One set of exposures that was used in a night. */
export interface UsedExposure {
  readonly cameraId: string;
  readonly filter: string;
  readonly exposureS: number;
}

/** Frames to be taken, of which one master is made. */
export interface PlannedGroup {
  /** `bias`, `dark-120s`, `flat-r`. */
  readonly key: string;
  readonly kind: CalibrationKind;
  readonly instrumentId: string;
  readonly cameraId: string;
  /** "" but for flats. */
  readonly filter: string;
  /** Of flats: that of the test frame, from which theirs follows. */
  readonly exposureS: number;
  readonly count: number;
}

/** Which calibration run, and what it is of. */
export interface CalibrationRun {
  /** `{site}/{yyyy-mm-dd}/{run}`. */
  readonly id: string;
  readonly siteId: string;
  readonly date: string;
  readonly run: number;
}

/** Id of a group of frames and of the master that is made of it: `2026-11-20-1-vis-dark-120s`. */
export function groupId(
  { date, run }: Pick<CalibrationRun, "date" | "run">,
  { instrumentId, key }: Pick<PlannedGroup, "instrumentId" | "key">,
): string {
  return `${date}-${run}-${instrumentId}-${key}`;
}

/** What came of one group. */
export interface GroupResult {
  readonly key: string;
  readonly kind: CalibrationKind;
  readonly instrumentId: string;
  readonly filter: string;
  readonly exposureS: number;
  readonly taken: number;
  readonly accepted: number;
  /** Id of the master made, or null. */
  readonly masterId: string | null;
  /** Why there is none, or what is doubtful about it; empty when all is well. */
  readonly words: string;
  /** Id of the master of an earlier night or run that is used instead, or null. */
  readonly olderMasterId: string | null;
}

/** A dark shorter than this shows nothing but bias. */
const SHORTEST_DARK_S = 1;

/**
 * What to take for a night: per camera bias, darks for each exposure time used (the longest first: they serve the
 * shorter ones too, scaled down), flats for each filter used.
 * @param used what was exposed in the night; cameras of which nothing was get bias only
 */
export function plannedGroups(observatory: Observatory, used: readonly UsedExposure[]): PlannedGroup[] {
  return observatory.instruments.flatMap((instrument) =>
    groupsOf(
      instrument,
      used.filter(({ cameraId }) => cameraId === instrument.cameraId),
      calibrationRules(observatory),
    ),
  );
}

function groupsOf(
  instrument: InstrumentDescription,
  used: readonly UsedExposure[],
  rules: CalibrationRules,
): PlannedGroup[] {
  const { id: instrumentId, cameraId } = instrument;
  const common = { instrumentId, cameraId, count: rules.frames };
  const times = [...new Set(used.map(({ exposureS }) => exposureS))].filter(
    (each) => each >= SHORTEST_DARK_S,
  );
  const filters = instrument.filters.filter((filter) => used.some((each) => each.filter === filter));
  return [
    { ...common, key: "bias", kind: "bias", filter: "", exposureS: 0 },
    ...times
      .toSorted((a, b) => b - a)
      .map((exposureS): PlannedGroup => ({
        ...common,
        key: `dark-${exposureS}s`,
        kind: "dark",
        filter: "",
        exposureS,
      })),
    ...filters.map((filter): PlannedGroup => ({
      ...common,
      key: `flat-${filter}`,
      kind: "flat",
      filter,
      exposureS: rules.testFlatS,
    })),
  ];
}

/** Least light above the bias that a level can be told from. */
const LEAST_SIGNAL_ADU = 20;

/**
 * Exposure time that brings a flat to its level.
 * @param seen exposure (s) and median level (adu) of a frame of the same lamp and filter
 * @param biasAdu level of bias frames
 * @returns null when the lamp gives (nearly) no light
 */
export function flatExposureS(
  seen: { readonly exposureS: number; readonly levelAdu: number },
  biasAdu: number,
  instrument: Pick<InstrumentDescription, "saturationAdu" | "minExposureS" | "maxExposureS">,
  rules: Pick<CalibrationRules, "flatLevel">,
): number | null {
  const signalAdu = seen.levelAdu - biasAdu;
  if (!(signalAdu > LEAST_SIGNAL_ADU)) return null;
  const wantedAdu = rules.flatLevel * instrument.saturationAdu - biasAdu;
  const exposureS = (seen.exposureS * wantedAdu) / signalAdu;
  const rounded = Math.round(exposureS * 10) / 10;
  return Math.min(instrument.maxExposureS, LONGEST_FLAT_S, Math.max(instrument.minExposureS, 0.1, rounded));
}

/** A lamp that needs longer than this is as good as off. */
const LONGEST_FLAT_S = 120;
