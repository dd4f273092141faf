import { setCurrentDetails, upsertSearchAttributes } from "@temporalio/workflow";
import { nightReportSignal, type NightPhase } from "../messages.ts";
import type { OpenNight } from "./state.ts";

/**
 * Enters a phase, or says anew what this one waits for: told to the majordome each time, to the journal on a change.
 * @param untilMs until when it waits at the longest, observatory ms
 */
export function enter(tonight: OpenNight, next: NightPhase, what: string, untilMs: number | null): void {
  const changed = next !== tonight.phase;
  tonight.phase = next;
  tonight.waitingFor = what;
  setCurrentDetails(`**${next}** ${what}`);
  if (changed) {
    upsertSearchAttributes({ Phase: [next] });
    journal(tonight, "info", PHASE_SENTENCES[next](what));
  }
  tonight.reportSeq += 1;
  const report = {
    seq: tonight.reportSeq,
    workflowId: tonight.workflowId,
    date: tonight.input.date,
    run: tonight.run,
    phase: next,
    executing: tonight.running?.executing ?? null,
    waitingFor: what,
    waitsUntilMs: untilMs,
    framesStored: tonight.framesStored,
    sequencesDone: tonight.sequencesDone,
    alertInProgress: tonight.running?.job.claim?.alertKey ?? null,
    failing: tonight.failing,
    outcome: tonight.outcome,
  };
  tonight.background.add("report", () => tonight.majordome.signal(nightReportSignal, report));
}

/** Writes a line of the night's journal, in the background. */
export function journal(tonight: OpenNight, level: "info" | "warning" | "alarm", text: string): void {
  const { nightId } = tonight;
  const atMs = tonight.clock.nowMs();
  tonight.background.add("journal", () =>
    tonight.records.journal({ level, module: "night", text, nightId, atMs }),
  );
}

/** What the journal says when the night enters a phase. */
const PHASE_SENTENCES: Readonly<Record<NightPhase, (what: string) => string>> = {
  preparing: () => "The night is being prepared.",
  waitingForDusk: (what) => `Waiting for ${what}.`,
  opening: () => "The dome opens.",
  scheduling: (what) => `The night is planned: ${what}.`,
  observing: (what) => `Observing ${what}.`,
  alert: (what) => `Observing the alert at ${what}.`,
  idle: (what) => `Nothing to observe now. Waiting for ${what}.`,
  held: (what) => `Observing is held: ${what}`,
  closing: () => "The dome closes.",
  parking: () => "The telescope parks.",
  ended: () => "The night has ended.",
};
