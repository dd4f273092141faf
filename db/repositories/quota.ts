import { type EntityManager, LockMode, type MikroORM } from "@mikro-orm/postgresql";
import {
  type AttemptOutcome,
  mayReserve,
  type QuotaBalance,
  settle,
  type Settlement,
} from "../../domain/quota/ledger.ts";
import { countEntities } from "../count.ts";
import { Programme } from "../entities/programme.ts";
import { QuotaBalanceRow } from "../entities/quota-balance.ts";
import { QuotaEntry, type QuotaEntryRecord } from "../entities/quota-entry.ts";
import { findPage, findRecords } from "../find-records.ts";
import { type Page, pageBounds, type PageQuery } from "../page.ts";
import { recordOf } from "../record.ts";

/** One attempt at one sequence, and when. */
export interface Attempt {
  readonly sequenceId: string;
  /** 1 for the first. */
  readonly attempt: number;
  readonly atMs: number;
  readonly atWallMs: number;
}

export type QuotaRepository = ReturnType<typeof createQuotaRepository>;

/** The ledger. Every call may run twice: one attempt reserves once and is settled once, by whichever comes first. */
export function createQuotaRepository(orm: MikroORM) {
  /** Grants time to a programme under a name; the same name again changes nothing. */
  const grant = async (grant: {
    readonly programmeId: string;
    readonly grantName: string;
    readonly seconds: number;
    readonly atMs: number;
    readonly atWallMs: number;
    readonly note: string;
  }): Promise<void> => {
    await insertOnce(orm.em.fork(), { ...grant, sequenceId: null, attempt: null, kind: "granted" });
  };

  const balance = async (programmeId: string): Promise<QuotaBalance> => balanceIn(orm.em.fork(), programmeId);

  /** Balances of all programmes, by id. */
  const balances = async (): Promise<ReadonlyMap<string, QuotaBalance>> => {
    const rows = await findRecords(orm.em.fork(), QuotaBalanceRow, {});
    return new Map(rows.map(({ programmeId, ...row }) => [programmeId, balanceOf(row)]));
  };

  /**
   * Reserves `seconds` for an attempt. Refused when the programme has not enough left (alert programmes may overdraw).
   * An attempt that has reserved keeps what it reserved first.
   */
  const reserve = async (
    attempt: Attempt & { readonly programmeId: string; readonly seconds: number },
  ): Promise<{ reserved: boolean; reservedS: number; availableS: number }> =>
    orm.em.fork().transactional(async (em) => {
      // Two reservations of one programme at once could both fit alone and not together.
      const programme = await em.findOneOrFail(
        Programme,
        { id: attempt.programmeId },
        { lockMode: LockMode.PESSIMISTIC_WRITE },
      );
      const before = await lineOf(em, attempt, "reserved");
      const balance = await balanceIn(em, attempt.programmeId);
      if (before !== null)
        return { reserved: true, reservedS: before.seconds, availableS: balance.availableS };
      if (!mayReserve(balance, attempt.seconds, programme.kind)) {
        return { reserved: false, reservedS: 0, availableS: balance.availableS };
      }
      await insertOnce(em, {
        programmeId: attempt.programmeId,
        sequenceId: attempt.sequenceId,
        attempt: attempt.attempt,
        kind: "reserved",
        seconds: attempt.seconds,
        grantName: null,
        atMs: attempt.atMs,
        atWallMs: attempt.atWallMs,
        note: "scheduled",
      });
      const after = await balanceIn(em, attempt.programmeId);
      return { reserved: true, reservedS: attempt.seconds, availableS: after.availableS };
    });

  /**
   * Settles an attempt: see domain/quota/ledger.ts. `storedExposureS` is the exposure time of the frames stored in this
   * attempt. Null when the attempt reserved nothing. Settled before: what was settled then, unchanged.
   */
  const settleAttempt = async (
    attempt: Attempt & {
      readonly outcome: AttemptOutcome;
      readonly storedExposureS: number;
      readonly note: string;
    },
  ): Promise<Settlement | null> =>
    orm.em.fork().transactional(async (em) => {
      const { sequenceId } = attempt;
      await em.execute("select pg_advisory_xact_lock(hashtextextended(?, 0))", [
        `quota ${sequenceId}/${attempt.attempt}`,
      ]);
      const reserved = await lineOf(em, attempt, "reserved");
      if (reserved === null) return null;
      const spent = await lineOf(em, attempt, "spent");
      if (spent !== null) {
        const returned = await lineOf(em, attempt, "returned");
        return { spentS: spent.seconds, returnedS: returned?.seconds ?? 0 };
      }
      const settlement = settle(attempt.outcome, reserved.seconds, attempt.storedExposureS);
      const line = {
        programmeId: reserved.programmeId,
        sequenceId,
        attempt: attempt.attempt,
        grantName: null,
        atMs: attempt.atMs,
        atWallMs: attempt.atWallMs,
        note: attempt.note,
      };
      await insertOnce(em, { ...line, kind: "spent", seconds: settlement.spentS });
      await insertOnce(em, { ...line, kind: "returned", seconds: settlement.returnedS });
      // The number of a settled attempt is used up: what is left reserves under the next.
      await em.execute("update sequence set attempt = greatest(attempt, ?) where id = ?", [
        attempt.attempt,
        sequenceId,
      ]);
      return settlement;
    });

  /** Attempts that have reserved and are not settled: what a night that ended wrongly left open. */
  const openAttempts = async (): Promise<{ sequenceId: string; attempt: number; reservedS: number }[]> => {
    const rows = await orm.em.fork().execute<{ sequence_id: string; attempt: number; seconds: string }[]>(
      `select r.sequence_id, r.attempt, r.seconds from quota_entry r
       where r.kind = 'reserved' and not exists (
         select 1 from quota_entry s
         where s.sequence_id = r.sequence_id and s.attempt = r.attempt and s.kind = 'spent')
       order by r.id`,
    );
    return rows.map((row) => ({
      sequenceId: row.sequence_id,
      attempt: row.attempt,
      reservedS: Number(row.seconds),
    }));
  };

  /** Lines of the ledger, newest first. */
  const list = async (
    query: PageQuery & {
      readonly programmeId?: string;
      readonly sequenceId?: string;
    } = {},
  ): Promise<Page<QuotaEntryRecord>> => {
    return findPage(
      orm.em.fork(),
      QuotaEntry,
      {
        ...(query.programmeId === undefined ? {} : { programmeId: query.programmeId }),
        ...(query.sequenceId === undefined ? {} : { sequenceId: query.sequenceId }),
      },
      query,
      { id: "desc" },
    );
  };

  /** The newest lines of these sequences. */
  const ofSequences = async (sequenceIds: readonly string[], limit: number): Promise<QuotaEntryRecord[]> =>
    sequenceIds.length === 0
      ? []
      : findRecords(
          orm.em.fork(),
          QuotaEntry,
          { sequenceId: { $in: [...sequenceIds] } },
          { orderBy: { id: "desc" }, limit },
        );

  /** Lines of one programme with the time that was left after each, newest first. */
  const history = async (programmeId: string, query: PageQuery): Promise<Page<LedgerLine>> => {
    const em = orm.em.fork();
    const { limit, offset } = pageBounds(query);
    const rows = await em.execute<LedgerRow[]>(
      // From what is left now backwards, so that a page near the end reads no more than itself.
      `select id, sequence_id, attempt, kind, seconds, grant_name, at, wall_at, note,
              (select available_s from quota_balance b where b.programme_id = e.programme_id)
              - coalesce(sum(${EFFECT}) over (order by id desc rows between unbounded preceding and 1 preceding), 0) as left_after
       from quota_entry e where programme_id = ? order by id desc limit ? offset ?`,
      [programmeId, limit, offset],
    );
    return {
      items: rows.map((row) => ({
        id: Number(row.id),
        sequenceId: row.sequence_id,
        attempt: row.attempt,
        kind: row.kind,
        seconds: Number(row.seconds),
        grantName: row.grant_name,
        atMs: new Date(row.at).getTime(),
        note: row.note,
        leftAfterS: Number(row.left_after),
      })),
      ...(await countEntities(em, QuotaEntry, { programmeId })),
    };
  };

  /**
   * The balance over time for a plot, oldest first: the state at the end of each of at most `steps` stretches that hold
   * as many lines each.
   */
  const curve = async (programmeId: string, steps: number): Promise<QuotaStep[]> => {
    const rows = await orm.em.fork().execute<StepRow[]>(
      `with lines as (
         select id, at, sum(${EFFECT}) over w as available, sum(case kind when 'granted' then seconds else 0 end) over w as granted,
                sum(case kind when 'spent' then seconds else 0 end) over w as spent,
                row_number() over w as n, count(*) over () as total
         from quota_entry where programme_id = ? window w as (order by id)
       )
       select distinct on (ceil(n::numeric * ? / total)) at, available, granted, spent
       from lines order by ceil(n::numeric * ? / total), n desc`,
      [programmeId, steps, steps],
    );
    return rows.map((row) => ({
      atMs: new Date(row.at).getTime(),
      availableS: Number(row.available),
      grantedS: Number(row.granted),
      spentS: Number(row.spent),
    }));
  };

  return {
    history,
    curve,
    grant,
    balance,
    balances,
    reserve,
    settle: settleAttempt,
    openAttempts,
    list,
    ofSequences,
  };
}

/** One line of the ledger, and what was left after it. */
export interface LedgerLine extends Omit<QuotaEntryRecord, "programmeId" | "atWallMs"> {
  readonly leftAfterS: number;
}

/** The balance after some line. */
export interface QuotaStep {
  readonly atMs: number;
  readonly availableS: number;
  readonly grantedS: number;
  readonly spentS: number;
}

/** What a line does to the time that can still be reserved: see effectMs of domain/quota/ledger.ts. */
const EFFECT =
  "case kind when 'granted' then seconds when 'returned' then seconds when 'reserved' then -seconds else 0 end";

interface LedgerRow {
  readonly id: string;
  readonly sequence_id: string | null;
  readonly attempt: number | null;
  readonly kind: QuotaEntryRecord["kind"];
  readonly seconds: string;
  readonly grant_name: string | null;
  readonly at: string;
  readonly note: string;
  readonly left_after: string;
}

interface StepRow {
  readonly at: string;
  readonly available: string;
  readonly granted: string;
  readonly spent: string;
}

type NewLine = Omit<QuotaEntryRecord, "id">;

async function insertOnce(em: EntityManager, line: NewLine): Promise<void> {
  await em
    .createQueryBuilder(QuotaEntry)
    .insert({ ...line })
    .onConflict()
    .ignore()
    .execute();
}

async function lineOf(
  em: EntityManager,
  attempt: Attempt,
  kind: QuotaEntryRecord["kind"],
): Promise<QuotaEntryRecord | null> {
  // Not managed: the unit of work must never write back to a ledger that is only added to.
  const row = await em.findOne(
    QuotaEntry,
    { sequenceId: attempt.sequenceId, attempt: attempt.attempt, kind },
    { disableIdentityMap: true },
  );
  return row === null ? null : recordOf(row);
}

const NO_TIME: QuotaBalance = { grantedS: 0, openS: 0, spentS: 0, availableS: 0 };

function balanceOf({ grantedS, openS, spentS, availableS }: QuotaBalance): QuotaBalance {
  return { grantedS, openS, spentS, availableS };
}

async function balanceIn(em: EntityManager, programmeId: string): Promise<QuotaBalance> {
  // Not managed: within a transaction it is read again after lines were added.
  const row = await em.findOne(QuotaBalanceRow, { programmeId }, { disableIdentityMap: true });
  return row === null ? NO_TIME : balanceOf(row);
}
