import type { ClockFact } from "../../domain/clock.ts";
import { observatoryMs } from "../../domain/clock.ts";
import { lastDeg } from "../../domain/astronomy/alt-az.ts";
import { DEG_PER_HOUR, MS_PER_HOUR } from "../../domain/units.ts";
import { asSentence } from "../../domain/safety/sentences.ts";
import type { Observatory } from "../../domain/observatory.ts";
import type { Executing, ExecutingFrame } from "../../workflows/messages.ts";
import { count, NBSP } from "../words/numbers.ts";
import { alertHref } from "../words/links.ts";
import { skyError } from "../words/sky.ts";
import { clockTime, duration, latency } from "../words/time.ts";
import { alarmMark, type AlarmMark } from "./alarms.ts";
import { phaseSentence, phaseWords } from "./phase.ts";
import type { Situation } from "./situation.ts";
import { domeMark, modeMark, safetyMark } from "./tone.ts";
import type { Mark } from "./tone.ts";

/** The bar on top of every page. */
export interface StatusBar {
  readonly mode: Mark;
  readonly phase: string;
  readonly safety: Mark & { readonly why: string };
  readonly dome: Mark;
  /** What is exposing now; empty when nothing is. */
  readonly executing: string;
  readonly alert: {
    readonly name: string;
    readonly href: string;
    readonly simulated: boolean;
    /** Stage, age, error and latency, as far as they are known. */
    readonly words: string;
  } | null;
  /** How many alarms; null when the list is empty. */
  readonly alarms: AlarmMark | null;
  /** Why nothing is observed, the first hold and how many more there are; empty when there is none. */
  readonly held: string;
  readonly stale: string;
}

/** The observatory clock as pages carry it: the script ticks it from here. */
export interface ShownClock {
  readonly utc: string;
  readonly lst: string;
  readonly nowMs: number;
  readonly rate: number;
  /** Empty on the real sky. */
  readonly badge: string;
}

export function statusBar(situation: Situation, clock: ClockFact, nowWallMs: number): StatusBar {
  const nowMs = observatoryMs(clock, nowWallMs);
  const { alertInProgress, stale } = situation;
  const executing = situation.night?.executing ?? null;
  return {
    mode: modeMark(situation.mode),
    phase: phaseSentence(situation, nowMs),
    safety: safetyMark(situation),
    dome: domeMark(situation.dome),
    alarms: alarmMark(situation.alarms),
    executing: executing === null ? "" : executingWords(executing, nowMs),
    alert:
      alertInProgress === null
        ? null
        : {
            name: alertInProgress,
            href: alertHref(alertInProgress),
            simulated: situation.alert?.simulated ?? false,
            words: alertWords(situation, nowMs),
          },
    held: heldWords(situation),
    stale:
      stale === null
        ? ""
        : `Last known state. ${stale.why} Silent for ${duration(nowWallMs - stale.sinceWallMs)}.`,
  };
}

/** `Not observing: Device camera-vis. It cannot be reached.` and `2 more holds`. */
function heldWords({ holds }: Situation): string {
  const [first, ...others] = holds;
  if (first === undefined) return "";
  const more = others.length === 0 ? "" : ` And ${count(others.length, "more hold")}.`;
  return `${asSentence(`${first.kind.replace(":", " ")}: ${first.why}`)}${more}`;
}

export function shownClock(clock: ClockFact, observatory: Observatory, nowWallMs: number): ShownClock {
  const nowMs = observatoryMs(clock, nowWallMs);
  const lstMs = (lastDeg(observatory.site, nowMs) / DEG_PER_HOUR) * MS_PER_HOUR;
  return {
    utc: clockTime(nowMs),
    lst: clockTime(lstMs),
    nowMs,
    rate: clock.rate,
    badge: clock.rate === 1 ? "" : `x${clock.rate} DEMO`,
  };
}

function alertWords({ alert, night }: Situation, nowMs: number): string {
  const stage = night === null ? (alert?.status ?? "") : phaseWords(night.phase);
  if (alert === null) return stage;
  const { t0Ms, errorDeg, stages } = alert;
  const shutter =
    stages.receivedAt === undefined || stages.shutterOpenedAt === undefined
      ? "shutter not open yet"
      : `shutter open ${latency(stages.shutterOpenedAt - stages.receivedAt)} after the notice`;
  return [
    stage,
    ...(t0Ms === null ? [] : [`T0 + ${duration(Math.max(0, nowMs - t0Ms))}`]),
    ...(errorDeg === null ? [] : [`± ${skyError(errorDeg)}`]),
    shutter,
  ].join(", ");
}

/** `GRB 250704B, r 60 s, 23 s left`; of several cameras the first that is busy. */
export function executingWords(executing: Executing, nowMs: number): string {
  const frame = executing.cameras.find(({ phase }) => phase !== "waiting") ?? executing.cameras[0];
  return frame === undefined ? executing.target : `${executing.target}, ${frameWords(frame, nowMs)}`;
}

/** `r 60 s, frame 2 of 5, 23 s left`. */
export function frameWords(frame: ExecutingFrame, nowMs: number): string {
  const what = `${frame.filter} ${frame.exposureS}${NBSP}s`;
  const leftMs = remainingMs(frame, nowMs);
  if (frame.phase === "exposing" && leftMs !== null && leftMs > 0) return `${what}, ${duration(leftMs)} left`;
  return `${what}, ${shownPhase(frame, leftMs)}`;
}

/** The phase in words: once its time is over, a frame is read out, though nobody has said so yet. */
export function shownPhase(frame: ExecutingFrame, leftMs: number | null): string {
  return frame.phase === "exposing" && leftMs === 0 ? "reading" : frame.phase;
}

/** Observatory ms until the shutter closes; null when it is not open. */
export function remainingMs(frame: ExecutingFrame, nowMs: number): number | null {
  if (frame.startMs === null) return null;
  return Math.max(0, frame.startMs + frame.exposureS * 1_000 - nowMs);
}
