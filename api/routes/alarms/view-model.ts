import type { AlarmRecord } from "../../../db/entities/alarm.ts";
import { asSentence } from "../../../domain/safety/sentences.ts";
import type { PageModel } from "../../pages/pages.ts";
import type { Mark } from "../../situation/tone.ts";
import { count } from "../../words/numbers.ts";
import { dateTime, duration } from "../../words/time.ts";
import type { Pager } from "../lists.ts";

/** The shape and word of a level. */
export function levelMark(level: AlarmRecord["level"]): Mark {
  const tones = { CRITICAL: "alarm", HIGH: "alarm", LOW: "warning" } as const;
  return { tone: tones[level], word: level };
}

/** One alarm as a list shows it. Times are real: an alarm is about people and equipment. */
export function shownAlarm(alarm: AlarmRecord, hides: number, nowWallMs: number) {
  const { id, level, text, guidance, page, times, raisedWallMs, returnedWallMs } = alarm;
  const age = duration(nowWallMs - raisedWallMs);
  const state =
    returnedWallMs === null
      ? `for ${age}`
      : `over since ${dateTime(returnedWallMs)} UTC, lasted ${duration(returnedWallMs - raisedWallMs)}`;
  return {
    id,
    mark: levelMark(level),
    text,
    guidance,
    page,
    raised: dateTime(raisedWallMs),
    state: times > 1 ? `${state}, raised ${times} times` : state,
    hides: hides === 0 ? "" : `Hides ${count(hides, "other alarm")}.`,
    active: returnedWallMs === null,
    acknowledged: acknowledgedWords(alarm),
  };
}

/** `operator@… at 2026-11-21 01:18:02 UTC: looked at the camera`; empty while nobody has. */
export function acknowledgedWords({ acknowledgedBy, acknowledgedWallMs, note }: AlarmRecord): string {
  if (acknowledgedBy === null) return "";
  const said = note === null || note === "" ? "" : `: ${note}`;
  return `${acknowledgedBy} at ${dateTime(acknowledgedWallMs)} UTC${said}`;
}

export function alarmsModel(facts: {
  readonly open: readonly AlarmRecord[];
  readonly history: readonly AlarmRecord[];
  readonly pager: Pager;
  readonly nowWallMs: number;
  readonly mayAcknowledge: boolean;
}): PageModel {
  const { open, history, nowWallMs } = facts;
  const hiddenBy = (key: string): number => open.filter((alarm) => alarm.hiddenBy === key).length;
  const shown = open.filter((alarm) => alarm.hiddenBy === null);
  const rows = shown.map((alarm) => shownAlarm(alarm, hiddenBy(alarm.key), nowWallMs));
  const maintenance = hiddenBy("maintenance");
  return {
    title: "Alarms",
    sentence: sentenceOf(shown),
    topics: ["alarms"],
    active: rows.filter(({ active }) => active),
    latched: rows.filter(({ active }) => !active),
    maintenance:
      maintenance === 0 ? "" : `${count(maintenance, "alarm")} hidden while people work on the telescope.`,
    mayAcknowledge: facts.mayAcknowledge,
    pager: facts.pager,
    history: history.map((alarm) => ({
      ...shownAlarm(alarm, 0, nowWallMs),
      key: alarm.key,
      over: alarm.returnedWallMs === null ? "still so" : dateTime(alarm.returnedWallMs),
      lasted: duration((alarm.returnedWallMs ?? nowWallMs) - alarm.raisedWallMs),
      hidden: alarm.hiddenBy === null ? "" : `hidden by ${alarm.hiddenBy}`,
    })),
  };
}

function sentenceOf(shown: readonly AlarmRecord[]): string {
  const active = shown.filter(({ returnedWallMs }) => returnedWallMs === null);
  const fresh = shown.filter(({ acknowledgedWallMs }) => acknowledgedWallMs === null).length;
  const [worst] = active;
  if (worst === undefined) {
    return fresh === 0
      ? "No alarm: nobody is needed."
      : `Nothing is wrong now. ${count(fresh, "alarm")} of before ${fresh === 1 ? "waits" : "wait"} to be acknowledged.`;
  }
  return `${count(active.length, "alarm")}, ${fresh} not acknowledged. The first: ${asSentence(worst.text)}`;
}
