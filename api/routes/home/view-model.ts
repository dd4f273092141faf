import type { AlertRecord } from "../../../db/entities/alert.ts";
import type { ImageRecord } from "../../../db/entities/image.ts";
import type { RowCount } from "../../../db/count.ts";
import type { ScheduleDetail } from "../../../db/repositories/schedules.ts";
import type { Observatory } from "../../../domain/observatory.ts";
import type { PageModel } from "../../pages/pages.ts";
import { weatherMargins } from "../../situation/margins.ts";
import { shownHolds } from "../../situation/holds.ts";
import { shownExecuting } from "../../situation/now.ts";
import { phaseWords } from "../../situation/phase.ts";
import { waitingSentences } from "../../situation/waiting.ts";
import type { Situation } from "../../situation/situation.ts";
import { deviceMark, domeMark, safetyMark } from "../../situation/tone.ts";
import { timelineOf } from "../schedules/view-model.ts";
import { alertHref, imageHref, previewHref, requestHref } from "../../words/links.ts";
import { capital, count } from "../../words/numbers.ts";
import { totalWords } from "../lists.ts";
import { dateTime, duration, hourMinute } from "../../words/time.ts";

export interface HomeFacts {
  readonly situation: Situation;
  readonly schedule: ScheduleDetail | null;
  readonly lastImage: ImageRecord | null;
  readonly lastAlert: AlertRecord | null;
  readonly counts: { readonly requests: RowCount; readonly alerts: RowCount; readonly images: RowCount };
}

const NEXT_SHOWN = 5;

export function homeModel(facts: HomeFacts, observatory: Observatory, nowMs: number): PageModel {
  const { situation, lastImage, lastAlert, counts } = facts;
  return {
    title: "Home",
    sentence: homeSentence(situation, nowMs),
    topics: ["home", "schedule"],
    chart: timelineOf(facts.schedule),
    home: homeLive(situation, facts.schedule, observatory, nowMs),
    lastImage:
      lastImage === null
        ? null
        : {
            href: imageHref(lastImage.id),
            preview: previewHref(lastImage.id),
            words: `${lastImage.filter} ${lastImage.exposureS} s, ${dateTime(lastImage.startMs)} UTC`,
          },
    lastAlert:
      lastAlert === null
        ? null
        : {
            name: lastAlert.key,
            href: alertHref(lastAlert.key),
            words: `${lastAlert.decision}: ${lastAlert.reason}`,
          },
    modules: [
      { href: "/night", label: "Night", words: "what it does, and the buttons" },
      { href: "/schedule", label: "Schedule", words: "what is observed when, and why not" },
      { href: "/requests", label: "Requests", words: totalWords(counts.requests, "request") },
      { href: "/alerts", label: "Alerts", words: totalWords(counts.alerts, "alert") },
      { href: "/images", label: "Images", words: totalWords(counts.images, "image") },
      { href: "/system", label: "System", words: "the journal, live" },
    ],
    nothingYet: counts.requests.total === 0 && counts.images.total === 0,
  };
}

/** The parts of Home that move; also what the live stream sends. */
export function homeLive(
  situation: Situation,
  schedule: ScheduleDetail | null,
  observatory: Observatory,
  nowMs: number,
): object {
  const devicesDown = situation.devices.filter(({ state }) => state !== "UP");
  return {
    sentence: homeSentence(situation, nowMs),
    wrongEnd: wrongEndWords(situation),
    executing: shownExecuting(situation.night?.executing ?? null, nowMs),
    idle: idleWords(situation, nowMs),
    next: nextRows(schedule, nowMs),
    nextEmpty: nextEmptyWords(situation),
    holds: shownHolds(situation.holds, nowMs, observatory.weather.safeForMin),
    safety: safetyMark(situation),
    dome: domeMark(situation.dome),
    margins: weatherMargins(situation.weather.values, situation.weather.before, observatory),
    devices: devicesDown.map((device) => ({ ...device, mark: deviceMark(device.state) })),
    devicesUp: `${situation.devices.length} devices up`,
  };
}

/** The sentence that answers the page: is it safe and observing, and does anyone need me? */
export function homeSentence(situation: Situation, nowMs: number): string {
  const { night, holds, tonight, lastNight } = situation;
  if (situation.mode === "UNKNOWN") return "The control worker has not been heard yet.";
  if (lastNight?.wrongEnd === true && night === null)
    return "The last night ended wrongly. Somebody has to look.";
  if (situation.mode === "MANUAL") return "Maintenance: nothing moves by itself but closing.";
  if (holds.length > 0) return `Not observing: ${holds.map(({ why }) => why).join(" ")}`;
  if (night !== null && night.executing !== null) {
    return `Observing. ${capital(count(night.sequencesDone, "sequence"))} done, ${count(night.framesStored, "frame")} stored, nothing wrong.`;
  }
  if (night !== null) return waitingSentences(night, nowMs)[0] ?? `${phaseWords(night.phase)}.`;
  const prepareMs = tonight?.prepareMs ?? null;
  if (prepareMs !== null && prepareMs > nowMs) {
    return `Day. The night starts at ${hourMinute(prepareMs)} UTC, in ${duration(prepareMs - nowMs)}.`;
  }
  return situation.mode === "ENDED" ? "Tonight's night has ended." : "No night is running.";
}

function wrongEndWords({ lastNight, night }: Situation): string {
  if (lastNight?.wrongEnd !== true || night !== null) return "";
  return `The night of ${lastNight.date} (run ${lastNight.run}) ended wrongly: ${lastNight.outcome}. The guard closes the dome by itself. Look whether the dome is closed and the telescope parked, then start the night again: it goes on where it stopped, as run ${lastNight.run + 1}.`;
}

function idleWords({ night }: Situation, nowMs: number): string {
  if (night === null) return "Nothing is exposing: no night is open.";
  const sentences = waitingSentences(night, nowMs);
  return sentences.length === 0 ? "Nothing is exposing now." : sentences.join(" ");
}

function nextRows(schedule: ScheduleDetail | null, nowMs: number): object[] {
  const rows = schedule?.rows.filter(({ status, tspMs }) => status === "planned" && tspMs !== null) ?? [];
  return rows.slice(0, NEXT_SHOWN).map((row) => ({
    start: row.tspMs === null ? "" : hourMinute(row.tspMs),
    inWords: row.tspMs === null || row.tspMs < nowMs ? "" : `in ${duration(row.tspMs - nowMs)}`,
    target: row.sequence.targetName,
    request: row.request.name,
    href: requestHref(row.request.id),
    priority: row.sequence.priority,
  }));
}

function nextEmptyWords({ night, tonight }: Situation): string {
  if (night !== null) return "Nothing more is planned for this night.";
  const duskMs = tonight?.duskMs ?? null;
  if (duskMs === null) return "No schedule yet: the first one is made when a night starts.";
  return `No schedule yet: the first one is made at dusk, ${hourMinute(duskMs)} UTC.`;
}
