import path from "node:path";
import type { MasterRecord } from "../db/entities/master.ts";
import type { Database } from "../db/orm.ts";
import { calibrationRules } from "../domain/imaging/calibration/calibration-night.ts";
import type { MasterFacts } from "../domain/imaging/calibration/choose-masters.ts";
import type { Observatory } from "../domain/observatory.ts";
import type { MasterFile } from "./image-job.ts";

/** A master on record that may be chosen, and its file. */
export type MasterCandidate = MasterFacts & {
  /** The run that made it. */
  readonly calibrationId: string;
  readonly file: MasterFile;
};

/** Reads the masters of an instrument of a night and of those before it that are not too old. */
export function createMasterCandidates(masters: Pick<Database["masters"], "between">, home: string) {
  return async (
    observatory: Observatory,
    siteId: string,
    instrumentId: string,
    nightDate: string,
  ): Promise<MasterCandidate[]> => {
    const { maxAgeNights } = calibrationRules(observatory);
    const from = nightsBefore(nightDate, maxAgeNights);
    const rows = await masters.between(siteId, instrumentId, from, nightDate);
    return rows.map((master) => ({
      ...factsOf(master),
      calibrationId: master.calibrationId,
      file: { id: master.id, file: path.join(home, master.path), sha256: master.sha256 },
    }));
  };
}

function factsOf(master: MasterRecord): MasterFacts {
  const { id, kind, nightDate, filter, exposureS, grade } = master;
  const { camera, binning, readoutMode, size, temperatureC } = master;
  return {
    id,
    kind,
    nightDate,
    filter,
    exposureS,
    grade,
    setup: { camera, binning, readoutMode, size, temperatureC },
  };
}

const MS_PER_DAY = 86_400_000;

function nightsBefore(date: string, nights: number): string {
  return new Date(Date.parse(date) - nights * MS_PER_DAY).toISOString().slice(0, 10);
}
