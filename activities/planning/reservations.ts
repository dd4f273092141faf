import type { Database } from "../../db/orm.ts";
import { reservationS } from "../../domain/quota/ledger.ts";
import type { Schedule } from "../../scheduler/index.ts";
import type { Candidate } from "./problem.ts";

/** An attempt that has reserved and is not settled. */
export type OpenAttempt = Awaited<ReturnType<Database["quota"]["openAttempts"]>>[number];

/** What each programme may still spend on the candidates: what is free, and what these have reserved before. */
export function quotaLeft(
  candidates: readonly Candidate[],
  openAttempts: readonly OpenAttempt[],
  balances: Awaited<ReturnType<Database["quota"]["balances"]>>,
): Map<string, number> {
  const open = new Map(
    openAttempts.map((attempt) => [`${attempt.sequenceId}/${attempt.attempt}`, attempt.reservedS]),
  );
  const left = new Map<string, number>();
  for (const { sequence } of candidates) {
    const { programmeId } = sequence.request;
    const before = left.get(programmeId) ?? balances.get(programmeId)?.availableS ?? 0;
    left.set(programmeId, before + (open.get(`${sequence.id}/${sequence.attempt + 1}`) ?? 0));
  }
  return left;
}

/** The quota side of a planning: what is reserved for it, what is given back. */
export function createReservations({
  quota,
  wallMs,
}: {
  readonly quota: Database["quota"];
  readonly wallMs: () => number;
}) {
  /** A sequence that had reserved and is planned no longer gets its time back; its next attempt reserves anew. */
  async function drop(
    candidates: readonly Candidate[],
    plan: Schedule,
    openAttempts: readonly OpenAttempt[],
    atMs: number,
  ): Promise<void> {
    const planned = new Set(plan.rows.map((row) => row.sequenceId));
    const byId = new Map(candidates.map(({ sequence }) => [sequence.id, sequence]));
    for (const open of openAttempts) {
      const sequence = byId.get(open.sequenceId);
      if (sequence === undefined || planned.has(open.sequenceId)) continue;
      await quota.settle({
        sequenceId: open.sequenceId,
        attempt: open.attempt,
        atMs,
        atWallMs: wallMs(),
        outcome: "cancelled",
        storedExposureS: 0,
        note: "dropped from the schedule",
      });
    }
  }

  /** @returns the sequences whose programme had not enough left after all. */
  async function reserve(
    candidates: readonly Candidate[],
    plan: Schedule,
    openAttempts: readonly OpenAttempt[],
    atMs: number,
  ): Promise<Set<string>> {
    const before = new Set(openAttempts.map(({ sequenceId, attempt }) => `${sequenceId}/${attempt}`));
    const byId = new Map(candidates.map((candidate) => [candidate.sequence.id, candidate]));
    const short = new Set<string>();
    for (const row of plan.rows) {
      const candidate = byId.get(row.sequenceId);
      if (candidate === undefined) continue;
      const { sequence, time } = candidate;
      if (before.has(`${sequence.id}/${sequence.attempt + 1}`)) continue;
      const { reserved } = await quota.reserve({
        sequenceId: sequence.id,
        attempt: sequence.attempt + 1,
        programmeId: sequence.request.programmeId,
        seconds: reservationS(sequence.overheadS, time.durationS),
        atMs,
        atWallMs: wallMs(),
      });
      if (!reserved) short.add(sequence.id);
    }
    return short;
  }

  return { drop, reserve };
}
