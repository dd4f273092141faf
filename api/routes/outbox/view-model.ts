import type { FscMessageRecord } from "../../../db/entities/fsc-message.ts";
import type { OutboxRecord } from "../../../db/entities/outbox-message.ts";
import { OUTBOX_STATES, OUTBOX_TOPICS } from "../../../db/entities/outbox-message.ts";
import type { OutboxLane } from "../../../db/repositories/outbox.ts";
import type { PageModel } from "../../pages/pages.ts";
import type { Identity } from "../../plugins/identity.ts";
import type { Mark } from "../../situation/tone.ts";
import { count, NONE } from "../../words/numbers.ts";
import { dateTime, dateTimeMs, duration } from "../../words/time.ts";
import type { Pager } from "../lists.ts";
import { isPersonal, maySeeDestination } from "./json.ts";
import { TOPIC_WORDS } from "./partners.ts";

export interface OutboxFilters {
  readonly state: string;
  readonly topic: string;
}

export interface OutboxFacts {
  readonly items: readonly OutboxRecord[];
  readonly lanes: readonly OutboxLane[];
  readonly unset: readonly string[];
  readonly inbound: readonly FscMessageRecord[];
  readonly inboundTotal: number;
  readonly filters: OutboxFilters;
  readonly pager: Pager;
  readonly identity: Identity | null;
  readonly mayRetry: boolean;
  readonly said: string;
  readonly nowWallMs: number;
}

/** The list of what is sent out, and what FSC sent. */
export function outboxModel(facts: OutboxFacts): PageModel {
  const { filters, nowWallMs, identity, mayRetry } = facts;
  return {
    title: facts.said === "" ? "Outbox" : "Not done: Outbox",
    sentence: sentenceOf(facts.lanes, nowWallMs),
    topics: ["outbox"],
    unset: facts.unset,
    said: facts.said,
    filters,
    states: chosenOptions(OUTBOX_STATES, filters.state, (state) => state),
    sendings: chosenOptions(OUTBOX_TOPICS, filters.topic, (topic) => TOPIC_WORDS[topic]),
    filtered: filters.state !== "" || filters.topic !== "",
    pager: facts.pager,
    mayRetry,
    rows: facts.items.map((message) => row(message, identity, nowWallMs, mayRetry)),
    inboundWords:
      facts.inboundTotal > facts.inbound.length
        ? `the newest ${facts.inbound.length} of ${count(facts.inboundTotal, "message")}`
        : count(facts.inboundTotal, "message"),
    inbound: facts.inbound.map((message) => ({
      id: message.id,
      type: message.type,
      received: dateTimeMs(message.receivedWallMs),
      sent: dateTime(message.sentWallMs),
      reason: reasonOf(message),
      content: JSON.stringify(message.payload["data"], null, 2),
    })),
  };
}

/** One message with all that is known of it. */
export function outboxMessageModel(
  message: OutboxRecord,
  identity: Identity | null,
  mayRetry: boolean,
  nowWallMs: number,
): PageModel {
  const shown = row(message, identity, nowWallMs, mayRetry);
  return {
    title: `Message ${message.id}`,
    sentence: lifeOf(message, problemOf(message, identity), nowWallMs),
    topics: ["outbox"],
    message: {
      ...shown,
      created: dateTimeMs(message.createdWallMs),
      lastAttempt: dateTimeMs(message.lastAttemptWallMs),
      delivered: dateTimeMs(message.deliveredWallMs),
      next: message.state === "waiting" ? dateTimeMs(message.nextAttemptWallMs) : NONE,
    },
    payload: isPersonal(message.topic) ? "" : JSON.stringify(message.payload, null, 2),
  };
}

function row(message: OutboxRecord, identity: Identity | null, nowWallMs: number, mayRetry: boolean) {
  return {
    id: message.id,
    href: `/outbox/${message.id}`,
    topic: TOPIC_WORDS[message.topic],
    destination: maySeeDestination(identity, message) ? message.destination : "a person",
    key: message.key,
    mark: stateMark(message),
    age: duration(nowWallMs - message.createdWallMs),
    attempts: message.attempts,
    problem: problemOf(message, identity),
    retry:
      mayRetry && message.state !== "delivered" && message.attempts > 0 ? `/outbox/${message.id}/retry` : "",
  };
}

function stateMark({ state, attempts }: OutboxRecord): Mark {
  if (state === "delivered") return { tone: "ok", word: "delivered" };
  if (state === "failed") return { tone: "alarm", word: "REFUSED" };
  return attempts > 1 ? { tone: "warning", word: "waiting" } : { tone: "quiet", word: "waiting" };
}

/** Words of a mail server name the address it was for. */
function problemOf(message: OutboxRecord, identity: Identity | null): string {
  return maySeeDestination(identity, message) ? (message.lastProblem ?? "") : "";
}

function lifeOf(message: OutboxRecord, problem: string, nowWallMs: number): string {
  const attempts = count(message.attempts, "attempt");
  switch (message.state) {
    case "delivered":
      return `Delivered after ${duration((message.deliveredWallMs ?? 0) - message.createdWallMs)}, ${attempts}.`;
    case "failed":
      return `Refused after ${attempts}: it is not sent again by itself. ${problem}`;
    default: {
      const inMs = message.nextAttemptWallMs - nowWallMs;
      const next = inMs > 0 ? `in ${duration(inMs)}` : "when its turn comes";
      return `Waits for ${duration(nowWallMs - message.createdWallMs)}, ${attempts}; next ${next}. ${problem}`;
    }
  }
}

function sentenceOf(lanes: readonly OutboxLane[], nowWallMs: number): string {
  const waiting = lanes.reduce((sum, lane) => sum + lane.waiting, 0);
  const failed = lanes.reduce((sum, lane) => sum + lane.failed, 0);
  if (waiting + failed === 0)
    return "What is sent to IC, FSC and people. Nothing waits, nothing was refused.";
  const oldest = Math.min(...lanes.flatMap((lane) => lane.oldestWaitingWallMs ?? []));
  const waits =
    waiting === 0
      ? "Nothing waits"
      : `${count(waiting, "message")} ${waiting === 1 ? "waits" : "wait"}, the oldest for ${duration(nowWallMs - oldest)}`;
  return `${waits}; ${failed === 0 ? "none was refused" : `${count(failed, "message")} refused`}. Nothing is lost.`;
}

function reasonOf({ payload }: FscMessageRecord): string {
  const { reason } = (payload["data"] ?? {}) as { reason?: unknown };
  return typeof reason === "string" ? reason : "";
}

function chosenOptions<T extends string>(values: readonly T[], chosen: string, label: (value: T) => string) {
  return [
    { value: "", label: "all", chosen: chosen === "" },
    ...values.map((value) => ({ value, label: label(value), chosen: value === chosen })),
  ];
}
