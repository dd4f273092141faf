import type { RequestRecord } from "../../../db/entities/request.ts";
import type { SequenceDetail } from "../../../db/repositories/sequences.ts";

/** A request with its sequences, albums and plans, as the API gives it. */
export function requestJson(request: RequestRecord, sequences: readonly SequenceDetail[]) {
  return {
    ...request,
    sequences: sequences.map(({ request: _request, programme: _programme, albums, ...sequence }) => ({
      ...sequence,
      albums: albums.map(({ id, instrumentId, plans }) => ({
        id,
        instrumentId,
        plans: plans.map((plan) => ({
          id: plan.id,
          filter: plan.filter,
          exposureS: plan.exposureS,
          count: plan.count,
          storedFrames: [...plan.storedFrames],
          remainingFrames: [...plan.remainingFrames],
        })),
      })),
    })),
  };
}
