import type { ImageRecord } from "../../../db/entities/image.ts";
import type { RequestRecord } from "../../../db/entities/request.ts";
import type { ScheduledSequenceRecord } from "../../../db/entities/scheduled-sequence.ts";
import type { SequenceRecord } from "../../../db/entities/sequence.ts";
import type { RequestWithSequences } from "../../../db/repositories/requests.ts";
import type { SequenceDetail } from "../../../db/repositories/sequences.ts";
import type { QuotaBalance } from "../../../domain/quota/ledger.ts";
import type { SequenceStatus } from "../../../domain/requests/request.ts";
import type { PageModel } from "../../pages/pages.ts";
import type { Mark, Tone } from "../../situation/tone.ts";
import { alertHref, requestHref, scheduleHref } from "../../words/links.ts";
import { count, NBSP, number, quantity } from "../../words/numbers.ts";
import { position } from "../../words/sky.ts";
import { clockTime, dateTime, duration } from "../../words/time.ts";
import { imageCard } from "../images/view-model.ts";
import type { Pager } from "../lists.ts";

const TONES: Readonly<Record<SequenceStatus, Tone>> = {
  draft: "quiet",
  submitted: "quiet",
  planned: "quiet",
  executing: "running",
  executed: "ok",
  interrupted: "warning",
  refused: "warning",
  withdrawn: "quiet",
  cancelled: "quiet",
  expired: "quiet",
};

export function sequenceMark(status: SequenceStatus): Mark {
  return { tone: TONES[status], word: status };
}

export interface RequestFilters {
  readonly kind: string;
  readonly status: string;
  readonly text: string;
}

export function requestsModel(
  items: readonly RequestWithSequences[],
  filters: RequestFilters,
  lines: Pager,
): PageModel {
  return {
    title: "Requests",
    sentence: `What is asked to be observed. ${lines.words}.`,
    filters,
    kinds: options(["routine", "alert"], filters.kind),
    statuses: options(["draft", "submitted", "withdrawn", "completed", "closed"], filters.status),
    pager: lines,
    rows: items.map((request) => ({
      id: request.id,
      name: request.name,
      href: requestHref(request.id),
      alert: request.alertKey === null ? "" : alertHref(request.alertKey),
      programme: request.programmeId,
      targets: [...new Set(request.sequences.map(({ targetName }) => targetName))].join(", "),
      done: `${request.sequences.filter(({ status }) => status === "executed").length} of ${request.sequences.length}`,
      mark: requestMark(request, request.sequences),
      created: dateTime(request.createdWallMs),
    })),
    filtered: filters.kind !== "" || filters.status !== "" || filters.text !== "",
  };
}

export function requestModel(facts: {
  readonly request: RequestRecord;
  readonly sequences: readonly SequenceDetail[];
  readonly appearances: ReadonlyMap<string, readonly ScheduledSequenceRecord[]>;
  readonly images: readonly ImageRecord[];
  readonly balance: QuotaBalance;
}): PageModel {
  const { request, sequences, appearances, images, balance } = facts;
  return {
    title: request.name,
    sentence: requestSentence(sequences),
    mark: requestMark(request, sequences),
    facts: {
      id: request.id,
      kind: request.kind,
      programme: request.programmeId,
      comment: request.comment,
      created: dateTime(request.createdWallMs),
      submitted: dateTime(request.submittedWallMs),
      quota: `${hours(balance.spentS)} of ${hours(balance.grantedS)} used, ${hours(balance.openS)} held, ${hours(balance.availableS)} left`,
      alert: request.alertKey === null ? null : { name: request.alertKey, href: alertHref(request.alertKey) },
    },
    sequences: sequences.map((sequence) => sequenceCard(sequence, appearances.get(sequence.id) ?? [])),
    images: images.map(imageCard),
    imagesWords: count(images.length, "image"),
  };
}

function sequenceCard(sequence: SequenceDetail, rows: readonly ScheduledSequenceRecord[]) {
  const { constraints } = sequence;
  return {
    id: sequence.id,
    target: sequence.targetName,
    position: position(sequence.raDeg, sequence.decDeg),
    mark: sequenceMark(sequence.status),
    reason: sequence.statusReason ?? "",
    window: `${dateTime(sequence.windowStartMs)} to ${dateTime(sequence.windowEndMs)} UTC`,
    lasts: `${duration(sequence.durationS * 1_000)} and ${duration(sequence.overheadS * 1_000)} of overhead`,
    priority: sequence.priority,
    constraints: [
      `above ${quantity(constraints.minAltDeg, "°").replace(NBSP, "")}`,
      ...(constraints.maxAirmass === null ? [] : [`airmass at most ${number(constraints.maxAirmass, 2)}`]),
      `Moon at least ${number(constraints.minMoonSepDeg)}° away`,
      `Sun below ${number(constraints.maxSunAltDeg)}°`,
    ].join(", "),
    plans: sequence.albums.flatMap((album) =>
      album.plans.map((plan) => ({
        instrument: album.instrumentId,
        words: `${plan.filter} ${plan.count} × ${plan.exposureS}${NBSP}s`,
        stored: `${plan.storedFrames.length} of ${plan.count}`,
      })),
    ),
    rows: rows.map((row) => ({
      schedule: row.scheduleId,
      href: scheduleHref(row.scheduleId),
      words:
        row.status === "refused"
          ? `refused: ${row.reason ?? ""}`
          : `${row.status}${row.tspMs === null ? "" : `, ${clockTime(row.tspMs)} UTC`}${row.reason === null ? "" : `: ${row.reason}`}`,
    })),
  };
}

function requestSentence(sequences: readonly SequenceDetail[]): string {
  const done = sequences.filter(({ status }) => status === "executed").length;
  const waiting = sequences.find(({ status }) => status !== "executed");
  if (sequences.length === 0) return "This request has no sequence.";
  if (waiting === undefined) return `All ${count(sequences.length, "sequence")} observed.`;
  const why = waiting.statusReason === null ? "" : `: ${waiting.statusReason}`;
  return `${done} of ${count(sequences.length, "sequence")} observed. Sequence ${waiting.ordinal} is ${waiting.status}${why}.`;
}

function requestMark(request: RequestRecord, sequences: readonly Pick<SequenceRecord, "status">[]): Mark {
  if (sequences.some(({ status }) => status === "executing")) return { tone: "running", word: "executing" };
  if (sequences.length > 0 && sequences.every(({ status }) => status === "executed")) {
    return { tone: "ok", word: "observed" };
  }
  return { tone: "quiet", word: request.status };
}

function hours(seconds: number): string {
  return quantity(seconds / 3_600, "h", 2);
}

/** Choices of a filter, "all" first. */
export function options(values: readonly string[], chosen: string) {
  return [
    { value: "", label: "all", chosen: chosen === "" },
    ...values.map((value) => ({ value, label: value, chosen: value === chosen })),
  ];
}
