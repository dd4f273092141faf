import type { WorkflowInterceptors } from "@temporalio/workflow";
import type { CameraActivities } from "../activities/camera.ts";
import type { CalibrationFrameActivities } from "../activities/calibration-frames.ts";
import type { CalibrationActivities } from "../activities/calibration.ts";
import type { FilterWheelActivities } from "../activities/filter-wheel.ts";
import type { FocuserActivities } from "../activities/focuser.ts";
import type { LampActivities } from "../activities/lamp.ts";
import type { RecordActivities } from "../activities/record.ts";
import type { ReductionActivities } from "../activities/reduce-frames.ts";
import type { TelescopeActivities } from "../activities/telescope.ts";

type Activities = CameraActivities &
  CalibrationFrameActivities &
  CalibrationActivities &
  FilterWheelActivities &
  FocuserActivities &
  LampActivities &
  RecordActivities &
  ReductionActivities &
  TelescopeActivities;
type Frame = Parameters<CameraActivities["startExposure"]>[0];

const frame = ({ target, filter, exposureS, n, attempt, calibration, instrumentId }: Frame): string =>
  `${calibration?.kind ?? target.name} ${filter} ${exposureS} s #${n} on ${instrumentId}${attempt > 1 ? `, try ${attempt}` : ""}`;

/** What an activity does, in one line; those whose name says it all have none. */
const SUMMARIES: {
  readonly [Name in keyof Activities]?: (...input: Parameters<Activities[Name]>) => string;
} = {
  startSlew: ({ target }) => `to ${target.name}`,
  awaitOnTarget: ({ target }) => `on ${target.name}`,
  setTracking: ({ on }) => (on ? "on" : "off"),
  startExposure: frame,
  fetchExposure: frame,
  fetchCalibrationFrame: frame,
  abortExposures: ({ cameraIds }) => cameraIds.join(", "),
  coolCamera: ({ cameraId, setPointC }) => `${cameraId} to ${setPointC} °C`,
  warmCamera: ({ cameraId }) => cameraId,
  setFilter: ({ wheelId, filter }) => `${wheelId} to ${filter}`,
  moveFocuser: ({ position }) => `to ${position}`,
  lampOn: ({ brightnessPct }) => `${brightnessPct} %`,
  makeGroupMaster: ({ group }) => `${group.kind} of ${group.cameraId}`,
  writeLease: ({ holder, generation }) => `generation ${generation} to ${holder}`,
  raiseHold: ({ hold }) => `${hold.kind}: ${hold.why}`,
  liftHold: ({ kind, by }) => `${kind}, by ${by}`,
  openNight: ({ date }) => date,
  startSequence: ({ plan }) => plan.sequenceId,
  journal: ({ text }) => text,
};

/** The longest summary that is sent: the server refuses more than 400 bytes. */
const LONGEST = 120;

/** The line of the Temporal UI for a call of an activity; undefined when its name says it all. */
export function summaryOf(activityType: string, args: readonly unknown[]): string | undefined {
  const words = (SUMMARIES as Readonly<Record<string, ((...input: never[]) => string) | undefined>>)[
    activityType
  ]?.(...(args as never[]));
  return words === undefined || words.length <= LONGEST ? words : `${words.slice(0, LONGEST - 1)}…`;
}

/** Puts a summary to every activity that has one, so that a history reads like the night's log. It commands nothing. */
export const interceptors = (): WorkflowInterceptors => ({
  outbound: [
    {
      scheduleActivity: (input, next) => {
        const summary = input.options.summary ?? summaryOf(input.activityType, input.args);
        return next(summary === undefined ? input : { ...input, options: { ...input.options, summary } });
      },
    },
  ],
});
