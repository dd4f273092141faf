import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { guardBytes } from "../../domain/alerts/guard.ts";
import { parseNotice } from "../../domain/alerts/parse.ts";
import type { Notice } from "../../domain/alerts/parse.ts";
import { memberId } from "../../domain/alerts/alert-state.ts";
import type { AlertState } from "../../domain/alerts/alert-state.ts";
import type { Decision } from "../../domain/alerts/decide.ts";
import { canonicalKey, takeNotice } from "../../domain/alerts/take.ts";
import type { Strategy } from "../../domain/strategies/strategy.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const PACKETS = path.join(ROOT, "test/fixtures/voevents");
/** A larger collection, where it lies beside the project. */
export const MORE_PACKETS = path.join(ROOT, "../shared/voevents");
export const hasMorePackets = existsSync(path.join(MORE_PACKETS, "INDEX.md"));

export const STRATEGY = JSON.parse(
  readFileSync(path.join(ROOT, "observatories/strategies/default.json"), "utf8"),
) as Strategy;

/** Bytes of a packet of test/fixtures/voevents. */
export function bytesOf(name: string): Uint8Array {
  return readFileSync(path.join(PACKETS, name));
}

/** The packet read as the product reads it; throws when it is refused. */
export function noticeOf(name: string): Notice {
  return readNotice(bytesOf(name));
}

export function readNotice(bytes: Uint8Array): Notice {
  const guarded = guardBytes(bytes);
  if (!guarded.ok) throw new Error(`refused: ${guarded.reason}`);
  return parseNotice(guarded.text, guarded.format);
}

/** Names of the packets that begin with a prefix, sorted. */
export function packetsNamed(prefix: string): string[] {
  return readdirSync(PACKETS)
    .filter((name) => name.startsWith(prefix))
    .sort();
}

/** All packets of the fixtures that are notices. */
export function allNotices(): Notice[] {
  return readdirSync(PACKETS)
    .filter((name) => !/^(malicious|quakeml|README)/.test(name))
    .sort()
    .map(noticeOf);
}

/** Alerts fed one notice after another, each at its own notice time. */
export class Feed {
  readonly open = new Map<string, AlertState>();
  readonly decisions: Decision[] = [];
  private readonly strategy: Strategy;

  constructor(strategy: Strategy = STRATEGY) {
    this.strategy = strategy;
  }

  take(notice: Notice, nowMs: number = notice.noticeMs ?? notice.t0Ms ?? 0): Decision {
    const taken = takeNotice(notice, [...this.open.values()], { strategy: this.strategy, nowMs });
    for (const alert of taken.changed) {
      if (alert.members.length === 0) this.open.delete(alert.alertKey);
      else this.open.set(alert.alertKey, alert);
    }
    this.decisions.push(taken.decision);
    return taken.decision;
  }

  all(notices: readonly Notice[]): this {
    for (const notice of notices) this.take(notice);
    return this;
  }

  /** What must not depend on the order: everything that follows from the members. */
  endState(): unknown[] {
    return [...this.open.values()]
      .map((alert) => ({
        key: canonicalKey(alert.members),
        state: alert.state,
        reason: alert.reason,
        t0Ms: alert.t0Ms,
        raDeg: alert.raDeg,
        decDeg: alert.decDeg,
        errorDeg: alert.errorDeg,
        positionFrom: alert.positionFrom,
        rule: alert.rule,
        rank: alert.rank,
        askHuman: alert.askHuman,
        members: alert.members.map((member) => memberId(member.notice)),
      }))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  }
}

/** Decisions of packets fed in order, as `WORD` or `WORD slew`. */
export function wordsOf(names: readonly string[], strategy: Strategy = STRATEGY): string[] {
  return new Feed(strategy)
    .all(names.map(noticeOf))
    .decisions.map(({ decision, slew }) => (slew ? `${decision} slew` : decision));
}

/** A copy of the shipped strategy with one rule changed. */
export function withRule(name: string, change: Partial<Strategy["rules"][number]>): Strategy {
  const rule = STRATEGY.rules.find((candidate) => candidate.name === name);
  if (rule === undefined) throw new Error(`the shipped strategy has no rule ${name}`);
  return {
    ...STRATEGY,
    rules: STRATEGY.rules.map((each) => (each === rule ? { ...each, ...change } : each)),
  };
}

/** CPU time of this process, ms: what the code needs, whatever else the machine does meanwhile. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
