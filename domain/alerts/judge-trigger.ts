import type { Strategy, StrategyRule } from "../strategies/strategy.ts";
import { ruleFor } from "../strategies/strategy.ts";
import type { Member } from "./alert-state.ts";
import { knownSourceAt } from "./known-sources.ts";
import type { Notice } from "./notice.ts";
import { noticeTime, placeOf } from "./trigger.ts";
import type { Trigger } from "./trigger.ts";
import { angle, duration } from "./words.ts";

/** How good a trigger's case is, best first. */
export type Standing = "slew" | "open" | "hold" | "late" | "record" | "future";

/** What the notices of one trigger amount to under a strategy. */
export interface TriggerVerdict {
  readonly trigger: Trigger;
  readonly standing: Standing;
  /** Set when the sender took it back, marks it as no burst, or a known source lies there: the standing then no longer counts. */
  readonly veto: Veto | null;
  /** It would have been observed before the veto was known. */
  readonly wasBurst: boolean;
  /** The flag that says the spacecraft had lost its attitude. */
  readonly lostLock: string | null;
  readonly rule: StrategyRule | null;
  readonly reason: string;
  readonly askHuman: boolean;
}

export interface Veto {
  /** The notice that says so. */
  readonly member: Member;
  readonly kind: "not-a-burst" | "retracted" | "known-source";
  readonly because: string;
}

const STANDINGS: readonly Standing[] = ["slew", "open", "hold", "late", "record", "future"];

/** Position of a standing in the order from best to worst. */
export function standingOrder(standing: Standing): number {
  return STANDINGS.indexOf(standing);
}

/** Judges a trigger from the set of its notices; pure, whatever order they came in. */
export function judgeTrigger(trigger: Trigger, strategy: Strategy): TriggerVerdict {
  const { members } = trigger;
  const veto = vetoOf(members) ?? knownSourceVeto(trigger);
  const burstClass = burstClassOf(members, strategy);
  let best: NoticeVerdict | null = null;
  let wasBurst = veto === null && burstClass !== null && burstClass.turned;
  const alone = members
    .filter(({ notice }) => notice.kind !== "companion")
    .map((member) => ({ member, verdict: judgeNotice(member, burstClass, strategy) }));
  for (const { member, verdict: unsupported } of alone) {
    const verdict = withSupport(
      unsupported,
      alone.map(({ verdict }) => verdict),
    );
    if (best === null || betterSpoken(verdict, best)) best = verdict;
    if (veto !== null && member.notice.marks.length === 0 && wasAliveBefore(veto, member, verdict))
      wasBurst = true;
  }
  const lostLock = lostLockOf(members);
  const xrt = members.some(({ notice }) => notice.stream === "swift-xrt-pos");
  return {
    trigger,
    standing: best?.standing ?? "record",
    veto,
    wasBurst,
    lostLock,
    rule: best?.rule ?? null,
    reason: best?.reason ?? `no notice of ${trigger.facts.key} says more than that something was observed`,
    askHuman: (best?.rule?.askHuman ?? false) || (lostLock !== null && xrt),
  };
}

/**
 * Whether a notice had the alert alive before the veto. A retraction takes back whatever its trigger said, at any
 * time; a mark takes back only what was believed before it was known.
 */
function wasAliveBefore(veto: Veto, member: Member, { standing }: NoticeVerdict): boolean {
  if (veto.kind === "retracted") return standingOrder(standing) <= standingOrder("hold");
  return standingOrder(standing) <= standingOrder("open") && noticeTime(member) < noticeTime(veto.member);
}

interface NoticeVerdict {
  readonly notice: Notice;
  readonly standing: Standing;
  readonly rule: StrategyRule | null;
  readonly reason: string;
}

/** A notice whose rule needs another stream is held until that has spoken for a burst too. */
function withSupport(verdict: NoticeVerdict, all: readonly NoticeVerdict[]): NoticeVerdict {
  const needs = verdict.rule?.needs;
  if (needs === undefined || standingOrder(verdict.standing) > standingOrder("open")) return verdict;
  const supported = all.some(
    ({ notice, standing }) =>
      needs.includes(notice.stream) && standingOrder(standing) <= standingOrder("open"),
  );
  if (supported) return verdict;
  const reason = `${verdict.notice.stream} does not say whether it is a burst; waiting for ${needs.join(" or ")}`;
  return { ...verdict, standing: "hold", reason };
}

/** Of two notices the one with the better standing speaks for the trigger; of equal ones the better position, then the newer. */
function betterSpoken(verdict: NoticeVerdict, best: NoticeVerdict): boolean {
  const by = standingOrder(verdict.standing) - standingOrder(best.standing);
  return by !== 0 ? by < 0 : verdict.notice.positionGrade >= best.notice.positionGrade;
}

function judgeNotice(member: Member, burstClass: BurstClass | null, strategy: Strategy): NoticeVerdict {
  const { notice, receivedMs } = member;
  const rule = ruleFor(strategy, notice.stream) ?? null;
  const verdict = (standing: Standing, reason: string): NoticeVerdict => ({ notice, standing, rule, reason });
  if (notice.t0Ms !== null) {
    const aheadS = (notice.t0Ms - receivedMs) / 1_000;
    if (aheadS > strategy.limits.maxFutureS) {
      return verdict(
        "future",
        `T0 is ${duration(aheadS)} in the future; at most ${strategy.limits.maxFutureS} s are accepted`,
      );
    }
  }
  if (rule === null)
    return verdict("record", `no rule of strategy ${strategy.name} names the stream ${notice.stream}`);
  if (notice.t0Ms === null) return verdict("hold", "the notice gives no trigger time");
  const lateS = (receivedMs - notice.t0Ms) / 1_000;
  if (lateS > rule.validS) {
    return verdict(
      "late",
      `it arrived ${duration(lateS)} after T0; rule ${rule.name} is valid for ${duration(rule.validS)}`,
    );
  }
  if (rule.action === "record" || rule.action === "hold")
    return verdict(rule.action, `rule ${rule.name}: ${rule.about}`);
  const doubt = doubtOf(notice, burstClass, rule);
  if (doubt !== null) return verdict("hold", doubt);
  if (notice.raDeg === null) return verdict("hold", notice.positionNote ?? "the notice gives no position");
  if (rule.action === "open") return verdict("open", `rule ${rule.name}: ${rule.about}`);
  const located = placeOf(notice);
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
  const classed = burstClass?.latest ?? notice;
  const name = classed.classification ?? "unknown";
  if (classed.classIsBurst === false) {
    const percent =
      classed.classProbability === null ? "" : ` (${Math.round(classed.classProbability * 100)} %)`;
    return `the likeliest class is ${name}${percent}, not a burst`;
  }
  const probability = burstClass?.probability ?? classed.classProbability;
  if (
    rule.minClassProbability !== undefined &&
    probability !== null &&
    probability < rule.minClassProbability
  ) {
    return `${name} has a probability of ${Math.round(probability * 100)} %; rule ${rule.name} asks for ${Math.round(rule.minClassProbability * 100)} %`;
  }
  if (
    rule.minSignificance !== undefined &&
    notice.significance !== null &&
    notice.significance < rule.minSignificance
  ) {
    const found =
      notice.significance === 0
        ? "it has no rate significance (an image trigger)"
        : `the significance is ${notice.significance.toFixed(1)} sigma`;
    return `${found}; rule ${rule.name} asks for ${rule.minSignificance} sigma`;
  }
  if (rule.maxFarHz !== undefined && notice.farHz !== null && notice.farHz > rule.maxFarHz) {
    return `the false alarm rate is ${notice.farHz.toExponential(1)} Hz; rule ${rule.name} allows ${rule.maxFarHz.toExponential(1)} Hz`;
  }
  return null;
}

/** What the notices of a trigger that give a class say together. */
interface BurstClass {
  /** The newest notice with a class: ground positions carry none and inherit it. */
  readonly latest: Notice;
  /** The highest probability any notice gave for a burst: a class that weakens does not close an alert, one that changes does. */
  readonly probability: number | null;
  /** An earlier notice called it a burst with the probability its rule asks for, the newest calls it something else. */
  readonly turned: boolean;
}

function burstClassOf(members: readonly Member[], strategy: Strategy): BurstClass | null {
  let latest: Notice | null = null;
  let probability: number | null = null;
  let wasEnough = false;
  for (const { notice } of members) {
    if (notice.classIsBurst === null) continue;
    latest = notice;
    if (!notice.classIsBurst) continue;
    probability = Math.max(probability ?? 0, notice.classProbability ?? 1);
    if (probability >= (ruleFor(strategy, notice.stream)?.minClassProbability ?? 0)) wasEnough = true;
  }
  return latest === null ? null : { latest, probability, turned: wasEnough && latest.classIsBurst === false };
}

/** A known source at the best position of a trigger whose sender did not itself look it up in its catalogue. */
function knownSourceVeto(trigger: Trigger): Veto | null {
  const { best } = trigger.facts;
  const { bestMember } = trigger;
  const lookedUp = trigger.members.some(
    ({ notice }) => notice.stream === "swift-bat-pos" && notice.flags.includes("GRB_Identified"),
  );
  if (best === null || bestMember === null || lookedUp) return null;
  const source = knownSourceAt(best.raDeg, best.decDeg, best.totalErrorDeg);
  if (source === null) return null;
  const because = `the position is ${(source.sepDeg * 60).toFixed(1)} arcmin from the known source ${source.name}`;
  return { member: bestMember, kind: "known-source", because };
}

/**
 * The mark that stands at the end. A later full notice of the same trigger that calls it a burst lifts a
 * "not a burst"; a later one that supersedes a retraction lifts that.
 */
function vetoOf(members: readonly Member[]): Veto | null {
  let veto: Veto | null = null;
  for (const member of members) {
    const { notice } = member;
    const mark = notice.marks.find(({ kind }) => kind !== "lost-lock");
    if (mark !== undefined && mark.kind !== "lost-lock") {
      // The first notice that says it counts as the moment it was known.
      if (veto === null || veto.kind !== mark.kind) veto = { member, because: mark.because, kind: mark.kind };
    } else if (veto !== null && liftsVeto(notice, veto) && noticeTime(member) > noticeTime(veto.member)) {
      veto = null;
    }
  }
  return veto;
}

function liftsVeto(notice: Notice, veto: Veto): boolean {
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

function burstWords(notice: Notice, errorDeg: number): string {
  const signal =
    notice.significance !== null && notice.significance > 0
      ? `, ${notice.significance.toFixed(1)} sigma`
      : "";
  const magnitude = notice.magnitude === null ? "" : `, magnitude ${notice.magnitude.toFixed(1)}`;
  return `${notice.sourceName ?? "a new source"}: position within ${angle(errorDeg)} (90 %, ${notice.stream})${signal}${magnitude}`;
}
