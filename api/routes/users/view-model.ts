import type { MembershipVoteRecord } from "../../../db/entities/membership-vote.ts";
import type { UserRecord } from "../../../db/entities/user.ts";
import type { Application } from "../../../db/repositories/applications.ts";
import { ACCOUNT_STATES, type AccountState } from "../../../domain/people/account.ts";
import { PROFILES_OF_PEOPLE } from "../../../domain/permissions/profiles.ts";
import type { Mark } from "../../situation/tone.ts";
import { capital, count } from "../../words/numbers.ts";
import { dateTime, fromNow } from "../../words/time.ts";
import { options, type Pager } from "../lists.ts";

const STATE_MARKS: Readonly<Record<AccountState, Mark>> = {
  unconfirmed: { tone: "quiet", word: "mail address not confirmed" },
  pending: { tone: "warning", word: "waits for a decision" },
  active: { tone: "ok", word: "active" },
  refused: { tone: "quiet", word: "refused" },
  disabled: { tone: "warning", word: "disabled" },
  deleted: { tone: "quiet", word: "deleted" },
};

export function stateMark(state: AccountState): Mark {
  return STATE_MARKS[state];
}

export function userHref(userId: string): string {
  return `/users/${encodeURIComponent(userId)}`;
}

export interface UserFilters {
  readonly text: string;
  readonly profile: string;
  readonly state: string;
}

export function usersModel(
  users: readonly UserRecord[],
  filters: UserFilters,
  lines: Pager,
  waiting: number,
  nowWallMs: number,
) {
  return {
    title: "Users",
    sentence:
      waiting === 0
        ? `Nobody waits for a decision. ${capital(lines.words)}.`
        : `${count(waiting, "person", "people")} ${waiting === 1 ? "waits" : "wait"} for a decision. ${capital(lines.words)}.`,
    waiting,
    filters,
    profiles: options(PROFILES_OF_PEOPLE, filters.profile),
    states: options(ACCOUNT_STATES, filters.state),
    filtered: filters.text !== "" || filters.profile !== "" || filters.state !== "",
    pager: lines,
    rows: users.map((user) => ({
      href: userHref(user.id),
      id: user.id,
      name: user.name,
      mail: user.mail,
      profile: user.profile,
      mark: stateMark(user.state),
      seen: user.lastLoginWallMs === null ? "never" : fromNow(user.lastLoginWallMs, nowWallMs),
      created: dateTime(user.createdWallMs),
    })),
  };
}

/** One application as a card: who, why, since when, who decides, the votes. */
export function applicationCard(
  entry: Application,
  namesById: ReadonlyMap<string, string>,
  voterId: string | null,
  nowWallMs: number,
) {
  const { application, user, votes } = entry;
  const own = votes.find((vote) => vote.voterId === voterId);
  const byCommission = application.mode === "commission";
  return {
    id: user.id,
    href: userHref(user.id),
    name: user.name,
    mail: user.mail,
    motive: application.motive,
    asked: `${fromNow(application.askedWallMs, nowWallMs)}, ${dateTime(application.askedWallMs)} UTC`,
    decides: byCommission
      ? `The commission votes until ${dateTime(application.deadlineWallMs)} UTC (${fromNow(application.deadlineWallMs, nowWallMs)}).`
      : "An administrator decides.",
    byCommission,
    votes: votes.map((vote) => voteLine(vote, namesById)),
    votesWords: votes.length === 0 ? "Nobody has voted yet." : "",
    ownVote: own === undefined ? "" : `You voted ${own.accept ? "for" : "against"}; you may change it.`,
    open: application.outcome === null && user.state === "pending",
  };
}

function voteLine(vote: MembershipVoteRecord, namesById: ReadonlyMap<string, string>) {
  const who = namesById.get(vote.voterId) ?? vote.voterId;
  const why = vote.reason === "" ? "" : `: ${vote.reason}`;
  return { words: `${who} is ${vote.accept ? "for" : "against"}${why}`, at: dateTime(vote.atWallMs) };
}
