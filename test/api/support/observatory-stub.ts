import { condition, setHandler } from "@temporalio/workflow";
import type { ObservatoryState } from "../../../workflows/messages.ts";
import { pauseUpdate, resumeUpdate, stateQuery } from "../../../workflows/messages.ts";
import { takeUpdate } from "../../../workflows/updates.ts";

/** Answers as `observatory` does to the calls of the gateway, and does nothing else. */
export async function observatory(first: ObservatoryState): Promise<void> {
  let state = first;
  setHandler(stateQuery, () => state);
  setHandler(pauseUpdate, () => {
    state = { ...state, mode: "PAUSED", paused: true };
    return state;
  });
  takeUpdate(
    resumeUpdate,
    () => state,
    () => "Nothing to resume: nobody has paused.",
  );
  await condition(() => false);
}
