import type { AlertState } from "../domain/alerts/alert-state.ts";
import type { Observatory } from "../domain/observatory.ts";
import type { SequencePlan } from "./messages.ts";

/**
 * The sequence that one generation of an alert asks for. Ids follow from the alert's key and the generation, so that
 * rows and workflows made twice are the same.
 * @returns the plan, or the sentence that says why there is none.
 */
export function alertPlan(
  state: AlertState,
  generation: number,
  observatory: Observatory,
): { readonly plan: SequencePlan } | { readonly why: string } {
  if (state.raDeg === null || state.decDeg === null) return { why: "it has no position" };
  const sequenceId = `${state.alertKey}-g${generation}`;
  const albums = observatory.instruments
    .map((instrument) => {
      const albumId = `${sequenceId}-${instrument.id}`;
      const steps = state.plan.filter(
        (step) => step.instrument === instrument.id && instrument.filters.includes(step.filter),
      );
      return {
        albumId,
        instrumentId: instrument.id,
        plans: steps.map((step, index) => ({
          planId: `${albumId}-${index + 1}`,
          filter: step.filter,
          exposureS: step.exposureS,
          count: step.count,
          frames: Array.from({ length: step.count }, (_, frame) => frame + 1),
        })),
      };
    })
    .filter((album) => album.plans.length > 0);
  if (albums.length === 0) {
    const asked = state.plan.map((step) => `${step.instrument} ${step.filter}`).join(", ");
    return {
      why: `its strategy asks for ${asked === "" ? "nothing" : asked}, which this observatory has not`,
    };
  }
  return {
    plan: {
      sequenceId,
      requestId: state.alertKey,
      requestName: state.sourceName ?? state.alertKey,
      programmeId: "ALERT",
      target: { name: state.sourceName ?? state.alertKey, raDeg: state.raDeg, decDeg: state.decDeg },
      albums,
      alertKey: state.alertKey,
      minAltDeg: observatory.telescope.minAltDeg,
    },
  };
}
