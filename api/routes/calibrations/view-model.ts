import type { CalibrationRecord } from "../../../db/entities/calibration.ts";
import type { CalibrationFrameRecord } from "../../../db/entities/calibration-frame.ts";
import type { MasterRecord } from "../../../db/entities/master.ts";
import {
  CALIBRATION_KINDS,
  type GroupResult,
} from "../../../domain/imaging/calibration/calibration-night.ts";
import { withoutFullStop } from "../../../domain/sentence.ts";
import type { Observatory } from "../../../domain/observatory.ts";
import type { CalibrationReport } from "../../../workflows/messages.ts";
import type { PageModel } from "../../pages/pages.ts";
import type { Mark } from "../../situation/tone.ts";
import { masterHref } from "../../words/links.ts";
import { bytes, count, NBSP, NONE, number, quantity } from "../../words/numbers.ts";
import { dateTime, duration } from "../../words/time.ts";
import { options, type Pager } from "../lists.ts";
import { framePreviewHref, masterFitsHref, masterPreviewHref } from "./json.ts";

export interface CalibrationFilters {
  readonly instrument: string;
  readonly kind: string;
  readonly night: string;
}

export interface CalibrationFacts {
  readonly runs: readonly CalibrationRecord[];
  readonly masters: readonly MasterRecord[];
  readonly rejected: readonly CalibrationFrameRecord[];
  readonly rejectedTotal: number;
  readonly filters: CalibrationFilters;
  readonly pager: Pager;
  readonly observatory: Observatory;
  /** The calibration that runs now, or null. */
  readonly running: CalibrationReport | null;
  readonly mayControl: boolean;
  readonly said: string;
}

/** Masters per camera and kind, how good they are, what was rejected, and how they change over the nights. */
export function calibrationsModel(facts: CalibrationFacts): PageModel {
  const { runs, masters, rejected, filters, observatory, running } = facts;
  const newest = runs[0];
  const query = new URLSearchParams(
    Object.entries(filters).filter(([key, value]) => value !== "" && key !== "night"),
  );
  return {
    title: facts.said === "" ? "Calibrations" : "Not done: Calibrations",
    sentence: sentenceOf(newest, running),
    topics: ["calibrations"],
    said: facts.said,
    mayControl: facts.mayControl && (running === null || running.phase === "reducing"),
    filters,
    instruments: options(
      observatory.instruments.map(({ id }) => id),
      filters.instrument,
    ),
    kinds: options(CALIBRATION_KINDS, filters.kind),
    filtered: Object.values(filters).some((filter) => filter !== ""),
    runs: runs.map(runRow),
    groups: newest === undefined ? [] : newest.groups.map(groupRow),
    groupsOf: newest?.date ?? "",
    masters: masters.map(masterRow),
    pager: facts.pager,
    rejected: rejected.map(rejectedRow),
    rejectedWords: count(facts.rejectedTotal, "frame"),
    trends:
      masters.length === 0
        ? []
        : (["level", "noise"] as const).map((what) => ({
            wide: `/calibrations/trend.svg?${withParam(query, "what", what)}`,
            narrow: `/calibrations/trend.svg?${withParam(query, "what", what)}&width=343`,
            alt: `${TREND_WORDS[what]} of the masters over the nights, in adu`,
            words: TREND_WORDS[what],
          })),
  };
}

/** What a trend shows. */
export const TREND_WORDS = {
  level: "Level: the median of bias and dark masters",
  noise: "Noise: the robust scatter of the pixels",
} as const;

function withParam(query: URLSearchParams, name: string, value: string): string {
  const params = new URLSearchParams(query);
  params.set(name, value);
  return params.toString();
}

function sentenceOf(newest: CalibrationRecord | undefined, running: CalibrationReport | null): string {
  if (running !== null) {
    return `Calibrations of ${running.date} are under way: ${withoutFullStop(running.words)}. ${running.framesTaken} of ${running.framesPlanned} frames taken.`;
  }
  if (newest === undefined) return "No calibration has been taken yet.";
  const when = newest.endedMs === null ? "began" : "ended";
  return `The last, of the night ${newest.date}, ${when} ${dateTime(newest.endedMs ?? newest.startedMs)} UTC: ${newest.reason ?? "not ended"}.`;
}

function runRow(run: CalibrationRecord) {
  const { date, startedMs, endedMs } = run;
  return {
    date,
    run: run.run,
    by: run.startedBy,
    started: dateTime(startedMs),
    lasted: endedMs === null ? NONE : duration(endedMs - startedMs),
    mark: RUN_MARKS[run.status],
    reason: run.reason ?? "under way",
    href: `/calibrations?night=${date}`,
  };
}

const RUN_MARKS: Readonly<Record<CalibrationRecord["status"], Mark>> = {
  open: { tone: "running", word: "under way" },
  ended: { tone: "ok", word: "ended" },
  failed: { tone: "warning", word: "failed" },
};

function groupRow(group: GroupResult) {
  const { masterId, olderMasterId, words } = group;
  const missing: Mark = { tone: "warning", word: "missing" };
  const older: Mark = { tone: "warning", word: "older, flagged" };
  const good: Mark = words === "" ? { tone: "ok", word: "made" } : { tone: "warning", word: "made, flagged" };
  return {
    what: subject(group),
    instrument: group.instrumentId,
    frames: `${group.accepted} good of ${group.taken}`,
    mark: masterId !== null ? good : olderMasterId !== null ? older : missing,
    master: masterId ?? olderMasterId ?? "",
    href: (masterId ?? olderMasterId) === null ? "" : masterHref(masterId ?? olderMasterId ?? ""),
    words,
  };
}

/** `dark 120 s`, `flat r 12.2 s`, `bias`. */
function subject({ kind, filter, exposureS }: Pick<MasterRecord, "kind" | "filter" | "exposureS">): string {
  const parts = [kind, filter, kind === "bias" ? "" : `${exposureS}${NBSP}s`];
  return parts.filter((part) => part !== "").join(" ");
}

export function masterRow(master: MasterRecord) {
  return {
    id: master.id,
    href: masterHref(master.id),
    night: master.nightDate,
    instrument: master.instrumentId,
    what: subject(master),
    mark: gradeMark(master),
    quality: qualityWords(master),
    fits: masterFitsHref(master.id),
  };
}

function gradeMark({ grade, warnings }: MasterRecord): Mark {
  if (grade === "degraded") return { tone: "warning", word: "degraded" };
  return warnings.length === 0 ? { tone: "ok", word: "good" } : { tone: "warning", word: "good, flagged" };
}

/** The quality in words with its numbers. */
function qualityWords(master: MasterRecord): string {
  const { kind, framesUsed, framesTaken, levelAdu, noiseAdu, readNoiseE, warnings } = master;
  const level = kind === "flat" ? `response varies by ${number(100 * noiseAdu, 1)}${NBSP}%` : "";
  return [
    `${framesUsed} of ${framesTaken} frames`,
    ...(kind === "flat"
      ? [level]
      : [`level ${quantity(levelAdu, "adu", 1)}`, `scatter ${quantity(noiseAdu, "adu", 2)}`]),
    ...(readNoiseE === null ? [] : [`read noise ${quantity(readNoiseE, "e⁻", 1)}`]),
    ...warnings,
  ].join(", ");
}

function rejectedRow(frame: CalibrationFrameRecord) {
  return {
    id: frame.id,
    preview: frame.previewPath === null ? "" : framePreviewHref(frame.id),
    what: subject(frame),
    instrument: frame.instrumentId,
    taken: dateTime(frame.startMs),
    level: quantity(frame.levelAdu, "adu"),
    reasons: frame.reasons.join("; "),
  };
}

export function masterModel(master: MasterRecord, frames: readonly CalibrationFrameRecord[]): PageModel {
  const row = masterRow(master);
  return {
    title: `Master ${master.id}`,
    sentence: `Master ${row.what} of ${master.instrumentId}, night ${master.nightDate}: ${row.quality}.`,
    master: {
      ...row,
      preview: master.previewPath === null ? "" : masterPreviewHref(master.id),
      setup: `${master.camera}, ${master.size} pixels, binning ${master.binning}${master.readoutMode === "" ? "" : `, ${master.readoutMode}`}${master.temperatureC === null ? "" : `, ${quantity(master.temperatureC, "°C")}`}`,
      path: master.path,
      sha256: master.sha256,
      size: bytes(master.bytes),
      made: dateTime(master.madeMs),
      warnings: master.warnings,
    },
    frames: frames.map((frame) => ({
      id: frame.id,
      preview: frame.previewPath === null ? "" : framePreviewHref(frame.id),
      taken: dateTime(frame.startMs),
      mark: verdictMark(frame),
      level: quantity(frame.levelAdu, "adu", 1),
      scatter: quantity(frame.scatterAdu, "adu", 2),
      deviant: frame.deviantFraction === null ? NONE : `${number(100 * frame.deviantFraction, 2)}${NBSP}%`,
      reasons: frame.reasons.join("; "),
      sha256: frame.sha256 ?? NONE,
    })),
    header: Object.entries(master.header)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => ({ name, value: String(value) })),
  };
}

function verdictMark({ verdict }: CalibrationFrameRecord): Mark {
  if (verdict === "accepted") return { tone: "ok", word: "used" };
  return { tone: verdict === "rejected" ? "warning" : "quiet", word: verdict ?? "not judged" };
}
