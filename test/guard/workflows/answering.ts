import { condition, defineSignal, setHandler } from "@temporalio/workflow";
import { stateQuery, type NightState } from "../../../workflows/messages.ts";

export const setAllowedSignal = defineSignal<[boolean]>("setAllowed");
export const finishSignal = defineSignal("finish");

/** Stands for a night in the eyes of the guard: answers `state` as it is told, until it is finished. */
export async function answering(): Promise<void> {
  let allowsOpenDome = true;
  let finished = false;
  setHandler(setAllowedSignal, (allowed) => {
    allowsOpenDome = allowed;
  });
  setHandler(finishSignal, () => {
    finished = true;
  });
  setHandler(stateQuery, (): NightState => ({
    kind: "night",
    phase: allowsOpenDome ? "observing" : "parking",
    allowsOpenDome,
    generation: 1,
    date: "2026-11-20",
    run: 1,
    holds: [],
    executing: null,
    pendingAlerts: [],
  }));
  await condition(() => finished);
}
