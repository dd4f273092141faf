import type { Tiling } from "../strategies/strategy.ts";
import { digestOf } from "./digest.ts";
import type { Notice } from "./notice.ts";
import type { TriggerFacts } from "./trigger.ts";

/** One astrophysical event and all that is known of it. Plain JSON; everything but `pointing`, `generation` and `openedMs` follows from `members` alone, in any order of arrival. */
export interface AlertState {
  readonly alertKey: string;
  readonly state: AlertStatus;
  /** All notices of the event, in the order of their notice times. */
  readonly members: readonly Member[];
  /** The triggers its members belong to: what other notices are compared with. */
  readonly triggers: readonly TriggerFacts[];
  readonly t0Ms: number | null;
  readonly raDeg: number | null;
  readonly decDeg: number | null;
  /** 90 % error radius, deg. */
  readonly errorDeg: number | null;
  /** ivorn of the notice whose position counts. */
  readonly positionFrom: string | null;
  readonly classification: string | null;
  /** e.g. `GRB 210112`. */
  readonly sourceName: string | null;
  readonly rule: string;
  /** Why the alert is in this state, in words with numbers. */
  readonly reason: string;
  /** 1 (best) to 10. */
  readonly rank: number;
  readonly plan: readonly PlanStep[];
  /** How an error larger than the field is covered; null: the centre alone. */
  readonly tiling: Tiling | null;
  /** The same place again, each at its instant (Unix ms). */
  readonly followUps: readonly PlannedFollowUp[];
  /** After this instant (Unix ms) the event is no longer observed. */
  readonly validUntilMs: number | null;
  /** A person should look at it before anything moves. */
  readonly askHuman: boolean;
  readonly simulated: boolean;
  /** Where the telescope was last asked to point for this alert; null when it never was, or was called back. */
  readonly pointing: Pointing | null;
  /** Counts the pointings asked for; 0 before the first. */
  readonly generation: number;
  /** Arrival of the first notice, Unix ms. */
  readonly openedMs: number;
}

export type AlertStatus = "active" | "held" | "cancelled" | "ignored";

export interface Member {
  readonly notice: Notice;
  /** When it arrived here, Unix ms (observatory time). */
  readonly receivedMs: number;
}

export interface Pointing {
  readonly raDeg: number;
  readonly decDeg: number;
  readonly generation: number;
  /** Notice that asked for it. */
  readonly ivorn: string;
  readonly atMs: number;
}

export interface PlannedFollowUp {
  readonly atMs: number;
  readonly plan: readonly PlanStep[];
}

/** Frames to take, in order. */
export interface PlanStep {
  readonly instrument: string;
  readonly filter: string;
  readonly exposureS: number;
  readonly count: number;
}

/** Identity of a message: some senders use one ivorn for two. */
export function memberId(notice: Notice): string {
  return `${notice.ivorn}|${notice.digest}`;
}

/**
 * The key of an alert named after a trigger key: lower case, letters, digits, dash; at most 60 characters; fit for
 * addresses and workflow ids, e.g. `swift-1016881`. Keys that would lose what tells them apart get a digest.
 */
export function alertKeyOf(triggerKey: string): string {
  const plain = triggerKey
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
  const loses = plain.length > 60 || /[^\w:.-]/.test(triggerKey) || !/[a-z0-9]$/i.test(triggerKey);
  return loses ? `${plain.slice(0, 52)}-${digestOf(triggerKey).slice(-7)}` : plain;
}
