import {
  CancellationScope,
  isCancellation,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
} from "@temporalio/workflow";
import { failureSentence, failureType } from "./failure-words.ts";
import {
  clockChangedSignal,
  stopAfterFrameSignal,
  unavailableSignal,
  type SequenceInput,
  type SequenceResult,
} from "./messages.ts";
import { takeAlbums } from "./sequence/arms.ts";
import { Wheels } from "./sequence/filters.ts";
import { pointTelescope } from "./sequence/pointing.ts";
import { RunningSequence } from "./sequence/state.ts";

/**
 * One attempt at one sequence: slew, then the albums of all arms in parallel, with a barrier at each dither, at each
 * change of the telescope's filter wheel, and at the end. Cancelled or stopped, it keeps its finished frames, settles
 * those under way, and returns what was taken.
 */
export async function sequence(input: SequenceInput): Promise<SequenceResult> {
  const running = new RunningSequence(input);
  const { target } = input.plan;
  setHandler(clockChangedSignal, (fact) => running.clock.change(fact));
  setHandler(stopAfterFrameSignal, ({ reason }) => {
    running.stop ??= reason;
  });
  setHandler(unavailableSignal, (unavailable) => {
    running.unavailable = unavailable;
  });
  upsertSearchAttributes({ Site: [running.siteId], Target: [target.name], Phase: ["slewing"] });
  setCurrentDetails(`Slewing to **${target.name}**`);

  const end = await observe(running);
  await CancellationScope.nonCancellable(() => running.background.drained());
  return {
    ...end,
    framesStored: running.framesStored,
    framesOfLongestArm: running.framesOfLongestArm(),
    exposedS: running.exposedS,
  };
}

async function observe(running: RunningSequence): Promise<Pick<SequenceResult, "outcome" | "reason">> {
  try {
    const [first] = running.steps;
    if (first !== undefined) {
      const wheels = new Wheels(running);
      wheels.turnAhead(first);
      await pointTelescope(running, first);
      await takeAlbums(running, wheels);
    }
    return { outcome: running.stop === null ? "completed" : "interrupted", reason: running.stop ?? "" };
  } catch (error) {
    if (isCancellation(error)) {
      return { outcome: "interrupted", reason: running.stop ?? "stopped by the night" };
    }
    return {
      outcome: failureType(error) === "LeaseLost" ? "interrupted" : "failed",
      reason: failureSentence(error),
    };
  }
}
