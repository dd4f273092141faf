import type { AuditRecord } from "../../../db/entities/audit.ts";
import type { CalibratedImageRecord } from "../../../db/entities/calibrated-image.ts";
import type { ImageRecord } from "../../../db/entities/image.ts";
import type { QuotaEntryRecord } from "../../../db/entities/quota-entry.ts";
import type { RequestDraftRecord } from "../../../db/entities/request-draft.ts";
import type { RequestRecord } from "../../../db/entities/request.ts";
import type { ScheduledSequenceRecord } from "../../../db/entities/scheduled-sequence.ts";
import type { RequestSummary } from "../../../db/repositories/requests.ts";
import type { SequenceDetail, SequenceOutline } from "../../../db/repositories/sequences.ts";
import { nightDateAt } from "../../../domain/astronomy/night.ts";
import type { Observatory } from "../../../domain/observatory.ts";
import { isEditable, lockOf } from "../../../domain/requests/revise.ts";
import type { QuotaBalance } from "../../../domain/quota/ledger.ts";
import type { SequenceConstraints, SequenceStatus } from "../../../domain/requests/request.ts";
import type { PageModel } from "../../pages/pages.ts";
import type { Mark, Tone } from "../../situation/tone.ts";
import { alertHref, requestHref, scheduleHref } from "../../words/links.ts";
import { capital, count, NBSP, NONE, number, quantity } from "../../words/numbers.ts";
import { position } from "../../words/sky.ts";
import { clockTime, dateTime, duration, hourMinute } from "../../words/time.ts";
import { resultsModel } from "../images/results.ts";
import { options, type Pager } from "../lists.ts";
import type { Desk } from "./desk.ts";
import { foresightWords, plotOf } from "./panel-model.ts";

const TONES: Readonly<Record<SequenceStatus, Tone>> = {
  draft: "quiet",
  submitted: "quiet",
  waiting: "warning",
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
  readonly programme: string;
  readonly mine: string;
  readonly text: string;
}

export interface RequestListFacts {
  readonly items: readonly RequestSummary[];
  readonly filters: RequestFilters;
  readonly lines: Pager;
  readonly drafts: readonly RequestDraftRecord[];
  readonly programmes: readonly string[];
  readonly userId: string | null;
  readonly mayWrite: boolean;
  readonly said: string;
}

export function requestsModel(facts: RequestListFacts): PageModel {
  const { items, filters, lines, drafts, programmes, userId } = facts;
  return {
    title: "Requests",
    sentence: `What ${filters.kind === "alert" ? "alerts ask" : "people ask"} to be observed. ${capital(lines.words)}.`,
    filters,
    routine: filters.kind === "routine",
    mayWrite: facts.mayWrite,
    said: facts.said,
    kinds: [
      { value: "routine", label: "routine", chosen: filters.kind === "routine" },
      { value: "alert", label: "of alerts", chosen: filters.kind === "alert" },
    ],
    statuses: options(["draft", "submitted", "withdrawn", "completed", "closed"], filters.status),
    programmes: options(programmes, filters.programme),
    owners: [
      { value: "", label: "everybody's", chosen: filters.mine !== "1" },
      { value: "1", label: "mine", chosen: filters.mine === "1" },
    ],
    pager: lines,
    drafts: drafts.map((draft) => ({
      id: draft.id,
      name: draft.document.name.trim() === "" ? "without a name" : draft.document.name,
      href: `/requests/${draft.id}/edit`,
      targets: draft.document.sequences
        .map(({ targetName }) => targetName.trim())
        .filter((name) => name !== "")
        .join(", "),
      saved: dateTime(draft.updatedWallMs),
    })),
    rows: items.map((request) => ({
      id: request.id,
      name: request.name,
      href: requestHref(request.id),
      mine: request.userId !== null && request.userId === userId,
      alert: request.alertKey === null ? "" : alertHref(request.alertKey),
      programme: request.programmeId,
      targets: request.targets.join(", "),
      done: `${request.executed} of ${request.sequences}`,
      mark: requestMark(request, request),
      tonight: request.plannedMs === null ? NONE : hourMinute(request.plannedMs),
      quota: `${hours(request.heldS)} held, ${hours(request.spentS)} spent`,
      changed: dateTime(request.changedWallMs),
    })),
    filtered:
      filters.status !== "" ||
      filters.text !== "" ||
      filters.programme !== "" ||
      filters.mine !== "" ||
      filters.kind === "alert",
  };
}

export interface RequestFacts {
  readonly request: RequestRecord;
  /** Every sequence of the request. */
  readonly all: readonly SequenceOutline[];
  /** Those on this page. */
  readonly sequences: readonly SequenceDetail[];
  readonly pager: Pager;
  readonly appearances: ReadonlyMap<string, readonly ScheduledSequenceRecord[]>;
  readonly images: readonly ImageRecord[];
  readonly calibrated: ReadonlyMap<string, readonly CalibratedImageRecord[]>;
  readonly balance: QuotaBalance;
  readonly ledger: readonly QuotaEntryRecord[];
  readonly history: readonly AuditRecord[];
  readonly author: string;
  readonly mine: boolean;
  readonly mayChange: boolean;
  readonly mayCopy: boolean;
  readonly hasDraft: boolean;
  readonly said: string;
  readonly nowMs: number;
  readonly observatory: Observatory;
  readonly foresee: Desk["foresee"];
}

export function requestModel(facts: RequestFacts): PageModel {
  const { request, all, sequences, appearances, images, balance, mayChange } = facts;
  const sums = sumsOf(all);
  const anyOpen = all.some(({ status }) => isEditable(status));
  return {
    title: request.name,
    sentence: requestSentence(all),
    mark: requestMark(request, sums),
    said: facts.said,
    steps: pathOf(request, all),
    actions: {
      id: request.id,
      unsubmit: mayChange && request.status === "submitted" && !sums.executing && anyOpen,
      locked:
        mayChange && request.status === "submitted" && sums.executing
          ? "A sequence is being observed now: the request can be taken back when it has ended."
          : "",
      revise: mayChange && (request.status === "withdrawn" || request.status === "draft") && anyOpen,
      hasDraft: facts.hasDraft,
      copy: facts.mayCopy,
    },
    facts: {
      id: request.id,
      kind: request.kind,
      author: facts.author === "" ? "" : `${facts.author}${facts.mine ? " (you)" : ""}`,
      programme: request.programmeId,
      comment: request.comment,
      created: dateTime(request.createdWallMs),
      submitted: request.submittedWallMs === null ? "not yet" : dateTime(request.submittedWallMs),
      wasSubmitted: request.submittedWallMs !== null,
      quota: `${hours(balance.spentS)} of ${hours(balance.grantedS)} used, ${hours(balance.openS)} held, ${hours(balance.availableS)} left`,
      alert: request.alertKey === null ? null : { name: request.alertKey, href: alertHref(request.alertKey) },
    },
    pager: sequences.length < all.length ? facts.pager : null,
    sequences: sequences.map((sequence) => sequenceCard(sequence, appearances.get(sequence.id) ?? [], facts)),
    ledger: facts.ledger.map((line) => ({
      at: dateTime(line.atMs),
      sequence: line.sequenceId ?? "",
      attempt: line.attempt === null ? "" : String(line.attempt),
      kind: line.kind,
      seconds: duration(line.seconds * 1_000),
      note: line.note,
    })),
    history: facts.history.map((audit) => ({
      at: dateTime(audit.atWallMs),
      words: HISTORY_WORDS[audit.action] ?? audit.action,
      by: typeof audit.details["by"] === "string" ? audit.details["by"] : "",
    })),
    results: resultsModel(request.id, sequences, images, facts.calibrated),
    imagesWords: count(images.length, "image"),
  };
}

const HISTORY_WORDS: Readonly<Record<string, string>> = {
  "draft.create": "begun",
  "draft.delete": "draft deleted",
  "request.submit": "submitted",
  "request.withdraw": "taken back",
};

/** The way of a request, with where it is now. */
function pathOf(request: RequestRecord, sequences: readonly SequenceOutline[]) {
  const has = (...statuses: readonly SequenceStatus[]): boolean =>
    sequences.some(({ status }) => statuses.includes(status));
  const now =
    request.status === "completed" || request.status === "closed"
      ? 4
      : has("executing")
        ? 3
        : has("planned")
          ? 2
          : request.status === "submitted"
            ? 1
            : 0;
  const words = [
    request.status === "withdrawn" ? "withdrawn" : "draft",
    "submitted",
    "planned",
    "observing",
    "done",
  ];
  return words.map((word, index) => ({ word, current: index === now, past: index < now }));
}

function sequenceCard(
  sequence: SequenceDetail,
  rows: readonly ScheduledSequenceRecord[],
  { request, nowMs, observatory, foresee }: RequestFacts,
) {
  const { constraints } = sequence;
  const waits = isEditable(sequence.status) && request.kind === "routine" && request.status === "submitted";
  const window = { startMs: sequence.windowStartMs, endMs: sequence.windowEndMs };
  const neededS = sequence.durationS + sequence.overheadS;
  const foresight = waits ? foresee(sequence, window, neededS, nowMs) : null;
  return {
    lock: lockOf(sequence),
    foresight: foresight === null ? "" : foresightWords(foresight),
    plot: waits
      ? plotOf(sequence, foresight?.firstDate ?? nightDateAt(observatory.site, nowMs), sequence.targetName)
      : null,
    carryOver:
      sequence.carryOverNights > 0
        ? `May move on ${count(sequence.carryOverNights, "more night", "more nights")}`
        : "",
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
      ...skyLimits(constraints),
    ].join(", "),
    plans: sequence.albums.flatMap((album) =>
      album.plans.map((plan) => ({
        instrument: album.instrumentId,
        words: `${plan.filter} ${plan.count} × ${plan.exposureS}${NBSP}s`,
        stored: `${plan.storedFrames.length} of ${plan.count}`,
        skipped: album.skippedReason ?? "",
      })),
    ),
    dither:
      sequence.dither === null
        ? ""
        : `${sequence.dither.positions} positions, ${number(sequence.dither.stepArcsec)}″ apart`,
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

function requestSentence(sequences: readonly SequenceOutline[]): string {
  const done = sequences.filter(({ status }) => status === "executed").length;
  const waiting = sequences.find(({ status }) => status !== "executed");
  if (sequences.length === 0) return "This request has no sequence.";
  if (waiting === undefined) return `All ${count(sequences.length, "sequence")} observed.`;
  const why = waiting.statusReason === null ? "" : `: ${waiting.statusReason}`;
  return `${done} of ${count(sequences.length, "sequence")} observed. Sequence ${waiting.ordinal} is ${waiting.status}${why}.`;
}

type Sums = Pick<RequestSummary, "sequences" | "executed" | "executing">;

function sumsOf(sequences: readonly SequenceOutline[]): Sums {
  return {
    sequences: sequences.length,
    executed: sequences.filter(({ status }) => status === "executed").length,
    executing: sequences.some(({ status }) => status === "executing"),
  };
}

function requestMark(request: RequestRecord, { sequences, executed, executing }: Sums): Mark {
  if (executing) return { tone: "running", word: "executing" };
  if (sequences > 0 && executed === sequences) return { tone: "ok", word: "observed" };
  return { tone: "quiet", word: request.status };
}

function hours(seconds: number): string {
  return quantity(seconds / 3_600, "h", 2);
}

/** What a sequence asks of the sky itself, beyond the site's limits. */
function skyLimits({
  maxSeeingArcsec = null,
  maxCloudPct = null,
  minSkyQualityMag = null,
}: SequenceConstraints): string[] {
  return [
    ...(maxSeeingArcsec === null ? [] : [`seeing at most ${number(maxSeeingArcsec, 2)}″`]),
    ...(maxCloudPct === null ? [] : [`cloud at most ${number(maxCloudPct)} %`]),
    ...(minSkyQualityMag === null ? [] : [`sky of ${number(minSkyQualityMag, 1)} mag/arcsec² or darker`]),
  ];
}
