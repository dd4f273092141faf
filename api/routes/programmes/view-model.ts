import type { ProgrammeRecord } from "../../../db/entities/programme.ts";
import type { ProgrammeMember } from "../../../db/repositories/programmes.ts";
import type { LedgerLine } from "../../../db/repositories/quota.ts";
import { effectMs, type QuotaBalance } from "../../../domain/quota/ledger.ts";
import type { PageModel } from "../../pages/pages.ts";
import { capital, count, number, quantity } from "../../words/numbers.ts";
import { dateTime } from "../../words/time.ts";
import type { Pager } from "../lists.ts";

export const NO_TIME: QuotaBalance = { grantedS: 0, openS: 0, spentS: 0, availableS: 0 };

export function programmeHref(id: string): string {
  return `/programmes/${encodeURIComponent(id)}`;
}

export function hours(seconds: number): string {
  return quantity(seconds / 3_600, "h", 2);
}

export function balanceWords(balance: QuotaBalance): string {
  return `${hours(balance.spentS)} of ${hours(balance.grantedS)} used, ${hours(balance.openS)} held, ${hours(balance.availableS)} left`;
}

export function programmesModel(
  programmes: readonly ProgrammeRecord[],
  balances: ReadonlyMap<string, QuotaBalance>,
  own: ReadonlySet<string>,
  filters: { readonly text: string; readonly mine: string },
  lines: Pager,
  mayEdit: boolean,
): PageModel {
  return {
    title: "Programmes",
    sentence: `What observing time is granted to. ${capital(lines.words)}.`,
    filters: { text: filters.text, mine: filters.mine === "1" },
    filtered: filters.text !== "" || filters.mine === "1",
    pager: lines,
    mayEdit,
    rows: programmes.map((programme) => {
      const balance = balances.get(programme.id) ?? NO_TIME;
      return {
        id: programme.id,
        href: programmeHref(programme.id),
        name: programme.name,
        kind: programme.kind,
        priority: programme.priority,
        own: own.has(programme.id),
        quota: balanceWords(balance),
        mark: programme.active ? { tone: "ok", word: "active" } : { tone: "quiet", word: "closed" },
      };
    }),
  };
}

export function programmeModel(facts: {
  readonly programme: ProgrammeRecord;
  readonly members: readonly ProgrammeMember[];
  readonly balance: QuotaBalance;
  readonly lines: readonly LedgerLine[];
  readonly pager: Pager;
  readonly requests: number;
  readonly mayEdit: boolean;
}): PageModel {
  const { programme, balance, members, lines, mayEdit } = facts;
  return {
    title: programme.name,
    sentence: `${balanceWords(balance)}.`,
    programme: {
      id: programme.id,
      kind: programme.kind,
      priority: programme.priority,
      description: programme.description,
      active: programme.active ? "active" : "closed: nothing new can be submitted",
      requests: count(facts.requests, "request"),
      requestsHref: `/requests?text=${encodeURIComponent(programme.id)}`,
    },
    href: programmeHref(programme.id),
    chartWords: `Time of ${programme.id}: ${balanceWords(balance)}.`,
    members: members.map((member) => ({
      ...member,
      roleWords: member.role === "pi" ? "head" : "member",
      submits: maySubmit(programme, member) ? "may submit" : whyNot(programme, member),
    })),
    submitWords:
      programme.kind === "alert"
        ? "Nobody submits: alerts ask for this programme's time, and may overdraw it."
        : programme.active
          ? "Its active members may submit, besides experts, operators and administrators."
          : "Nobody may submit: the programme is closed.",
    lines: lines.map(ledgerLine),
    sum: { left: hours(balance.availableS), leftS: number(balance.availableS, 3) },
    pager: facts.pager,
    mayEdit,
  };
}

/** Whether a member may ask for time: the rule of `ofUser` in db/repositories/programmes.ts. */
export function maySubmit(programme: ProgrammeRecord, member: ProgrammeMember): boolean {
  return programme.active && programme.kind === "routine" && member.state === "active";
}

function whyNot(programme: ProgrammeRecord, member: ProgrammeMember): string {
  if (member.state !== "active") return `may not submit: the account is ${member.state}`;
  return programme.kind === "alert" ? "does not submit" : "may not submit: the programme is closed";
}

function ledgerLine(line: LedgerLine) {
  const effectS = effectMs(line) / 1_000;
  return {
    id: line.id,
    at: dateTime(line.atMs),
    kind: line.kind,
    seconds: number(line.seconds, 3),
    effect: `${effectS > 0 ? "+" : ""}${number(effectS, 3)}`,
    left: number(line.leftAfterS, 3),
    what:
      line.grantName === null ? `${line.sequenceId ?? ""}, attempt ${line.attempt ?? ""}` : line.grantName,
    href:
      line.sequenceId === null
        ? ""
        : `/requests/${encodeURIComponent(line.sequenceId.replace(/-[^-]+$/, ""))}#${encodeURIComponent(line.sequenceId)}`,
    note: line.note,
  };
}
