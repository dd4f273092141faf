import type { TypicalStream } from "../../../domain/alerts/typical.ts";
import type { Situation } from "../../situation/situation.ts";
import { duration } from "../../words/time.ts";

/** The missions as people call them. */
export const MISSIONS: Readonly<Record<TypicalStream, string>> = {
  "swift-bat": "Swift BAT",
  "fermi-gbm": "Fermi GBM",
  "svom-eclairs": "SVOM ECLAIRs",
};

/** The question before a test alert is fired: what it does to what runs now. */
export function testAlertQuestion(stream: TypicalStream, event: string, situation: Situation, nowMs: number) {
  return {
    title: `Fire a test alert like ${MISSIONS[stream]}?`,
    words: [
      ...effects(situation, nowMs),
      "It takes the way of a real alert: requests, frames, a report. All of them are marked TEST; its time is charged to the programme of alerts.",
    ],
    action: "/alerts/simulate",
    kept: [
      { name: "stream", value: stream },
      { name: "event", value: event },
    ],
    yes: "Fire the test alert",
    no: "Fire nothing",
    noHref: "/alerts",
  };
}

function effects({ night, holds, alertInProgress }: Situation, nowMs: number): string[] {
  if (holds.length > 0)
    return [
      `The observatory is held: ${holds.map(({ why }) => why).join(" ")}`,
      "The alert waits until nothing holds, or until it is too old.",
    ];
  if (night === null) return ["No night is open: the alert waits for dusk, or until it is too old."];
  const { executing } = night;
  if (alertInProgress !== null)
    return [
      `${alertInProgress} is being followed. The alert of better rank goes first, the other one waits.`,
    ];
  if (executing === null)
    return ["Nothing is exposing now: the telescope slews to the burst within seconds."];
  return [
    `${executing.target} is interrupted after ${duration(nowMs - executing.startedMs)}: ${lost(executing.cameras.length)}.`,
    "Frames that are stored are kept; what is left of it is planned again. The telescope slews to the burst within seconds.",
  ];
}

function lost(cameras: number): string {
  return cameras <= 1
    ? "the exposure that runs is lost"
    : `the exposures that run on ${cameras} cameras are lost`;
}
