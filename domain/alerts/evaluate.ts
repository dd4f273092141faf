import type { Strategy } from "../strategies/strategy.ts";
import type { AlertState, AlertStatus, Member, PlanStep } from "./alert-state.ts";
import { judgeTrigger, standingOrder } from "./judge-trigger.ts";
import type { TriggerVerdict, Veto } from "./judge-trigger.ts";
import { inNoticeOrder, noticeTime, placeOf, triggersOf } from "./trigger.ts";
import type { Place, Trigger } from "./trigger.ts";
import { streamNamed } from "./streams.ts";

/** The part of an alert that follows from its members and the strategy alone. */
export type Evaluation = Omit<AlertState, "alertKey" | "members" | "pointing" | "generation" | "openedMs"> & {
  /** The position may be pointed at (active, of a rule that slews, good enough). */
  readonly pointable: boolean;
  /** Refused because of its T0 in the future: no alert at all. */
  readonly refused: boolean;
};

/**
 * What the members of an alert amount to: state, T0, position, reason, plan. A pure function of the set: order of
 * arrival and repetition do not matter.
 */
export function evaluate(unordered: readonly Member[], strategy: Strategy): Evaluation {
  const members = inNoticeOrder(unordered);
  const triggers = triggersOf(members);
  const verdicts = triggers.map((trigger) => judgeTrigger(trigger, strategy));
  const living = verdicts.filter(
    (verdict) =>
      verdict.veto === null && verdict.lostLock === null && vetoFromOutside(verdict, verdicts) === null,
  );
  const lead = best(living) ?? best(verdicts);
  if (lead === null) throw new Error("an alert has at least one member");
  const { state, reason } = stateOf(verdicts, living, lead);
  const located = positionOf(living, verdicts);
  const t0Ms = t0Of(living.length > 0 ? living : verdicts);
  const rule = lead.rule;
  const plan: readonly PlanStep[] = rule?.observation.plan ?? [];
  return {
    triggers: triggers.map(({ facts }) => facts),
    state,
    reason,
    t0Ms,
    raDeg: located?.raDeg ?? null,
    decDeg: located?.decDeg ?? null,
    errorDeg: located?.errorDeg ?? null,
    positionFrom: located?.ivorn ?? null,
    classification: classificationOf(verdicts),
    sourceName: members.find(({ notice }) => notice.sourceName !== null)?.notice.sourceName ?? null,
    rule: rule?.name ?? "none",
    rank: rule?.rank ?? 10,
    plan,
    tiling: rule?.observation.tiling ?? null,
    followUps:
      t0Ms === null
        ? []
        : (rule?.observation.followUps ?? []).map(({ afterS, plan: later }) => ({
            atMs: t0Ms + afterS * 1_000,
            plan: later,
          })),
    validUntilMs: t0Ms === null || rule === null ? null : t0Ms + rule.validS * 1_000,
    askHuman:
      state === "active" ? lead.askHuman : state === "held" && verdicts.some((verdict) => verdict.askHuman),
    simulated: members.some(({ notice }) => notice.simulated),
    pointable: state === "active" && lead.standing === "slew" && located !== null && plan.length > 0,
    refused: lead.standing === "future",
  };
}

function best(verdicts: readonly TriggerVerdict[]): TriggerVerdict | null {
  let found: TriggerVerdict | null = null;
  for (const verdict of verdicts) {
    if (found === null) found = verdict;
    const by = standingOrder(verdict.standing) - standingOrder(found.standing);
    const rank = (verdict.rule?.rank ?? 10) - (found.rule?.rank ?? 10);
    if (by < 0 || (by === 0 && rank < 0)) found = verdict;
  }
  return found;
}

function stateOf(
  verdicts: readonly TriggerVerdict[],
  living: readonly TriggerVerdict[],
  lead: TriggerVerdict,
): { state: AlertStatus; reason: string } {
  const alive = living.length > 0 ? lead.standing : null;
  if (alive === "slew" || alive === "open") return { state: "active", reason: lead.reason };
  const vetoed = verdicts.find((verdict) => verdict.veto !== null && verdict.wasBurst);
  if (vetoed?.veto) return { state: "cancelled", reason: takenBack(vetoed.trigger, vetoed.veto) };
  for (const verdict of verdicts) {
    const outside = vetoFromOutside(verdict, verdicts);
    if (outside !== null && wasBelieved(verdict, outside))
      return { state: "cancelled", reason: takenBack(verdict.trigger, outside) };
  }
  const turned = verdicts.find(
    (verdict) =>
      verdict.veto === null && verdict.wasBurst && verdict.standing === "hold" && verdict.lostLock === null,
  );
  if (turned !== undefined) return { state: "cancelled", reason: `no longer a burst: ${turned.reason}` };
  const blind = verdicts.find((verdict) => verdict.lostLock !== null && verdict.veto === null);
  if (blind !== undefined) {
    return {
      state: "held",
      reason: `the spacecraft had lost star lock (${blind.lostLock ?? ""}): the position cannot be believed; ${blind.askHuman ? "XRT sees a source there: a person may decide" : "waiting for a second instrument"}`,
    };
  }
  if (alive === "hold") return { state: "held", reason: lead.reason };
  const known = verdicts.find((verdict) => verdict.veto !== null);
  if (known?.veto)
    return {
      state: "ignored",
      reason: `not a burst: ${known.veto.because} (${known.veto.member.notice.stream})`,
    };
  return { state: "ignored", reason: lead.reason };
}

function takenBack(trigger: Trigger, { because, member }: Veto): string {
  return `${trigger.facts.key} was taken back: ${because} (${member.notice.stream})`;
}

/**
 * What another trigger of the event says against this one. A retraction or mark that cites it, by the same mission,
 * counts for it. A trigger known to degrees only cannot tell its source: when a precise trigger of the same event is a
 * known source, so is the wide one. A trigger with a good position of its own otherwise stands for itself (BAT puts a
 * burst into its catalogue and calls it known 400 s later).
 */
function vetoFromOutside(verdict: TriggerVerdict, verdicts: readonly TriggerVerdict[]): Veto | null {
  const { facts } = verdict.trigger;
  for (const { trigger: other, veto } of verdicts) {
    if (veto === null || other === verdict.trigger) continue;
    const cited = veto.member.notice.citations.some(({ ivorn }) => facts.ivorns.includes(ivorn));
    if (cited && other.facts.mission === facts.mission) return veto;
    if (!isPrecise(verdict.trigger) && isPrecise(other)) return veto;
  }
  return null;
}

/** Whether the trigger had been observed, or waited for, before the notice that speaks against it was written. */
function wasBelieved({ trigger, standing }: TriggerVerdict, veto: Veto): boolean {
  const limit = veto.kind === "retracted" ? "hold" : "open";
  const [first] = trigger.members;
  return (
    standingOrder(standing) <= standingOrder(limit) &&
    first !== undefined &&
    noticeTime(first) < noticeTime(veto.member)
  );
}

function isPrecise(trigger: Trigger): boolean {
  return trigger.facts.best !== null && trigger.facts.best.totalErrorDeg <= 1;
}

/** The best position among the triggers that count; of a dead or blind alert the best there is, to show. */
function positionOf(living: readonly TriggerVerdict[], verdicts: readonly TriggerVerdict[]): Place | null {
  const pool = living.some((verdict) => verdict.trigger.facts.best !== null) ? living : verdicts;
  let found: Place | null = null;
  for (const { trigger } of pool) {
    if (
      trigger.facts.best !== null &&
      (found === null || trigger.facts.best.totalErrorDeg < found.totalErrorDeg)
    )
      found = trigger.facts.best;
  }
  if (found !== null) return found;
  return shownPosition(pool);
}

/** Without any position to be believed, the smallest quoted circle, for people to see. */
function shownPosition(pool: readonly TriggerVerdict[]): Place | null {
  let found: Place | null = null;
  for (const { trigger } of pool) {
    for (const { notice } of trigger.members) {
      const place = notice.errorDeg === null ? null : placeOf(notice);
      if (place !== null && (found === null || place.totalErrorDeg < found.totalErrorDeg)) found = place;
    }
  }
  return found;
}

/** T0 of the event: of the notice types that know it best, the earliest. */
function t0Of(verdicts: readonly TriggerVerdict[]): number | null {
  let found: { grade: number; t0Ms: number } | null = null;
  for (const { trigger } of verdicts) {
    if (trigger.facts.t0Ms === null) continue;
    const grade = Math.max(...trigger.members.map(({ notice }) => streamNamed(notice.stream).t0Grade));
    if (found === null || grade > found.grade || (grade === found.grade && trigger.facts.t0Ms < found.t0Ms))
      found = { grade, t0Ms: trigger.facts.t0Ms };
  }
  return found?.t0Ms ?? null;
}

function classificationOf(verdicts: readonly TriggerVerdict[]): string | null {
  for (const { trigger } of verdicts) {
    const last = trigger.members.filter(({ notice }) => notice.classification !== null).at(-1);
    if (last !== undefined) return last.notice.classification;
  }
  const identified = verdicts.some(
    ({ trigger, veto }) =>
      veto === null && trigger.members.some(({ notice }) => notice.flags.includes("GRB_Identified")),
  );
  return identified ? "GRB" : null;
}
