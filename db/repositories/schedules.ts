import type { EntityManager, MikroORM } from "@mikro-orm/postgresql";
import { scheduleMessage } from "../../domain/partners/messages.ts";
import { countEntities } from "../count.ts";
import { Request, type RequestRecord } from "../entities/request.ts";
import { Schedule, type ScheduleRecord } from "../entities/schedule.ts";
import {
  ScheduledSequence,
  type ScheduledSequenceRecord,
  type ScheduledStatus,
} from "../entities/scheduled-sequence.ts";
import { Sequence, type SequenceRecord } from "../entities/sequence.ts";
import { findRecords } from "../find-records.ts";
import { type Page, pageBounds, type PageQuery } from "../page.ts";
import { recordOf } from "../record.ts";
import { enqueue } from "./outbox.ts";

export type NewSchedule = Omit<ScheduleRecord, "id"> & {
  readonly rows: readonly Omit<ScheduledSequenceRecord, "scheduleId">[];
};

/** A row of a schedule with what a reader wants to know of its sequence. */
export interface ScheduledRow extends ScheduledSequenceRecord {
  readonly sequence: SequenceRecord;
  readonly request: RequestRecord;
}

/** A schedule with its rows, without its problem, which may be long. */
export interface ScheduleDetail extends Omit<ScheduleRecord, "problem"> {
  readonly rows: readonly ScheduledRow[];
}

/** A schedule without its problem, which may be long. */
export type ScheduleSummary = Omit<ScheduleRecord, "problem"> & {
  readonly planned: number;
  readonly refused: number;
};

export type ScheduleRepository = ReturnType<typeof createScheduleRepository>;

/** Every planning is kept; the current schedule is the newest of the newest night. */
export function createScheduleRepository(orm: MikroORM) {
  /**
   * Stores a schedule with all its rows, or nothing. Stored twice for the same night at the same instant for the same
   * reason (an activity may run twice), it is one schedule. IC is told of it.
   * @returns its id, and whether it is new: what was stored before may differ from what would be stored now.
   */
  const store = async (schedule: NewSchedule): Promise<{ readonly id: number; readonly isNew: boolean }> =>
    orm.em.fork().transactional(async (em) => {
      const { rows, ...facts } = schedule;
      await em.execute("select pg_advisory_xact_lock(hashtextextended(?, 0))", [
        `schedule ${schedule.nightId}`,
      ]);
      const [before] = await em.execute<{ id: string }[]>(
        "select id from schedule where night_id = ? and made_at = ? and reason = ?",
        [schedule.nightId, new Date(schedule.madeMs).toISOString(), schedule.reason],
      );
      if (before !== undefined) return { id: Number(before.id), isNew: false };
      const scheduleId = Number(await em.insert(Schedule, { ...facts }));
      await em.insertMany(
        ScheduledSequence,
        rows.map((row) => ({ ...row, scheduleId })),
      );
      await enqueue(em, {
        topic: "ic.schedule",
        key: `schedule/${scheduleId}`,
        payload: scheduleMessage(await messageFacts(em, scheduleId, schedule)),
        createdWallMs: schedule.madeWallMs,
      });
      return { id: scheduleId, isNew: true };
    });

  /** Id of the newest schedule of a night; null when there is none yet. */
  const newest = async (nightId: string): Promise<number | null> => {
    const [row] = await orm.em
      .fork()
      .execute<{ id: string }[]>("select id from schedule where night_id = ? order by id desc limit 1", [
        nightId,
      ]);
    return row === undefined ? null : Number(row.id);
  };

  /** What is still planned in a schedule, in order of time. */
  const plannedRows = async (scheduleId: number): Promise<ScheduledSequenceRecord[]> =>
    findRecords(
      orm.em.fork(),
      ScheduledSequence,
      { scheduleId, status: "planned" },
      { orderBy: { order: "asc", sequenceId: "asc" } },
    );

  /** The newest schedule of a night, or of all; null when there is none yet. */
  const current = async (nightId?: string): Promise<ScheduleDetail | null> => {
    const em = orm.em.fork();
    const [row] = await em.find(Schedule, nightId === undefined ? {} : { nightId }, {
      orderBy: { id: "desc" },
      limit: 1,
      exclude: ["problem"],
    });
    return row === undefined ? null : detailOf(em, withoutProblem(row));
  };

  const one = async (id: number): Promise<ScheduleDetail | null> => {
    const em = orm.em.fork();
    const row = await em.findOne(Schedule, { id }, { exclude: ["problem"] });
    return row === null ? null : detailOf(em, withoutProblem(row));
  };

  /** What was planned: the whole problem, so that it can be planned again. Null when there is no such schedule. */
  const problem = async (id: number): Promise<unknown> =>
    (await orm.em.fork().findOne(Schedule, { id }, { fields: ["problem"] }))?.problem ?? null;

  /** Schedules, newest first, of one night or of all. */
  const list = async (
    query: PageQuery & { readonly nightId?: string } = {},
  ): Promise<Page<ScheduleSummary>> => {
    const em = orm.em.fork();
    const where = query.nightId === undefined ? {} : { nightId: query.nightId };
    const rows = await em.find(Schedule, where, {
      ...pageBounds(query),
      orderBy: { id: "desc" },
      exclude: ["problem"],
    });
    const counts =
      rows.length === 0
        ? []
        : await em.execute<{ schedule_id: string; planned: number; refused: number }[]>(
            `select schedule_id, count(*) filter (where status <> 'refused')::int as planned,
                    count(*) filter (where status = 'refused')::int as refused
             from scheduled_sequence where schedule_id in (${rows.map(() => "?").join(", ")}) group by schedule_id`,
            rows.map((row) => row.id),
          );
    const countOf = new Map(counts.map((count) => [Number(count.schedule_id), count]));
    const items = rows.map((row) => {
      const summary = withoutProblem(row);
      const count = countOf.get(row.id);
      return { ...summary, planned: count?.planned ?? 0, refused: count?.refused ?? 0 };
    });
    return { items, ...(await countEntities(em, Schedule, where)) };
  };

  /** Marks what became of a row, and why. False when the schedule has no such row. */
  const markRow = async (mark: {
    readonly scheduleId: number;
    readonly sequenceId: string;
    readonly status: ScheduledStatus;
    readonly reasonCode?: string | null;
    readonly reason?: string | null;
    readonly numbers?: Readonly<Record<string, unknown>> | null;
  }): Promise<boolean> => {
    const { scheduleId, sequenceId, ...change } = mark;
    return (await orm.em.fork().nativeUpdate(ScheduledSequence, { scheduleId, sequenceId }, change)) === 1;
  };

  /** Marks what became of a sequence in every schedule that has it executing. */
  const settleExecuting = async (mark: {
    readonly sequenceId: string;
    readonly status: ScheduledStatus;
    readonly reasonCode: string | null;
    readonly reason: string | null;
  }): Promise<void> => {
    const { sequenceId, ...change } = mark;
    await orm.em.fork().nativeUpdate(ScheduledSequence, { sequenceId, status: "executing" }, change);
  };

  /** Rows of each of these sequences in all schedules, the newest `limit` of each, newest first. */
  const ofSequences = async (
    sequenceIds: readonly string[],
    limit: number,
  ): Promise<ReadonlyMap<string, readonly ScheduledSequenceRecord[]>> => {
    const em = orm.em.fork();
    const keys = await em.execute<{ schedule_id: string; sequence_id: string }[]>(
      `select s.schedule_id, s.sequence_id from jsonb_array_elements_text(?::jsonb) as wanted (id)
       cross join lateral (
         select schedule_id, sequence_id from scheduled_sequence
         where sequence_id = wanted.id order by schedule_id desc limit ?
       ) as s`,
      [JSON.stringify(sequenceIds), limit],
    );
    if (keys.length === 0) return new Map();
    const rows = await findRecords(
      em,
      ScheduledSequence,
      {
        sequenceId: { $in: [...new Set(keys.map((key) => key.sequence_id))] },
        scheduleId: { $in: [...new Set(keys.map((key) => Number(key.schedule_id)))] },
      },
      { orderBy: { scheduleId: "desc" } },
    );
    const found = Map.groupBy(rows, ({ sequenceId }) => sequenceId);
    return new Map([...found].map(([id, each]) => [id, each.slice(0, limit)]));
  };

  return {
    store,
    newest,
    plannedRows,
    current,
    one,
    problem,
    list,
    markRow,
    settleExecuting,
    ofSequences,
  };
}

/** What IC is told of a schedule: the planned rows with their targets. */
async function messageFacts(em: EntityManager, id: number, schedule: NewSchedule) {
  const { nightId, madeMs, reason, rows } = schedule;
  const planned = rows.filter((row) => row.tspMs !== null && row.tepMs !== null);
  const sequences = await findRecords(em, Sequence, { id: { $in: planned.map((row) => row.sequenceId) } });
  const sequenceOf = byId(sequences);
  return {
    id,
    nightId,
    madeMs,
    reason,
    refused: rows.length - planned.length,
    rows: planned.flatMap(({ sequenceId, tspMs, tepMs, deltaTLMs, deltaTRMs }) => {
      const sequence = sequenceOf.get(sequenceId);
      if (sequence === undefined || tspMs === null || tepMs === null) return [];
      const { requestId, targetName, raDeg, decDeg } = sequence;
      return [
        {
          sequenceId,
          requestId,
          targetName,
          raDeg,
          decDeg,
          tspMs,
          tepMs,
          deltaTLMs: deltaTLMs ?? 0,
          deltaTRMs: deltaTRMs ?? 0,
        },
      ];
    }),
  };
}

function withoutProblem(row: Omit<ScheduleRecord, "problem">): Omit<ScheduleRecord, "problem"> {
  const { problem: _problem, ...facts } = recordOf(row as ScheduleRecord);
  return facts;
}

async function detailOf(
  em: EntityManager,
  schedule: Omit<ScheduleRecord, "problem">,
): Promise<ScheduleDetail> {
  const rows = await findRecords(
    em,
    ScheduledSequence,
    { scheduleId: schedule.id },
    { orderBy: { order: "asc", sequenceId: "asc" } },
  );
  const sequences = byId(await findRecords(em, Sequence, { id: { $in: rows.map((row) => row.sequenceId) } }));
  const requestIds = new Set([...sequences.values()].map((row) => row.requestId));
  const requests = byId(await findRecords(em, Request, { id: { $in: [...requestIds] } }));
  return {
    ...schedule,
    rows: rows.map((row) => {
      const sequence = sequences.get(row.sequenceId);
      const request = sequence === undefined ? undefined : requests.get(sequence.requestId);
      if (sequence === undefined || request === undefined) {
        throw new Error(`schedule ${schedule.id} names sequence ${row.sequenceId}, which is gone`);
      }
      return { ...row, sequence, request };
    }),
  };
}

function byId<T extends { readonly id: string }>(records: readonly T[]): Map<string, T> {
  return new Map(records.map((record) => [record.id, record]));
}
