import type { Interval } from "../../domain/astronomy/interval.ts";
import type { MeasuredOverhead } from "../../domain/night/overhead.ts";
import type { Observatory } from "../../domain/observatory.ts";
import { roundedS, sequenceDurationS } from "../../domain/requests/duration.ts";
import type { SequenceDetail } from "../../db/repositories/sequences.ts";
import type { OwnerInput, Problem } from "../../scheduler/index.ts";

/** What is left of a sequence, as time on the telescope. */
export interface RemainingTime {
  readonly frames: number;
  /** Exposures and configured read-outs of the frames left, observatory seconds. */
  readonly durationS: number;
  /** The same with the measured overhead of this software at this clock rate: what planning counts with. */
  readonly plannedS: number;
}

/** The time that the frames left of a sequence take. Albums run in parallel: the longest decides. */
export function remainingTime(
  sequence: SequenceDetail,
  observatory: Observatory,
  overhead: MeasuredOverhead,
): RemainingTime {
  const albums = sequence.albums.map((album) => ({
    instrumentId: album.instrumentId,
    plans: album.plans.map((plan) => ({ ...plan, frames: plan.remainingFrames })),
  }));
  const frames = Math.max(
    0,
    ...albums.map((album) => album.plans.reduce((sum, plan) => sum + plan.frames.length, 0)),
  );
  const durationS = sequenceDurationS(observatory, albums, sequence.dither);
  return { frames, durationS, plannedS: roundedS(durationS + frames * overhead.perFrameS) };
}

/** Priorities run from 0 (best) to this. */
const LEAST_PRIORITY = 100;

export interface Candidate {
  readonly sequence: SequenceDetail;
  readonly windows: readonly Interval[];
  readonly time: RemainingTime;
}

/** The sequence that executes while the night is planned again, observatory ms. */
export interface ExecutingRow {
  readonly sequenceId: string;
  readonly startMs: number;
  /** When it is expected to end. */
  readonly endMs: number;
}

/** The problem document of one planning: everything the plan depends on, in ms from the start of the night. */
export function problemOf(input: {
  readonly candidates: readonly Candidate[];
  readonly duskMs: number;
  readonly dawnMs: number;
  readonly nowMs: number;
  readonly quotaLeftS: ReadonlyMap<string, number>;
  readonly executing: ExecutingRow | null;
}): Problem {
  const { duskMs, dawnMs } = input;
  const fromDusk = (ms: number): number => Math.round(ms - duskMs);
  const owners: Record<string, OwnerInput> = {};
  for (const [programmeId, seconds] of input.quotaLeftS) {
    owners[programmeId] = { quotaLeftMs: Math.max(0, Math.round(seconds * 1_000)) };
  }
  const frozenOf = ({ sequenceId, startMs, endMs }: ExecutingRow) => ({
    sequenceId,
    tspMs: Math.max(0, fromDusk(startMs)),
    tepMs: Math.min(dawnMs - duskMs, fromDusk(Math.max(endMs, input.nowMs + 1_000))),
    status: "executing" as const,
  });
  return {
    schema: "vesper-scheduling-problem/1",
    night: { startUnixMs: duskMs, lengthMs: dawnMs - duskMs },
    nowMs: Math.max(0, fromDusk(input.nowMs)),
    owners,
    sequences: input.candidates.map(({ sequence, windows, time }) => ({
      id: sequence.id,
      owner: sequence.request.programmeId,
      priority: Math.min(LEAST_PRIORITY, sequence.priority + sequence.programme.priority),
      durationMs: Math.round(time.plannedS * 1_000),
      overheadMs: Math.round(sequence.overheadS * 1_000),
      windows: windows.map((window) => ({
        startMs: fromDusk(window.startMs),
        endMs: fromDusk(window.endMs),
      })),
      preferredMs: sequence.preferredMs === null ? null : fromDusk(sequence.preferredMs),
      instruments: sequence.albums.map((album) => album.instrumentId),
    })),
    telescopes: [{ id: "telescope", instruments: instrumentsOf(input.candidates) }],
    ...(input.executing === null ? {} : { frozen: [frozenOf(input.executing)] }),
  };
}

function instrumentsOf(candidates: readonly Candidate[]): string[] {
  return [
    ...new Set(candidates.flatMap(({ sequence }) => sequence.albums.map((album) => album.instrumentId))),
  ].sort();
}
