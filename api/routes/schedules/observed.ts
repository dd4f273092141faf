import type { ExposureRecord } from "../../../db/entities/exposure.ts";
import type { Database } from "../../../db/orm.ts";
import type { SequenceDetail } from "../../../db/repositories/sequences.ts";

/** Frames of one sequence that are further apart than this were taken in two attempts. */
const APART_MS = 15 * 60_000;

/** What was really taken of one sequence in one attempt. */
export interface Observed {
  readonly sequenceId: string;
  readonly requestId: string;
  readonly requestName: string;
  readonly programmeId: string;
  /** Who asked for it; null for an alert. */
  readonly userId: string | null;
  readonly target: string;
  readonly isAlert: boolean;
  readonly startMs: number;
  readonly endMs: number;
  readonly stored: number;
  readonly planned: number;
}

/** What was observed in a night, in order of time, from the exposures that were stored. */
export async function observedIn(
  database: Pick<Database, "exposures" | "sequences">,
  nightId: string,
): Promise<Observed[]> {
  const exposures = (await database.exposures.ofNight(nightId)).filter(({ state }) => state === "stored");
  const bySequence = Map.groupBy(exposures, ({ planId }) => sequenceIdOf(planId));
  const ids = [...new Set(exposures.map(({ planId }) => sequenceIdOf(planId)))];
  const details = new Map(
    (await database.sequences.details(ids)).map((detail) => [detail.id, detail] as const),
  );
  return [...bySequence]
    .flatMap(([id, frames]) => {
      const sequence = details.get(id);
      return sequence === undefined ? [] : attemptsOf(frames).map((attempt) => observedOf(attempt, sequence));
    })
    .toSorted((a, b) => a.startMs - b.startMs);
}

/** Frames in order of their start, parted where a long time lies between two. */
function attemptsOf(frames: readonly ExposureRecord[]): ExposureRecord[][] {
  const attempts: ExposureRecord[][] = [];
  for (const frame of frames.toSorted((a, b) => startOf(a) - startOf(b))) {
    const last = attempts.at(-1)?.at(-1);
    if (last === undefined || startOf(frame) - (last.endMs ?? startOf(last)) > APART_MS)
      attempts.push([frame]);
    else attempts.at(-1)?.push(frame);
  }
  return attempts;
}

function startOf({ startMs, intendedStartMs }: ExposureRecord): number {
  return startMs ?? intendedStartMs ?? 0;
}

function observedOf(frames: readonly ExposureRecord[], sequence: SequenceDetail): Observed {
  const plans = sequence.albums.flatMap((album) => album.plans);
  const exposureMsOf = new Map(plans.map(({ id, exposureS }) => [id, exposureS * 1_000]));
  const starts = frames.map(startOf);
  const ends = frames.map(
    ({ planId, endMs }, i) => endMs ?? (starts[i] ?? 0) + (exposureMsOf.get(planId) ?? 0),
  );
  return {
    sequenceId: sequence.id,
    requestId: sequence.requestId,
    requestName: sequence.request.name,
    programmeId: sequence.request.programmeId,
    userId: sequence.request.userId,
    target: sequence.targetName,
    isAlert: sequence.request.kind === "alert",
    startMs: Math.min(...starts),
    endMs: Math.max(...ends),
    stored: frames.length,
    planned: plans.reduce((sum, { count }) => sum + count, 0),
  };
}

/** `R0012-1` of the plan `R0012-1-vis-1`: a plan is named after its sequence, instrument and number. */
function sequenceIdOf(planId: string): string {
  return planId.replace(/-[^-]+-\d+$/, "");
}
