import type { Schedule } from "../../scheduler/index.ts";
import type { NightSky } from "./observability.ts";
import type { Candidate } from "./problem.ts";

/** A plan as the rows of a stored schedule: what is planned, then what is refused and why. */
export function storedRows(
  plan: Schedule,
  duskMs: number,
  never: readonly Candidate[],
  waiting: readonly { readonly id: string; readonly statusReason: string | null }[],
  night: NightSky,
  shortOfQuota: ReadonlySet<string>,
  executingId: string | null,
) {
  const planned = plan.rows
    .filter((row) => !shortOfQuota.has(row.sequenceId))
    .map((row) => ({
      sequenceId: row.sequenceId,
      tspMs: duskMs + row.tspMs,
      tepMs: duskMs + row.tepMs,
      deltaTLMs: row.deltaTLMs,
      deltaTRMs: row.deltaTRMs,
      score: row.score,
      status: row.sequenceId === executingId ? ("executing" as const) : ("planned" as const),
      reasonCode: null,
      reason: null,
      numbers: null,
    }));
  const refused = [
    ...plan.refused.map((refusal) => ({
      sequenceId: refusal.sequenceId,
      reasonCode: refusal.code as string,
      reason: refusal.text,
      numbers: { ...refusal.numbers, wonBy: refusal.wonBy } as Readonly<Record<string, unknown>>,
    })),
    ...never.map(({ sequence }) => {
      const { text, numbers } = night.whyNever(sequence);
      return { sequenceId: sequence.id, reasonCode: "not_observable", reason: text, numbers };
    }),
    ...waiting.map(({ id, statusReason }) => ({
      sequenceId: id,
      reasonCode: "conditions",
      reason: `Waits: ${statusReason ?? "conditions are not good enough."}`,
      numbers: {},
    })),
    ...[...shortOfQuota].map((sequenceId) => ({
      sequenceId,
      reasonCode: "quota",
      reason: "Not planned: its programme has not enough time left.",
      numbers: {},
    })),
  ].map((refusal) => ({
    ...refusal,
    tspMs: null,
    tepMs: null,
    deltaTLMs: null,
    deltaTRMs: null,
    score: null,
    status: "refused" as const,
  }));
  return [...planned, ...refused].map((row, index) => ({ ...row, order: index + 1 }));
}
