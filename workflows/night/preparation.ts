import { CancellationScope } from "@temporalio/workflow";
import { isBlocking, optionalDevice, type InstrumentDescription } from "../../domain/observatory.ts";
import { failureSentence } from "../failure-words.ts";
import { coolingActivities, focuserActivities } from "../proxies.ts";
import { journal } from "./report.ts";
import type { OpenNight } from "./state.ts";

/** What is brought into its state for the night in the background; each failure is told, none stops the night. */
export interface Preparation {
  /** The cameras without which nothing is observed are at their set points, or have failed to get there. */
  isReady(): boolean;
}

/** Cools all cameras and moves the focuser to its configured position. */
export function startPreparation(tonight: OpenNight): Preparation {
  const { observatory } = tonight.input;
  let waiting = 0;
  for (const instrument of observatory.instruments) {
    const counts = isBlocking(observatory, instrument);
    if (counts) waiting += 1;
    void CancellationScope.nonCancellable(() => cool(tonight, instrument))
      .catch((error: unknown) =>
        journal(
          tonight,
          "warning",
          `${instrument.name} did not reach its set point: ${failureSentence(error)}`,
        ),
      )
      .finally(() => {
        if (counts) waiting -= 1;
      });
  }
  void CancellationScope.nonCancellable(() => focus(tonight)).catch((error: unknown) =>
    journal(tonight, "warning", `The telescope is not in focus: ${failureSentence(error)}`),
  );
  return { isReady: () => waiting === 0 };
}

async function cool({ input, siteId, clock }: OpenNight, instrument: InstrumentDescription): Promise<void> {
  const limitS = input.observatory.night.coolLimitS;
  const { cameraId, setPointC, ramp } = instrument;
  await coolingActivities(siteId, cameraId, clock.fact, limitS).coolCamera({
    cameraId,
    setPointC,
    limitS,
    ...(ramp === undefined ? {} : { ramp }),
  });
}

async function focus({ input, siteId, clock, lease }: OpenNight): Promise<void> {
  const { telescope, night } = input.observatory;
  const position = telescope.focusSteps;
  if (position === undefined || optionalDevice(input.observatory, "focuser") === null) return;
  const limitS = night.focusLimitS;
  await focuserActivities(siteId, clock.fact, limitS).moveFocuser({ lease, position, limitS });
}
