import type { NightRecord } from "../../../db/entities/night.ts";
import type { LateCommand } from "../../../adapters/temporal/gateway.ts";
import { observatoryWorkflowId } from "../../../workflows/names.ts";
import type { NightPhase } from "../../../workflows/messages.ts";
import type { Observatory } from "../../../domain/observatory.ts";
import type { PageModel } from "../../pages/pages.ts";
import { shownHolds } from "../../situation/holds.ts";
import { shownExecuting } from "../../situation/now.ts";
import { phaseWords } from "../../situation/phase.ts";
import type { Situation } from "../../situation/situation.ts";
import { waitingSentences } from "../../situation/waiting.ts";
import { deviceMark, domeMark, modeMark, safetyMark } from "../../situation/tone.ts";
import type { Mark } from "../../situation/tone.ts";
import { alertHref, workflowHref } from "../../words/links.ts";
import { count, NONE } from "../../words/numbers.ts";
import { clockTime, dateTime, duration, hourMinute } from "../../words/time.ts";
import type { CommandName } from "../observatory/commands.ts";

/** What came of the button that was pressed, shown under it. */
export interface Said {
  readonly command: CommandName;
  readonly words: string;
  readonly done: boolean;
}

export interface NightFacts {
  readonly situation: Situation;
  readonly nights: readonly NightRecord[];
  readonly late: readonly LateCommand[];
  readonly said: Said | null;
  readonly mayControl: boolean;
}

const LADDER: readonly NightPhase[] = [
  "preparing",
  "waitingForDusk",
  "opening",
  "scheduling",
  "observing",
  "closing",
  "parking",
  "ended",
];

export function nightModel(
  facts: NightFacts,
  observatory: Observatory,
  settings: { readonly temporalUiUrl: string; readonly temporalNamespace: string },
  nowMs: number,
): PageModel {
  const { situation, nights, said, mayControl } = facts;
  return {
    title: said === null || said.done ? "Night" : "Not done: Night",
    sentence: nightSentence(situation, nowMs),
    topics: ["night"],
    night: nightLive(situation, facts.late, observatory, settings, nowMs),
    buttons: mayControl ? buttonsOf(situation, said, nowMs) : null,
    nights: nights.map((night) => ({
      date: night.date,
      run: night.run,
      started: dateTime(night.startedMs),
      ended: night.endedMs === null ? NONE : dateTime(night.endedMs),
      how: night.status === "open" ? `open, ${night.phase}` : (night.endReason ?? "ended"),
      href: `/schedules?night=${night.date}`,
    })),
  };
}

/** The parts of the Night page that move. */
export function nightLive(
  situation: Situation,
  late: readonly LateCommand[],
  observatory: Observatory,
  settings: { readonly temporalUiUrl: string; readonly temporalNamespace: string },
  nowMs: number,
): object {
  const { night, pendingAlerts } = situation;
  return {
    sentence: nightSentence(situation, nowMs),
    late: late.map(lateWords),
    wrongEnd:
      situation.lastNight?.wrongEnd === true && night === null
        ? `The night of ${situation.lastNight.date} ended wrongly: ${situation.lastNight.outcome}. Check dome and telescope, then press Start: it goes on as run ${situation.lastNight.run + 1}.`
        : "",
    whatNext: whatNext(situation, nowMs),
    ladder: ladderOf(night?.phase ?? null),
    executing: shownExecuting(night?.executing ?? null, nowMs),
    holds: shownHolds(situation.holds, nowMs, observatory.weather.safeForMin),
    interlocks: interlocksOf(situation),
    tallies:
      night === null
        ? ""
        : `Night ${night.date}, run ${night.run}: ${count(night.sequencesDone, "sequence")} done, ${count(night.framesStored, "frame")} stored.`,
    pendingAlerts: pendingAlerts.map((alert) => ({
      name: alert.alertKey,
      href: alertHref(alert.alertKey),
      words: `${alert.reason} Worth it until ${hourMinute(alert.validUntilMs)} UTC.`,
    })),
    workflows: [
      { label: "observatory", href: workflowHref(settings, observatoryWorkflowId(observatory.site.id)) },
      ...(night === null ? [] : [{ label: "night", href: workflowHref(settings, night.workflowId) }]),
      ...(night === null || night.executing === null
        ? []
        : [{ label: "running sequence", href: workflowHref(settings, night.executing.workflowId) }]),
    ],
  };
}

/** What became of a command that nobody confirmed at once. */
function lateWords({ command, by, outcome, reason, sentWallMs }: LateCommand): string {
  const sent = `${command} of ${by}, sent ${clockTime(sentWallMs)} UTC real time`;
  switch (outcome) {
    case "sending":
      return `${sent}: not confirmed yet; it is applied when the control worker is back.`;
    case "applied":
      return `${sent}: applied now.`;
    case "refused":
      return `${sent}: refused. ${reason}`;
    default:
      return `${sent}: given up, ${reason}.`;
  }
}

function nightSentence(situation: Situation, nowMs: number): string {
  const { holds, night } = situation;
  if (situation.mode === "UNKNOWN") return "The control worker has not been heard yet.";
  const [hold] = holds;
  if (hold !== undefined) {
    return `${situation.mode}: ${hold.why} Held by ${hold.who} for ${duration(nowMs - hold.sinceMs)}. Alerts still arrive.`;
  }
  if (night === null) return "No night is open.";
  return `${phaseWords(night.phase)}. Nothing holds the observation.`;
}

/** What happens if nobody presses anything. */
function whatNext(situation: Situation, nowMs: number): string[] {
  const { night, tonight } = situation;
  const lines: string[] = [];
  if (night !== null) lines.push(...waitingSentences(night, nowMs));
  const at = (ms: number | null, words: string): void => {
    if (ms !== null && ms > nowMs) lines.push(`${clockTime(ms)} UTC, in ${duration(ms - nowMs)}: ${words}`);
  };
  if (tonight === null) lines.push("The almanac of tonight is not known yet.");
  else {
    if (night === null)
      at(tonight.prepareMs, "the night may be prepared; with auto start it starts by itself.");
    at(tonight.sunsetMs, "sunset.");
    at(tonight.duskMs, "dusk: the dome is open, observing begins.");
    at(tonight.dawnMs, "dawn: observing ends, the dome closes, the telescope parks.");
    if (tonight.why !== "") lines.push(tonight.why);
  }
  return lines.length === 0 ? ["Nothing is waited for."] : lines;
}

function ladderOf(phase: NightPhase | null) {
  const at: NightPhase | null =
    phase === "alert" || phase === "idle" || phase === "held" ? "observing" : phase;
  const here = LADDER.findIndex((step) => step === at);
  return LADDER.map((step, index) => ({
    label: step === at && phase !== null ? phaseWords(phase) : phaseWords(step),
    current: step === at,
    past: index < here,
  }));
}

interface Interlock {
  readonly name: string;
  readonly mark: Mark;
  readonly words: string;
}

/** Everything that may close the dome, each with its word. */
function interlocksOf(situation: Situation): Interlock[] {
  const { safety, weather, guard } = situation;
  const verdict = (safe: boolean | null): Mark =>
    safe === null
      ? { tone: "unknown", word: "unknown" }
      : safe
        ? { tone: "ok", word: "safe" }
        : { tone: "alarm", word: "UNSAFE" };
  return [
    { name: "Mode", mark: modeMark(situation.mode), words: situation.closedByHand ? "closed by hand" : "" },
    { name: "Interlock", mark: verdict(safety.safe), words: safety.reasons.join("; ") },
    { name: "Weather", mark: verdict(weather.safe), words: weather.reasons.join("; ") },
    {
      name: "Guard",
      mark:
        guard === null
          ? { tone: "unknown", word: "unknown" }
          : guard.tripped
            ? { tone: "alarm", word: "TRIPPED" }
            : guard.silent
              ? { tone: "alarm", word: "SILENT" }
              : { tone: "ok", word: "watching" },
      words: guard === null ? "" : guard.why,
    },
    { name: "Dome", mark: domeMark(situation.dome), words: "" },
    ...situation.devices
      .filter(({ state }) => state !== "UP")
      .map((device): Interlock => ({
        name: device.name,
        mark: deviceMark(device.state),
        words: `${device.detail}${device.blocking ? ", blocks observing" : ""}`,
      })),
  ];
}

/** Each button, what it does in words, and what was said when it was pressed last. */
function buttonsOf(situation: Situation, said: Said | null, nowMs: number) {
  const saidOf = (command: CommandName) => (said !== null && said.command === command ? said : null);
  const earliestMs = situation.tonight?.prepareMs ?? null;
  const dawnMs = situation.tonight?.dawnMs ?? null;
  const over = dawnMs !== null && dawnMs <= nowMs;
  const held = situation.holds.some(({ kind }) => kind === "operator" || kind === "maintenance");
  return {
    pauseNow: { said: saidOf("pauseNow") },
    pauseFrameEnd: { said: saidOf("pauseFrameEnd") },
    close: { said: saidOf("close"), safety: safetyMark(situation) },
    resume: {
      said: saidOf("resume"),
      words: held ? "Lifts the hold of the operator, no other." : "No operator hold to lift now.",
    },
    start: {
      said: saidOf("startNight"),
      offered: situation.night === null && !over && (earliestMs === null || earliestMs <= nowMs),
      words:
        situation.night !== null
          ? "A night is open."
          : earliestMs !== null && earliestMs > nowMs
            ? `Possible from ${hourMinute(earliestMs)} UTC, in ${duration(earliestMs - nowMs)}.`
            : over
              ? `The night of ${situation.tonight?.date} is over; the next one is reckoned from local noon.`
              : "Prepares at once and goes on until dawn.",
    },
    end: {
      said: saidOf("endNight"),
      words: situation.night === null ? "No night is open." : "Holds, closes, parks, ends.",
    },
  };
}

export interface Confirmation {
  readonly title: string;
  readonly words: readonly string[];
  readonly action: string;
  readonly yes: string;
  readonly no: string;
  readonly noHref: string;
}

/** The question before a step that makes things less safe or ends the night: its effect with numbers. */
export function confirmation(
  command: "resume" | "endNight",
  situation: Situation,
  nowMs: number,
): Confirmation {
  const { night, tonight } = situation;
  if (command === "resume") {
    const others = situation.holds.filter(({ kind }) => kind !== "operator" && kind !== "maintenance");
    return {
      title: "Resume observing?",
      words: [
        others.length === 0
          ? "Nothing else holds: exposures begin again as soon as the telescope points."
          : `${count(others.length, "other hold")} stay${others.length === 1 ? "s" : ""}: ${others.map(({ why }) => why).join(" ")}`,
        `Safety is ${safetyMark(situation).word}, the dome is ${domeMark(situation.dome).word}.`,
        "The dome may open and the telescope may move.",
      ],
      action: "/night/resume",
      noHref: "/night",
      yes: "Resume observing",
      no: "Stay paused",
    };
  }
  const dawnMs = tonight?.dawnMs ?? null;
  return {
    title: "End the night?",
    words: [
      night === null
        ? "No night is open."
        : `${count(night.sequencesDone, "sequence")} done, ${count(night.framesStored, "frame")} stored.`,
      dawnMs !== null && dawnMs > nowMs
        ? `${duration(dawnMs - nowMs)} of observing until dawn are given up.`
        : "Dawn has come already.",
      "The exposure that runs is aborted, the dome closes, the telescope parks.",
    ],
    action: "/night/end",
    noHref: "/night",
    yes: "End the night",
    no: "Go on observing",
  };
}
