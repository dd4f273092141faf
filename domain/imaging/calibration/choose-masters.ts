import { darkForExposure, sameSetup, type DetectorSetup } from "./matching.ts";
import type { CalibrationKind } from "./calibration-night.ts";

/** A master on record, as far as choosing one needs it. */
export interface MasterFacts {
  readonly id: string;
  readonly kind: CalibrationKind;
  /** yyyy-mm-dd of the night it is of. */
  readonly nightDate: string;
  readonly filter: string;
  readonly exposureS: number;
  readonly setup: DetectorSetup;
  readonly grade: "good" | "degraded";
}

/** A master that was used, and whether it is flagged. */
export interface UsedMaster {
  readonly id: string;
  readonly kind: CalibrationKind;
  readonly nightDate: string;
  /** Nights before the frame's own: above 0 it is flagged. */
  readonly nightsOld: number;
}

/** The masters for a frame, and what somebody should know of the choice. */
export interface ChosenMasters<M extends MasterFacts> {
  readonly masters: readonly M[];
  readonly used: readonly UsedMaster[];
  /** One sentence for each master that is not of the frame's own night. */
  readonly warnings: readonly string[];
}

/**
 * The masters that fit a frame: of the same detector set-up (camera, size, binning, read-out mode, temperature within
 * 1 C), flats of its filter. The newest night counts first; darks of one night are chosen by exposure time. A master of an
 * earlier night is flagged, one older than `maxAgeNights` is not used.
 * @param nightDate night of the frame
 */
export function chooseMasters<M extends MasterFacts>(
  frame: { readonly setup: DetectorSetup; readonly exposureS: number; readonly filter: string },
  nightDate: string,
  masters: readonly M[],
  maxAgeNights: number,
): ChosenMasters<M> {
  const fitting = masters.filter((master) => {
    const age = nightsBetween(master.nightDate, nightDate);
    return age >= 0 && age <= maxAgeNights && sameSetup(master.setup, frame.setup);
  });
  const newest = (kind: CalibrationKind, fits: (master: M) => boolean = () => true): M[] => {
    const ofKind = fitting.filter((master) => master.kind === kind && fits(master));
    const date = ofKind
      .map((master) => master.nightDate)
      .toSorted()
      .at(-1);
    // Of one night the last run counts: the run is a number in the id.
    return ofKind
      .filter((master) => master.nightDate === date)
      .toSorted((a, b) => b.id.localeCompare(a.id, "en", { numeric: true }));
  };
  const chosen = [
    newest("bias")[0],
    darkForExposure(newest("dark"), frame.exposureS),
    newest("flat", (master) => master.filter === frame.filter)[0],
  ].filter((master) => master !== undefined);
  const used = chosen.map(({ id, kind, nightDate: of }) => ({
    id,
    kind,
    nightDate: of,
    nightsOld: nightsBetween(of, nightDate),
  }));
  return {
    masters: chosen,
    used,
    warnings: used
      .filter(({ nightsOld }) => nightsOld > 0)
      .map(
        ({ id, kind, nightsOld }) =>
          `the master ${kind} ${id} is ${nightsOld} ${nightsOld === 1 ? "night" : "nights"} old`,
      ),
  };
}

const MS_PER_DAY = 86_400_000;

/** Nights from one date to another (yyyy-mm-dd), negative when the second is earlier. */
export function nightsBetween(fromDate: string, toDate: string): number {
  return Math.round((Date.parse(toDate) - Date.parse(fromDate)) / MS_PER_DAY);
}
