import { separationDeg } from "../units.ts";
import type { Member } from "./alert-state.ts";
import { oneSigmaDeg, totalError90Deg } from "./error-radius.ts";
import type { Notice } from "./notice.ts";
import { streamNamed } from "./streams.ts";

/** What follows from the notices of one mission's trigger, whatever order they came in. Plain JSON: kept in the alert. */
export interface TriggerFacts {
  /** e.g. `swift:1016881`. */
  readonly key: string;
  readonly mission: string;
  readonly instrument: string;
  readonly t0Ms: number | null;
  /** Only times of exposures are known (XRT, UVOT): the burst was up to some minutes earlier. */
  readonly t0IsExposure: boolean;
  /** The position that counts; null when the trigger has none to be believed. */
  readonly best: Place | null;
  /** Other positions of the trigger that its best one contradicts: it is then open which is right. */
  readonly alternatives: readonly Place[];
  /** Gives a time only (Konus, SPI-ACS ...): never opens an alert alone. */
  readonly timeOnly: boolean;
  /** Nothing but light curves, slews and the like: found by its trigger id alone. */
  readonly companionOnly: boolean;
  /** Made by the alert simulator: never one event with a real one. */
  readonly simulated: boolean;
  /** ivorns of its notices. */
  readonly ivorns: readonly string[];
  /** ivorns they cite. */
  readonly cites: readonly string[];
  /** Triggers it names itself. */
  readonly references: readonly string[];
}

/** A trigger with its notices. */
export interface Trigger {
  readonly facts: TriggerFacts;
  readonly members: readonly Member[];
  /** The member whose position is `facts.best`. */
  readonly bestMember: Member | null;
}

/** A position that can be compared with others. */
export interface Place {
  readonly ivorn: string;
  readonly raDeg: number;
  readonly decDeg: number;
  /** 90 % as quoted. */
  readonly errorDeg: number;
  /** 90 % with the systematic error. */
  readonly totalErrorDeg: number;
  /** 68 % with the systematic error. */
  readonly sigmaDeg: number;
}

/** Assumed for a position without an error, deg (90 %): of an imaging instrument, and of a monitor. */
const UNQUOTED_ERROR_DEG = 0.1;
const UNQUOTED_WIDE_ERROR_DEG = 5;

/** Groups members by their own trigger key, in a fixed order. */
export function triggersOf(members: readonly Member[]): Trigger[] {
  const byKey = new Map<string, Member[]>();
  for (const member of members) {
    const key = member.notice.triggerKeys[0] ?? member.notice.ivorn;
    const group = byKey.get(key);
    if (group === undefined) byKey.set(key, [member]);
    else group.push(member);
  }
  return [...byKey.keys()].sort().map((key) => triggerOf(key, byKey.get(key) ?? []));
}

/** One trigger from its members. */
export function triggerOf(key: string, unordered: readonly Member[]): Trigger {
  const members = inNoticeOrder(unordered);
  const first = members[0]?.notice;
  const bestMember = bestPosition(members);
  const best = bestMember === null ? null : placeOf(bestMember.notice);
  const t0 = bestT0(members);
  const kinds = new Set(members.map(({ notice }) => notice.kind));
  const says = kinds.has("position") || kinds.has("trigger") || best !== null;
  const facts: TriggerFacts = {
    key,
    mission: first?.mission ?? "unknown",
    instrument: first?.instrument ?? "unknown",
    t0Ms: t0?.t0Ms ?? null,
    t0IsExposure: t0?.grade === 0,
    best,
    alternatives: best === null || bestMember === null ? [] : alternativesTo(best, bestMember, members),
    timeOnly: !says && kinds.has("timing"),
    companionOnly: !says && !kinds.has("timing"),
    simulated: first?.simulated ?? false,
    ivorns: [...new Set(members.map(({ notice }) => notice.ivorn))],
    cites: [...new Set(members.flatMap(({ notice }) => notice.citations.map(({ ivorn }) => ivorn)))],
    references: [...new Set(members.flatMap(({ notice }) => notice.triggerKeys.slice(1)))].sort(),
  };
  return { facts, members, bestMember };
}

/** Order of notice times, then of content: the same whatever order they arrived in. */
export function byNoticeTime(a: Member, b: Member): number {
  return (
    noticeTime(a) - noticeTime(b) ||
    compareText(a.notice.ivorn, b.notice.ivorn) ||
    compareText(a.notice.digest, b.notice.digest)
  );
}

/** The members in the order of `byNoticeTime`; those of an alert already are. */
export function inNoticeOrder(members: readonly Member[]): readonly Member[] {
  const sorted = members.every((member, i) => {
    const former = members[i - 1];
    return former === undefined || byNoticeTime(former, member) <= 0;
  });
  return sorted ? members : [...members].sort(byNoticeTime);
}

/** When a notice was written; when it does not say, the time of the event. */
export function noticeTime({ notice }: Member): number {
  return notice.noticeMs ?? notice.t0Ms ?? 0;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** T0 of the notice type that knows it best; XRT and UVOT notices carry exposure times. */
function bestT0(members: readonly Member[]): { readonly grade: number; readonly t0Ms: number } | null {
  let best: { grade: number; t0Ms: number } | null = null;
  for (const { notice } of members) {
    if (notice.t0Ms === null) continue;
    const grade = streamNamed(notice.stream).t0Grade;
    if (best === null || grade > best.grade || (grade === best.grade && notice.t0Ms < best.t0Ms))
      best = { grade, t0Ms: notice.t0Ms };
  }
  return best;
}

/**
 * The position to believe: of the best grade, and of that the newest. Nothing of a trigger that lost star lock, no
 * class that means an unreliable location.
 */
function bestPosition(members: readonly Member[]): Member | null {
  if (members.some(({ notice }) => notice.marks.some((mark) => mark.kind === "lost-lock"))) return null;
  let best: Member | null = null;
  for (const member of members) {
    const { notice } = member;
    if (notice.raDeg === null || notice.positionGrade === 0 || isUnreliable(notice)) continue;
    if (best === null || notice.positionGrade >= best.notice.positionGrade) best = member;
  }
  return best;
}

/**
 * Positions of the same trigger and grade that exclude the best one (more than 3 sigma and 25 deg away). A later notice is not
 * always better: GECAM placed GRB 231110 in the far south on the ground after it had it right on board.
 */
function alternativesTo(best: Place, bestMember: Member, members: readonly Member[]): Place[] {
  const found: Place[] = [];
  for (const member of members) {
    const { notice } = member;
    if (member === bestMember || notice.positionGrade < bestMember.notice.positionGrade) continue;
    const other = isUnreliable(notice) ? null : placeOf(notice);
    if (other === null) continue;
    const sepDeg = separationDeg(best.raDeg, best.decDeg, other.raDeg, other.decDeg);
    if (sepDeg > 25 && sepDeg > 3 * Math.hypot(best.sigmaDeg, other.sigmaDeg)) found.push(other);
  }
  return found;
}

function isUnreliable(notice: Notice): boolean {
  return (
    notice.classification === "unreliable location" ||
    notice.classification === "UNRELIABLE_LOCATION" ||
    notice.classification === "error"
  );
}

/** The position of a notice with its errors, or null when it has none. */
export function placeOf(notice: Notice): Place | null {
  const { ivorn, raDeg, decDeg, errorDeg, systematicDeg } = notice;
  if (raDeg === null || decDeg === null) return null;
  const quoted = errorDeg ?? (systematicDeg > 0 ? UNQUOTED_WIDE_ERROR_DEG : UNQUOTED_ERROR_DEG);
  const totalErrorDeg = totalError90Deg(quoted, systematicDeg);
  return { ivorn, raDeg, decDeg, errorDeg: quoted, totalErrorDeg, sigmaDeg: oneSigmaDeg(totalErrorDeg) };
}
