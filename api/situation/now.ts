import type { Executing } from "../../workflows/messages.ts";
import { NBSP } from "../words/numbers.ts";
import { alertHref, requestHref } from "../words/links.ts";
import { position } from "../words/sky.ts";
import type { ShownPosition } from "../words/sky.ts";
import { clockTime, duration } from "../words/time.ts";
import { remainingMs, shownPhase } from "./status-bar.ts";

/** The running sequence as pages show it: one row per camera. */
export interface ShownExecuting {
  readonly target: string;
  readonly href: string;
  readonly alert: { readonly name: string; readonly href: string } | null;
  readonly position: ShownPosition;
  readonly since: string;
  readonly cameras: readonly ShownCamera[];
  readonly workflowId: string;
}

export interface ShownCamera {
  readonly camera: string;
  readonly frame: string;
  readonly filter: string;
  readonly exposure: string;
  readonly phase: string;
  readonly left: string;
  /** Observatory ms at which the shutter closes: the script counts down to it. */
  readonly endsMs: number | null;
  /** 0 to 100. */
  readonly percent: number;
}

export function shownExecuting(executing: Executing | null, nowMs: number): ShownExecuting | null {
  if (executing === null) return null;
  return {
    target: executing.target,
    href: requestHref(executing.requestId),
    alert:
      executing.alertKey === null ? null : { name: executing.alertKey, href: alertHref(executing.alertKey) },
    position: position(executing.raDeg, executing.decDeg),
    since: clockTime(executing.startedMs),
    workflowId: executing.workflowId,
    cameras: executing.cameras.map((frame) => {
      const leftMs = remainingMs(frame, nowMs);
      const exposing = frame.phase === "exposing" && leftMs !== null && leftMs > 0;
      const shareDone = exposing ? 1 - leftMs / (frame.exposureS * 1_000) : 0;
      return {
        camera: frame.cameraId,
        frame: `${frame.n} of ${frame.count}`,
        filter: frame.filter,
        exposure: `${frame.exposureS}${NBSP}s`,
        phase: shownPhase(frame, leftMs),
        left: exposing ? duration(leftMs) : "",
        endsMs: exposing && frame.startMs !== null ? frame.startMs + frame.exposureS * 1_000 : null,
        percent: Math.round(Math.min(1, Math.max(0, shareDone)) * 100),
      };
    }),
  };
}
