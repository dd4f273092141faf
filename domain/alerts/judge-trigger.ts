import type { Strategy, StrategyRule } from "../strategies/strategy.ts";
import { ruleFor } from "../strategies/strategy.ts";
import type { Member } from "./alert-state.ts";
import { knownSourceAt } from "./known-sources.ts";
import type { Notice } from "./notice.ts";
import { noticeTime, locatedAt } from "./trigger.ts";
import type { Trigger } from "./trigger.ts";

/** How good a trigger's case is, best first. */
export type Standing = "slew" | "open" | "hold" | "late" | "record";

/** What the notices of one trigger amount to under a strategy. */
export interface TriggerVerdict {
  readonly trigger: Trigger;
  readonly standing: Standing;
  /** Set when the sender took it back or marks it as no burst: the standing then no longer counts. */
  readonly veto: Veto | null;
  /** It would have been observed before the veto was known. */
  readonly wasBurst: boolean;
  readonly lostLock: string | null;
  readonly rule: StrategyRule | null;
  readonly reason: string;
  readonly askHuman: boolean;
}

export interface Veto {
  readonly member: Member;
  readonly because: string;
}

const ORDER: Readonly<Record<Standing, number>> = { slew: 0, open: 1, hold: 2, late: 3, record: 4 };

/** Judges a trigger from the set of its notices; pure, whatever order they came in. */
export function judgeTrigger(trigger: Trigger, strategy: Strategy): TriggerVerdict {
  const { members } = trigger;
  const veto = vetoOf(members);
  const burstClass = latestClass(members);
  let best: NoticeVerdict | null = null;
  let wasBurst = false;
  for (const member of members) {
    if (member.notice.kind === "companion") continue;
    const verdict = judgeNotice(member, members, burstClass, strategy);
    if (best === null || ORDER[verdict.standing] < ORDER[best.standing]) best = verdict;
    const before = veto === null || noticeTime(member) < noticeTime(veto.member);
    if (before && member.notice.marks.length === 0 && ORDER[verdict.standing] <= ORDER.open) wasBurst = true;
  }
  const lostLock = lostLockOf(members);
  const xrt = members.some(({ notice }) => notice.stream === "swift-xrt-pos");
  return {
    trigger,
    standing: best?.standing ?? "record",
    veto,
    wasBurst: wasBurst || (veto === null && burstClass !== null && burstClass.turned),
    lostLock,
    rule: best?.rule ?? null,
    reason: best?.reason ?? `no notice of ${trigger.key} says more than that something was observed`,
    askHuman: (best?.rule?.askHuman ?? false) || (lostLock !== null && xrt),
  };
}

interface NoticeVerdict {
  readonly standing: Standing;
  readonly rule: StrategyRule | null;
  readonly reason: string;
}

interface BurstClass {
  readonly notice: Notice;
  /** An earlier notice gave the class of a burst, the latest no longer does. */
  readonly turned: boolean;
}

function judgeNotice(
  member: Member,
  members: readonly Member[],
  burstClass: BurstClass | null,
  strategy: Strategy,
): NoticeVerdict {
  const { notice, receivedMs } = member;
  const rule = ruleFor(strategy, notice.stream);
  if (rule === undefined)
    return {
      standing: "record",
      rule: null,
      reason: `no rule of strategy ${strategy.name} names the stream ${notice.stream}`,
    };
  const verdict = (standing: Standing, reason: string): NoticeVerdict => ({ standing, rule, reason });
  if (notice.t0Ms === null) return verdict("hold", "the notice gives no trigger time");
  const aheadS = (notice.t0Ms - receivedMs) / 1_000;
  if (aheadS > strategy.limits.maxFutureS) {
    return verdict(
      "record",
      `T0 is ${aheadS.toFixed(0)} s in the future; at most ${strategy.limits.maxFutureS} s are accepted`,
    );
  }
  if (-aheadS > rule.validS) {
    return verdict(
      "late",
      `it arrived ${duration(-aheadS)} after T0; rule ${rule.name} is valid for ${duration(rule.validS)}`,
    );
  }
  const source =
    flagless(members) && notice.raDeg !== null && notice.decDeg !== null && notice.errorDeg !== null
      ? knownSourceAt(notice.raDeg, notice.decDeg, notice.errorDeg)
      : null;
  if (source !== null) {
    return verdict(
      "record",
      `the position is ${(source.sepDeg * 60).toFixed(1)} arcmin from the known source ${source.name}`,
    );
  }
  if (rule.action === "record" || rule.action === "hold") return verdict(rule.action, rule.about);
  const doubt = doubtOf(notice, burstClass, rule);
  if (doubt !== null) return verdict("hold", doubt);
  if (notice.raDeg === null) return verdict("hold", notice.positionNote ?? "the notice gives no position");
  if (rule.action === "open") return verdict("open", rule.about);
  const located = locatedAt(member);
  if (located === null || notice.errorDeg === null)
    return verdict("hold", "the notice gives no error for its position");
  if (rule.maxErrorDeg !== undefined && located.totalErrorDeg > rule.maxErrorDeg) {
    return verdict(
      "open",
      `the position is known to ${located.totalErrorDeg.toFixed(1)} deg (90 %, systematic included); rule ${rule.name} points at up to ${rule.maxErrorDeg} deg`,
    );
  }
  return verdict("slew", burstWords(notice, located.totalErrorDeg));
}

/** Why a notice may not be a burst by the limits of its rule, or null. */
function doubtOf(notice: Notice, burstClass: BurstClass | null, rule: StrategyRule): string | null {
  const classed = burstClass?.notice ?? notice;
  const percent =
    classed.classProbability === null ? "" : ` (${Math.round(classed.classProbability * 100)} %)`;
  if (classed.classIsBurst === false)
    return `the likeliest class is ${classed.classification ?? "unknown"}${percent}, not a burst`;
  if (
    rule.minClassProbability !== undefined &&
    classed.classification !== null &&
    (classed.classProbability ?? 1) < rule.minClassProbability
  ) {
    return `${classed.classification} has a probability of ${Math.round((classed.classProbability ?? 0) * 100)} %; rule ${rule.name} asks for ${Math.round(rule.minClassProbability * 100)} %`;
  }
  if (
    rule.minSignificance !== undefined &&
    notice.significance !== null &&
    notice.significance < rule.minSignificance
  ) {
    return `the significance is ${notice.significance.toFixed(1)} sigma; rule ${rule.name} asks for ${rule.minSignificance}`;
  }
  if (rule.maxFarHz !== undefined && notice.farHz !== null && notice.farHz > rule.maxFarHz) {
    return `the false alarm rate is ${notice.farHz.toExponential(1)} Hz; rule ${rule.name} allows ${rule.maxFarHz.toExponential(1)}`;
  }
  return null;
}

/** The newest notice of the trigger that gives a class: ground positions carry none and inherit it. */
function latestClass(members: readonly Member[]): BurstClass | null {
  const classed = members.filter(({ notice }) => notice.classIsBurst !== null);
  const last = classed.at(-1);
  if (last === undefined) return null;
  const turned =
    last.notice.classIsBurst === false && classed.some(({ notice }) => notice.classIsBurst === true);
  return { notice: last.notice, turned };
}

/**
 * The mark that stands at the end. A later full notice of the same trigger that calls it a burst lifts a
 * "not a burst"; a later one that supersedes a retraction lifts that.
 */
function vetoOf(members: readonly Member[]): Veto | null {
  let veto: (Veto & { kind: string }) | null = null;
  for (const member of members) {
    const { notice } = member;
    const mark = notice.marks.find((candidate) => candidate.kind !== "lost-lock");
    if (mark !== undefined) {
      veto = { member, because: mark.because, kind: mark.kind };
    } else if (veto !== null && liftsVeto(notice, veto) && noticeTime(member) > noticeTime(veto.member)) {
      veto = null;
    }
  }
  return veto === null ? null : { member: veto.member, because: veto.because };
}

function liftsVeto(notice: Notice, veto: Veto & { kind: string }): boolean {
  const retraction = veto.member.notice.ivorn;
  if (veto.kind === "retracted")
    return notice.citations.some(({ cite, ivorn }) => cite === "supersedes" && ivorn === retraction);
  return notice.stream === "swift-bat-pos" && notice.flags.includes("GRB_Identified");
}

function lostLockOf(members: readonly Member[]): string | null {
  for (const { notice } of members) {
    const mark = notice.marks.find((candidate) => candidate.kind === "lost-lock");
    if (mark !== undefined) return mark.because;
  }
  return null;
}

/** True when no notice of the trigger says itself that the source is not in the sender's catalogue. */
function flagless(members: readonly Member[]): boolean {
  return !members.some(
    ({ notice }) => notice.stream === "swift-bat-pos" && notice.flags.includes("GRB_Identified"),
  );
}

function burstWords(notice: Notice, errorDeg: number): string {
  const error =
    errorDeg >= 1
      ? `${errorDeg.toFixed(1)} deg`
      : errorDeg >= 1 / 60
        ? `${(errorDeg * 60).toFixed(1)} arcmin`
        : `${(errorDeg * 3_600).toFixed(1)} arcsec`;
  const signal =
    notice.significance !== null && notice.significance > 0
      ? `, ${notice.significance.toFixed(1)} sigma`
      : "";
  return `${notice.sourceName ?? "a burst"}: position within ${error} (90 %)${signal}`;
}

/** `45 s`, `12 min`, `3.2 h`, `9.4 d`. */
export function duration(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${(seconds / 3_600).toFixed(1)} h` : `${(seconds / 86_400).toFixed(1)} d`;
}
