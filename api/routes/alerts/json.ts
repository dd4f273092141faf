import type { AlertRecord } from "../../../db/entities/alert.ts";
import type { AlertChain } from "../../../db/repositories/alerts.ts";
import { imageJson } from "../images/json.ts";

/** An alert as lists give it. */
export function alertJson({ state: _state, site: _site, stages, ...alert }: AlertRecord) {
  return { id: alert.key, ...alert, stages: { ...stages } };
}

/** An alert with all that came of it. */
export function alertDetailJson({ alert, notices, request, sequences, images }: AlertChain) {
  return {
    ...alertJson(alert),
    notices: notices.map(
      ({ id, ivorn, door, receivedWallMs, deliveredWallMs, decision, reason, parsed }) => ({
        id,
        ivorn,
        door,
        receivedWallMs,
        deliveredWallMs,
        decision,
        reason,
        parsed,
      }),
    ),
    requestId: request?.id ?? null,
    sequences: sequences.map(({ id, generation, status, statusReason }) => ({
      id,
      generation,
      status,
      statusReason,
    })),
    images: images.map(imageJson),
  };
}
