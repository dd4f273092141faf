import type { ScheduleDetail, ScheduledRow, ScheduleSummary } from "../../../db/repositories/schedules.ts";
import type { Observatory } from "../../../domain/observatory.ts";
import type { PageModel } from "../../pages/pages.ts";
import type { Situation } from "../../situation/situation.ts";
import type { Mark, Tone } from "../../situation/tone.ts";
import { alertHref, requestHref, scheduleHref } from "../../words/links.ts";
import { count, NONE, number } from "../../words/numbers.ts";
import { clockTime, dateTime, duration, hourMinute } from "../../words/time.ts";
import { filterForm, isOwn, passesFilters, type ScheduleFilters } from "./filters.ts";
import type { Observed } from "./observed.ts";
import { pager } from "../lists.ts";
import type { Pager } from "../lists.ts";

const REFUSED_ON_PAGE = 50;

const TONES: Readonly<Record<ScheduledRow["status"], Tone>> = {
  planned: "quiet",
  executing: "running",
  done: "ok",
  interrupted: "warning",
  skipped: "warning",
  refused: "quiet",
};

export interface ScheduleFacts {
  readonly schedule: ScheduleDetail | null;
  readonly observed: readonly Observed[];
  readonly situation: Situation;
  readonly isCurrent: boolean;
  readonly page: number;
  readonly filters: ScheduleFilters;
  /** Who is looking. */
  readonly userId: string | null;
}

export function scheduleModel(facts: ScheduleFacts, observatory: Observatory, nowMs: number): PageModel {
  const { schedule, observed, situation, isCurrent, page, filters, userId } = facts;
  const rows = schedule?.rows ?? [];
  const planned = rows.filter(({ status }) => status !== "refused");
  const refused = rows.filter(({ status }) => status === "refused");
  const passing = rows.filter((row) =>
    passesFilters({ ...row.request, status: row.status }, filters, userId),
  );
  const groups = refusedGroups(passing.filter(({ status }) => status === "refused"));
  const shown = groups.slice((page - 1) * REFUSED_ON_PAGE, page * REFUSED_ON_PAGE);
  const path = isCurrent ? "/schedule" : scheduleHref(schedule?.id ?? 0);
  const programmes = new Set(rows.map(({ request }) => request.programmeId));
  const filtered = Object.values(filters).some((value) => value !== "");
  return {
    title: isCurrent ? "Schedule" : `Schedule ${schedule?.id}`,
    sentence: sentence(facts, planned, refused),
    topics: isCurrent ? ["schedule"] : [],
    isCurrent,
    path,
    filterForm: schedule === null ? null : filterForm(filters, [...programmes].toSorted()),
    filtered,
    facts: schedule === null ? null : factsOf(schedule),
    chart: timelineOf(schedule),
    observed: observed
      .filter((one) => passesFilters({ ...one, status: "done" }, filters, userId))
      .map((one) => observedRow(one, userId)),
    planned: passing
      .filter(({ status }) => status !== "refused")
      .map((row) => plannedRow(row, nowMs, userId)),
    refused: shown.map(({ row, more }) => refusedRow(row, more, userId)),
    refusedPager: pager(path, filters, page, REFUSED_ON_PAGE, { total: groups.length }, "refusal"),
    empty: emptyWords(situation),
    siteName: observatory.site.name,
  };
}

export function olderModel(items: readonly ScheduleSummary[], night: string, lines: Pager): PageModel {
  return {
    title: "Earlier schedules",
    sentence: "Every planning is kept with its problem, so that it can be planned again.",
    night,
    pager: lines,
    rows: items.map((schedule) => ({
      href: scheduleHref(schedule.id),
      id: schedule.id,
      night: schedule.nightId.split("/")[1] ?? schedule.nightId,
      made: dateTime(schedule.madeMs),
      reason: schedule.reason,
      planned: schedule.planned,
      refused: schedule.refused,
    })),
  };
}

function sentence(
  { schedule, observed, situation }: ScheduleFacts,
  planned: readonly ScheduledRow[],
  refused: readonly ScheduledRow[],
): string {
  if (schedule === null) return emptyWords(situation);
  const left = planned.filter(({ status }) => status === "planned").length;
  const taken = new Set(observed.map(({ sequenceId }) => sequenceId)).size;
  return `${count(taken, "sequence")} observed tonight, ${left} to come, ${refused.length} refused. Made ${dateTime(schedule.madeMs)} UTC: ${schedule.reason}.`;
}

function observedRow(one: Observed, userId: string | null) {
  const whole = one.stored >= one.planned;
  const mark: Mark = whole ? { tone: "ok", word: "whole" } : { tone: "warning", word: "in part" };
  return {
    start: clockTime(one.startMs),
    end: clockTime(one.endMs),
    target: one.target,
    sequenceId: one.sequenceId,
    request: one.requestName,
    mine: isOwn(one, userId),
    href: requestHref(one.requestId),
    alert: one.isAlert ? alertHref(one.requestId) : "",
    frames: `${one.stored} of ${one.planned}`,
    mark,
    images: `/images?sequence=${encodeURIComponent(one.sequenceId)}`,
  };
}

function emptyWords({ tonight }: Situation): string {
  const duskMs = tonight?.duskMs ?? null;
  return duskMs === null
    ? "No schedule yet: the first one is made when a night starts."
    : `No schedule yet: observing starts at dusk, ${hourMinute(duskMs)} UTC, and the first one is made then.`;
}

function factsOf(schedule: ScheduleDetail) {
  return {
    id: schedule.id,
    night: schedule.nightId.split("/")[1] ?? schedule.nightId,
    made: dateTime(schedule.madeMs),
    reason: schedule.reason,
    how: `${schedule.policy}, seed ${schedule.seed}, ${count(schedule.iterations, "iteration")}, objective ${number(schedule.objective, 2)}`,
  };
}

/** The chart of a schedule; null while nothing is planned in it. */
export function timelineOf(schedule: ScheduleDetail | null) {
  const planned = schedule?.rows.filter(({ tspMs }) => tspMs !== null) ?? [];
  return schedule === null || planned.length === 0 ? null : { id: schedule.id, words: chartWords(planned) };
}

function chartWords(planned: readonly ScheduledRow[]): string {
  const starts = planned.flatMap(({ tspMs }) => (tspMs === null ? [] : [tspMs]));
  const ends = planned.flatMap(({ tepMs }) => (tepMs === null ? [] : [tepMs]));
  return `Timeline: ${count(planned.length, "sequence")} from ${hourMinute(Math.min(...starts))} to ${hourMinute(Math.max(...ends))} UTC.`;
}

function plannedRow(row: ScheduledRow, nowMs: number, userId: string | null) {
  const { tspMs, tepMs } = row;
  const mark: Mark = { tone: TONES[row.status], word: row.status };
  return {
    anchor: `row-${row.sequenceId}`,
    start: tspMs === null ? NONE : clockTime(tspMs),
    end: tepMs === null ? NONE : clockTime(tepMs),
    lasts: tspMs === null || tepMs === null ? NONE : duration(tepMs - tspMs),
    inWords:
      tspMs !== null && tspMs > nowMs && row.status === "planned" ? `in ${duration(tspMs - nowMs)}` : "",
    target: row.sequence.targetName,
    sequenceId: row.sequenceId,
    request: row.request.name,
    mine: isOwn(row.request, userId),
    href: requestHref(row.request.id),
    alert: row.request.alertKey === null ? "" : alertHref(row.request.alertKey),
    priority: row.sequence.priority,
    room: roomWords(row),
    mark,
    reason: row.reason ?? "",
    isNow: row.status === "executing",
  };
}

/** How far the start may move: `−12/+40 min`. */
function roomWords({ deltaTLMs, deltaTRMs }: ScheduledRow): string {
  if (deltaTLMs === null || deltaTRMs === null) return NONE;
  const minutes = (ms: number): string => number(ms / 60_000, ms > 0 && ms < 600_000 ? 1 : 0);
  return `−${minutes(deltaTLMs)}/+${minutes(deltaTRMs)} min`;
}

/** Sequences of one request refused in the same words are one row: a monitored target has one for each night. */
function refusedGroups(refused: readonly ScheduledRow[]) {
  const groups = Map.groupBy(refused, (row) => `${row.request.id} ${row.reasonCode} ${row.reason}`);
  return [...groups.values()].flatMap((rows) => {
    const [first] = rows;
    if (first === undefined) return [];
    const more = rows.length - 1;
    return [{ row: first, more: more === 0 ? "" : `and ${more} more of this request` }];
  });
}

function refusedRow(row: ScheduledRow, more: string, userId: string | null) {
  return {
    more,
    mine: isOwn(row.request, userId),
    target: row.sequence.targetName,
    sequenceId: row.sequenceId,
    request: row.request.name,
    href: requestHref(row.request.id),
    priority: row.sequence.priority,
    reason: row.reason ?? "No reason was stored.",
    code: row.reasonCode ?? "",
  };
}
