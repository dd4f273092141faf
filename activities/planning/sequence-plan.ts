import type { SequenceDetail } from "../../db/repositories/sequences.ts";
import type { Observatory } from "../../domain/observatory.ts";
import type { SequencePlan } from "../../workflows/messages.ts";

/** A sequence as the telescope needs it: only the frames still to be taken. */
export function sequencePlanOf(sequence: SequenceDetail, observatory: Observatory): SequencePlan {
  return {
    sequenceId: sequence.id,
    requestId: sequence.requestId,
    requestName: sequence.request.name,
    programmeId: sequence.request.programmeId,
    target: { name: sequence.targetName, raDeg: sequence.raDeg, decDeg: sequence.decDeg },
    albums: sequence.albums
      .map((album) => ({
        albumId: album.id,
        instrumentId: album.instrumentId,
        plans: album.plans
          .filter((plan) => plan.remainingFrames.length > 0)
          .map((plan) => ({
            planId: plan.id,
            filter: plan.filter,
            exposureS: plan.exposureS,
            count: plan.count,
            frames: plan.remainingFrames,
          })),
      }))
      .filter((album) => album.plans.length > 0),
    dither: sequence.dither,
    alertKey: sequence.request.alertKey,
    minAltDeg: Math.max(sequence.constraints.minAltDeg, observatory.telescope.minAltDeg),
  };
}
