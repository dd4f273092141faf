import { ALERT_STAGES } from "../../../db/entities/alert.ts";
import type { AlertStage, AlertStages } from "../../../db/entities/alert.ts";
import { NONE } from "../../words/numbers.ts";
import { dateTimeMs, latency } from "../../words/time.ts";

const STAGE_WORDS: Readonly<Record<AlertStage, string>> = {
  T0: "Burst",
  receivedAt: "Notice received and stored",
  decidedAt: "Decided",
  preemptedAt: "Telescope asked for",
  abortedAt: "Exposures stopped",
  slewStartedAt: "Slew started",
  shutterOpenedAt: "Shutter opened",
  firstImageAt: "First image stored",
};

export interface Rung {
  readonly words: string;
  readonly at: string;
  /** Since the stage before that was reached. */
  readonly step: string;
  /** Since the notice was received. */
  readonly since: string;
  readonly slowest: boolean;
  readonly reached: boolean;
}

/** Stages in their order, each with the time since the one before and since the notice; wall clock. */
export function latencyLadder(stages: AlertStages): Rung[] {
  const steps = new Map<AlertStage, number>();
  let before: number | null = null;
  for (const stage of ALERT_STAGES) {
    const at = stages[stage];
    if (at === undefined) continue;
    if (before !== null) steps.set(stage, at - before);
    before = at;
  }
  // From the burst to the notice is the satellite's time, not ours.
  const ours = [...steps].filter(([stage]) => stage !== "receivedAt");
  const slowestMs = Math.max(...ours.map(([, ms]) => ms));
  return ALERT_STAGES.map((stage) => {
    const at = stages[stage];
    const stepMs = steps.get(stage);
    return {
      words: STAGE_WORDS[stage],
      at: at === undefined ? NONE : dateTimeMs(at),
      step: stepMs === undefined ? NONE : latency(stepMs),
      since:
        at === undefined || stages.receivedAt === undefined || stage === "T0"
          ? NONE
          : latency(at - stages.receivedAt),
      slowest: stage !== "receivedAt" && stepMs !== undefined && stepMs === slowestMs && ours.length > 1,
      reached: at !== undefined,
    };
  });
}

/** From the notice to the open shutter, in words. */
export function alertToShutter({ receivedAt, shutterOpenedAt }: AlertStages): string {
  return receivedAt === undefined || shutterOpenedAt === undefined
    ? NONE
    : latency(shutterOpenedAt - receivedAt);
}
