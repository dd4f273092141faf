import { LockMode, type EntityManager, type MikroORM } from "@mikro-orm/postgresql";
import type { BuiltRequest, BuiltSequence } from "../../domain/requests/build.ts";
import {
  OPEN_STATUSES,
  type RequestKind,
  type RequestStatus,
  type SequenceStatus,
} from "../../domain/requests/request.ts";
import { revise, type StoredSequence } from "../../domain/requests/revise.ts";
import { Album } from "../entities/album.ts";
import { Plan } from "../entities/plan.ts";
import { QuotaEntry } from "../entities/quota-entry.ts";
import { RequestDraft } from "../entities/request-draft.ts";
import { Request, type RequestRecord } from "../entities/request.ts";
import { ScheduledSequence } from "../entities/scheduled-sequence.ts";
import { Sequence, type SequenceRecord } from "../entities/sequence.ts";
import { countRows, type RowCount } from "../count.ts";
import { findRecord, findRecords } from "../find-records.ts";
import { containing, type CursorQuery, type Page, pageBounds } from "../page.ts";
import { recordOf } from "../record.ts";
import { nextRequestId } from "./request-drafts.ts";

export interface NewRequest {
  readonly name: string;
  readonly comment: string;
  readonly programmeId: string;
  readonly userId: string;
  readonly sequences: readonly BuiltSequence[];
  /** Submitted at once, or kept as a draft. */
  readonly submit: boolean;
  readonly wallMs: number;
}

/** A draft that was found right as a whole. */
export interface DraftSubmission {
  readonly id: string;
  /** The version of the draft that was checked. */
  readonly version: number;
  readonly request: BuiltRequest;
  /** Of each sequence, the stored one it was made from; empty for new ones. */
  readonly sequenceIds: readonly string[];
  /** What a sequence waits for as it is submitted (a device, the weather), in words, or null. */
  readonly waitsFor: (sequence: BuiltSequence) => string | null;
  readonly wallMs: number;
}

export interface NewAlertRequest {
  readonly alertKey: string;
  readonly name: string;
  readonly comment: string;
  readonly programmeId: string;
  /** 1 for the first position, higher for better ones. */
  readonly generation: number;
  readonly sequence: BuiltSequence;
  readonly wallMs: number;
}

export interface RequestQuery extends CursorQuery {
  readonly kind?: RequestKind;
  readonly status?: RequestStatus;
  readonly userId?: string;
  readonly programmeId?: string;
  /** In the name, the id or the name of a target. */
  readonly text?: string;
}

export interface RequestWithSequences extends RequestRecord {
  readonly sequences: readonly SequenceRecord[];
}

/** A request with as much of its sequences as a list shows. */
export interface RequestSummary extends RequestRecord {
  /** Names of what it observes, each once, in the order of the sequences. */
  readonly targets: readonly string[];
  readonly sequences: number;
  readonly executed: number;
  /** Whether one of them is being observed. */
  readonly executing: boolean;
  /** When the newest schedule has the first of those it has, Unix ms. */
  readonly plannedMs: number | null;
  readonly spentS: number;
  readonly heldS: number;
  /** Last change of one of them, or the beginning of the request. */
  readonly changedWallMs: number;
}

export type RequestRepository = ReturnType<typeof createRequestRepository>;

export function createRequestRepository(orm: MikroORM) {
  /** Saves a routine request whole, under the next number (`R0012`). */
  const create = async (request: NewRequest): Promise<RequestRecord> =>
    orm.em.fork().transactional(async (em) => {
      const id = await nextRequestId(em);
      return insertRequest(em, id, request);
    });

  /**
   * Submits a draft whole: as a new request under the draft's id, or as a new version of the request that has it (see
   * domain/requests/revise). The draft is gone with the same transaction. False when the draft is no longer at
   * `version`, or its request is neither draft nor withdrawn.
   */
  const submitDraft = async (submission: DraftSubmission): Promise<boolean> =>
    orm.em.fork().transactional(async (em) => {
      const { id, version, request, wallMs } = submission;
      const draft = await em.findOne(
        RequestDraft,
        { id },
        { lockMode: LockMode.PESSIMISTIC_WRITE, disableIdentityMap: true },
      );
      if (draft === null || draft.version !== version) return false;
      const before = await em.findOne(
        Request,
        { id },
        { lockMode: LockMode.PESSIMISTIC_WRITE, disableIdentityMap: true },
      );
      if (before === null) {
        await insertRequest(em, id, { ...request, userId: draft.userId, submit: true, wallMs });
      } else {
        if (before.kind !== "routine" || !["draft", "withdrawn"].includes(before.status)) return false;
        await storeVersion(em, submission);
      }
      for (const { id: sequenceId, built, status } of await storedSequences(em, id)) {
        if (status !== "submitted") continue;
        await em.nativeUpdate(Sequence, { id: sequenceId }, { statusReason: submission.waitsFor(built) });
      }
      await em.nativeDelete(RequestDraft, { id });
      return true;
    });

  /**
   * Saves a routine request under an id of the caller's choice, once: false when the id is taken. For seeds, which
   * must come to the same ids each time; the numbers are given on from there.
   */
  const createWithId = async (id: string, request: NewRequest): Promise<boolean> =>
    orm.em.fork().transactional(async (em) => {
      if ((await em.count(Request, { id })) > 0) return false;
      await insertRequest(em, id, request);
      const number = Number(/^R(\d+)$/.exec(id)?.[1] ?? 0);
      await em.execute(
        `select setval('request_number', greatest(?::bigint, last_value), true) from request_number`,
        [number],
      );
      return true;
    });

  /**
   * The request of an alert and the sequence of one generation of it, by natural key (alertKey, generation): saved
   * twice it is there once. Earlier generations that were not observed are cancelled. Returns the sequence id.
   */
  const upsertForAlert = async (request: NewAlertRequest): Promise<string> =>
    orm.em.fork().transactional(async (em) => {
      const id = request.alertKey;
      await em
        .createQueryBuilder(Request)
        .insert({
          id,
          kind: "alert",
          name: request.name,
          comment: request.comment,
          status: "submitted",
          programmeId: request.programmeId,
          userId: null,
          alertKey: request.alertKey,
          createdWallMs: request.wallMs,
          submittedWallMs: request.wallMs,
        })
        .onConflict(["id"])
        .ignore()
        .execute();
      const sequenceId = `${id}-g${request.generation}`;
      if ((await em.count(Sequence, { id: sequenceId })) === 0) {
        await insertSequences(em, [
          {
            id: sequenceId,
            requestId: id,
            ordinal: request.generation,
            generation: request.generation,
            status: "submitted",
            sequence: request.sequence,
            wallMs: request.wallMs,
          },
        ]);
        await em.nativeUpdate(
          Sequence,
          {
            requestId: id,
            generation: { $lt: request.generation },
            status: { $in: ["submitted", "planned"] },
          },
          {
            status: "cancelled",
            statusReason: `a better position came: generation ${request.generation}`,
            updatedWallMs: request.wallMs,
          },
        );
      }
      return sequenceId;
    });

  /** Requests with their sequences whole, newest first. */
  const list = async (query: RequestQuery = {}): Promise<Page<RequestWithSequences>> => {
    const em = orm.em.fork();
    const { ids, ...count } = await idsOfPage(em, query);
    const [rows, sequences] = await Promise.all([
      findRecords(em, Request, { id: { $in: [...ids] } }, NEWEST_FIRST),
      findRecords(
        em,
        Sequence,
        { requestId: { $in: [...ids] } },
        { orderBy: { requestId: "asc", ordinal: "asc" } },
      ),
    ]);
    const of = Map.groupBy(sequences, (sequence) => sequence.requestId);
    return { items: rows.map((row) => ({ ...row, sequences: of.get(row.id) ?? [] })), ...count };
  };

  /** The same with as much of their sequences as a list shows. */
  const summaries = async (query: RequestQuery): Promise<Page<RequestSummary>> => {
    const em = orm.em.fork();
    const { ids, ...count } = await idsOfPage(em, query);
    const [rows, sums] = await Promise.all([
      findRecords(em, Request, { id: { $in: [...ids] } }, NEWEST_FIRST),
      em.execute<SummaryRow[]>(SUMMARIES, [JSON.stringify(ids)]),
    ]);
    const of = new Map(sums.map((sum) => [sum.request_id, sum]));
    return { items: rows.map((row) => summaryOf(row, of.get(row.id))), ...count };
  };

  /** How many requests a query lets through; all there are when it asks for nothing. */
  const total = async (query: RequestQuery = {}): Promise<RowCount> => {
    const { from, values } = rowsOf(query);
    return countRows(orm.em.fork(), from, values);
  };

  const one = async (id: string): Promise<RequestRecord | null> => findRecord(orm.em.fork(), Request, { id });

  /** Submits a draft or withdrawn request with those of its sequences that were not begun. False when it is neither. */
  const submit = async (id: string, wallMs: number): Promise<boolean> =>
    orm.em.fork().transactional(async (em) => {
      const changed = await em.nativeUpdate(
        Request,
        { id, kind: "routine", status: { $in: ["draft", "withdrawn"] } },
        { status: "submitted", submittedWallMs: wallMs },
      );
      if (changed === 0) return false;
      await setSequences(em, id, ["draft", "withdrawn"], "submitted", null, wallMs);
      return true;
    });

  /**
   * Withdraws a submitted request. Refused while one of its sequences is executing, or when all are executed:
   * `refusedBy` names them.
   */
  const withdraw = async (
    id: string,
    reason: string,
    wallMs: number,
  ): Promise<{ withdrawn: boolean; refusedBy: string[] }> =>
    orm.em.fork().transactional(async (em) => {
      const sequences = await em.find(Sequence, { requestId: id });
      const executing = sequences.filter((sequence) => sequence.status === "executing");
      const executed = sequences.filter((sequence) => sequence.status === "executed");
      if (executing.length > 0)
        return { withdrawn: false, refusedBy: executing.map((sequence) => sequence.id) };
      if (executed.length === sequences.length && executed.length > 0) {
        return { withdrawn: false, refusedBy: executed.map((sequence) => sequence.id) };
      }
      const changed = await em.nativeUpdate(
        Request,
        { id, kind: "routine", status: "submitted" },
        { status: "withdrawn" },
      );
      if (changed === 0) return { withdrawn: false, refusedBy: [] };
      await setSequences(em, id, [...OPEN_STATUSES], "withdrawn", reason, wallMs);
      return { withdrawn: true, refusedBy: [] };
    });

  return {
    create,
    createWithId,
    submitDraft,
    upsertForAlert,
    list,
    summaries,
    total,
    one,
    submit,
    withdraw,
  };
}

/** The new version of a request that was taken back: unchanged sequences come back, others are replaced. */
async function storeVersion(em: EntityManager, submission: DraftSubmission): Promise<void> {
  const { id, request, sequenceIds, wallMs } = submission;
  const stored = await storedSequences(em, id);
  const revised = request.sequences.map((sequence, index) => ({ id: sequenceIds[index] ?? "", sequence }));
  const { kept, removed, cancelled, added } = revise(stored, revised);
  await em.nativeDelete(Sequence, { id: { $in: [...removed] } });
  await em.nativeUpdate(
    Sequence,
    { id: { $in: [...cancelled] } },
    { status: "cancelled", statusReason: "replaced by a new version of its request", updatedWallMs: wallMs },
  );
  await em.nativeUpdate(
    Sequence,
    { id: { $in: [...kept] } },
    { status: "submitted", statusReason: null, updatedWallMs: wallMs },
  );
  await insertSequences(
    em,
    added.map(({ ordinal, sequence }) => ({
      id: `${id}-${ordinal}`,
      requestId: id,
      ordinal,
      generation: 0,
      status: "submitted" as const,
      sequence,
      wallMs,
    })),
  );
  const { name, comment, programmeId } = request;
  await em.nativeUpdate(
    Request,
    { id },
    { name, comment, programmeId, status: "submitted", submittedWallMs: wallMs },
  );
}

async function storedSequences(em: EntityManager, requestId: string): Promise<StoredSequence[]> {
  const sequences = await em.find(
    Sequence,
    { requestId },
    // Rows that are updated by statement after: the unit of work must not write back what it read.
    { orderBy: { ordinal: "asc" }, disableIdentityMap: true },
  );
  const ids = sequences.map(({ id }) => id);
  const albums = await em.find(Album, { sequenceId: { $in: ids } }, { orderBy: { id: "asc" } });
  const plans = await em.find(
    Plan,
    { albumId: { $in: albums.map(({ id }) => id) } },
    { orderBy: { albumId: "asc", ordinal: "asc" } },
  );
  const scheduled = new Set(
    (await em.find(ScheduledSequence, { sequenceId: { $in: ids } })).map((row) => row.sequenceId),
  );
  const spoken = new Set(
    (await em.find(QuotaEntry, { sequenceId: { $in: ids } }, { disableIdentityMap: true })).map(
      (row) => row.sequenceId,
    ),
  );
  return sequences.map((row) => {
    const { id, ordinal, status, attempt, ...facts } = recordOf(row);
    return {
      id,
      ordinal,
      status,
      begun: attempt > 0 || spoken.has(id),
      scheduled: scheduled.has(id),
      built: {
        ...facts,
        albums: albums
          .filter((album) => album.sequenceId === id)
          .map((album) => ({
            instrumentId: album.instrumentId,
            plans: plans
              .filter((plan) => plan.albumId === album.id)
              .map(({ filter, exposureS, count }) => ({ filter, exposureS, count })),
          })),
      },
    };
  });
}

async function insertRequest(em: EntityManager, id: string, request: NewRequest): Promise<RequestRecord> {
  const record: RequestRecord = {
    id,
    kind: "routine",
    name: request.name,
    comment: request.comment,
    status: request.submit ? "submitted" : "draft",
    programmeId: request.programmeId,
    userId: request.userId,
    alertKey: null,
    createdWallMs: request.wallMs,
    submittedWallMs: request.submit ? request.wallMs : null,
  };
  await em.insert(Request, { ...record });
  await insertSequences(
    em,
    request.sequences.map((sequence, index) => ({
      id: `${id}-${index + 1}`,
      requestId: id,
      ordinal: index + 1,
      generation: 0,
      status: request.submit ? "submitted" : "draft",
      sequence,
      wallMs: request.wallMs,
    })),
  );
  return record;
}

interface NewSequence {
  readonly id: string;
  readonly requestId: string;
  readonly ordinal: number;
  readonly generation: number;
  readonly status: SequenceStatus;
  readonly sequence: BuiltSequence;
  readonly wallMs: number;
}

/** One statement per table, however many sequences: a monitoring request has one for each night. */
export async function insertSequences(em: EntityManager, rows: readonly NewSequence[]): Promise<void> {
  if (rows.length === 0) return;
  await em.insertMany(
    Sequence,
    rows.map(({ sequence: { albums: _albums, ...facts }, wallMs, ...row }) => ({
      ...facts,
      carryOverNights: facts.carryOverNights ?? 0,
      ...row,
      dither: facts.dither ?? null,
      statusReason: null,
      attempt: 0,
      updatedWallMs: wallMs,
    })),
  );
  const albums = rows.flatMap(({ id, sequence }) =>
    sequence.albums.map((album) => ({ ...album, id: `${id}-${album.instrumentId}`, sequenceId: id })),
  );
  await em.insertMany(
    Album,
    albums.map(({ plans: _plans, ...album }) => ({ ...album, skippedReason: null, skippedMs: null })),
  );
  await em.insertMany(
    Plan,
    albums.flatMap((album) =>
      album.plans.map((plan, index) => ({
        ...plan,
        id: `${album.id}-${index + 1}`,
        albumId: album.id,
        ordinal: index + 1,
      })),
    ),
  );
}

async function setSequences(
  em: EntityManager,
  requestId: string,
  from: readonly SequenceStatus[],
  status: SequenceStatus,
  statusReason: string | null,
  updatedWallMs: number,
): Promise<void> {
  await em.nativeUpdate(
    Sequence,
    { requestId, status: { $in: [...from] } },
    { status, statusReason, updatedWallMs },
  );
}

/** Matches of a text that are looked at: the newest. Who searches for "NGC" among 100,000 will say more. */
const SEARCHED = 1_000;

const NEWEST_FIRST = { orderBy: { createdWallMs: "desc", id: "desc" } } as const;

interface SummaryRow {
  readonly request_id: string;
  readonly targets: readonly string[];
  readonly sequences: number;
  readonly executed: number;
  readonly executing: boolean;
  readonly planned_ms: string | null;
  readonly changed_ms: string;
  readonly spent: string;
  readonly held: string;
}

/** Sums over the sequences of requests: a page of fifty may stand for thousands of them. Numeric sums are exact. */
const SUMMARIES = `
  with asked as (select jsonb_array_elements_text(?::jsonb) as id),
  newest as (select max(id) as id from schedule)
  select s.request_id,
         array(select t.target_name from sequence t where t.request_id = s.request_id
               group by t.target_name order by min(t.ordinal)) as targets,
         count(*)::int as sequences,
         count(*) filter (where s.status = 'executed')::int as executed,
         bool_or(s.status = 'executing') as executing,
         (extract(epoch from max(s.updated_wall_at)) * 1000)::bigint as changed_ms,
         (extract(epoch from min(p.tsp_at)) * 1000)::bigint as planned_ms,
         coalesce(sum(q.spent), 0) as spent,
         coalesce(sum(q.held), 0) as held
  from sequence s
  left join scheduled_sequence p
    on p.schedule_id = (select id from newest) and p.sequence_id = s.id and p.status in ('planned', 'executing')
  left join (
    select sequence_id,
           sum(seconds) filter (where kind = 'spent') as spent,
           sum(case kind when 'reserved' then seconds when 'granted' then 0 else -seconds end) as held
    from quota_entry
    where sequence_id in (select id from sequence where request_id in (select id from asked))
    group by sequence_id
  ) q on q.sequence_id = s.id
  where s.request_id in (select id from asked)
  group by s.request_id`;

function summaryOf(request: RequestRecord, sums: SummaryRow | undefined): RequestSummary {
  return {
    ...request,
    targets: sums?.targets ?? [],
    sequences: sums?.sequences ?? 0,
    executed: sums?.executed ?? 0,
    executing: sums?.executing ?? false,
    plannedMs: sums === undefined || sums.planned_ms === null ? null : Number(sums.planned_ms),
    spentS: Number(sums?.spent ?? 0),
    heldS: Number(sums?.held ?? 0),
    changedWallMs: Math.max(request.createdWallMs, Number(sums?.changed_ms ?? 0)),
  };
}

/** The ids of one page, newest first, and how many there are. */
async function idsOfPage(
  em: EntityManager,
  query: RequestQuery,
): Promise<RowCount & { readonly ids: readonly string[] }> {
  const { limit, offset } = pageBounds(query);
  const cursor = query.after ?? query.before;
  const forward = query.after !== undefined || query.before === undefined;
  const { from, values } = rowsOf(query);
  const at = cursor === undefined ? [] : [new Date(cursor.atMs).toISOString(), cursor.id];
  const page = (of: string): string =>
    `select id from ${of} as request
     ${cursor === undefined ? "" : `where (created_wall_at, id) ${forward ? "<" : ">"} (?, ?)`}
     order by created_wall_at ${forward ? "desc" : "asc"}, id ${forward ? "desc" : "asc"}
     limit ? offset ?`;
  const bounds = [...at, limit, cursor === undefined ? offset : 0];
  if (isSearch(query)) {
    // What a search finds is found once, for the page and for its count.
    const [found] = await em.execute<{ ids: string[]; total: number }[]>(
      `with found as materialized (${from})
       select array(${page("found")}) as ids, (select count(*)::int from found) as total`,
      [...values, ...bounds],
    );
    return found ?? { ids: [], total: 0 };
  }
  const [rows, count] = await Promise.all([
    em.execute<{ id: string }[]>(page(`(${from})`), [...values, ...bounds]),
    countRows(em, from, values),
  ]);
  return { ids: rows.map(({ id }) => id), ...count };
}

function isSearch(query: RequestQuery): query is RequestQuery & { readonly text: string } {
  return query.text !== undefined && query.text !== "";
}

/** The rows that a query lets through. */
function rowsOf(query: RequestQuery): { readonly from: string; readonly values: readonly string[] } {
  const columns = [
    ["kind", query.kind],
    ["status", query.status],
    ["user_id", query.userId],
    ["programme_id", query.programmeId],
  ] as const;
  const given = columns.flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]));
  const conditions = given.map(({ name }) => `r.${name} = ?`);
  const values = given.map(({ value }) => value);
  const where = (...more: readonly string[]): string => {
    const all = [...conditions, ...more];
    return all.length === 0 ? "" : `where ${all.join(" and ")}`;
  };
  const select = "select r.id, r.created_wall_at from request r";
  if (!isSearch(query)) return { from: `${select} ${where()}`, values };
  const like = containing(query.text);
  const newest = `order by r.created_wall_at desc, r.id desc limit ${SEARCHED}`;
  // Each part by itself, so that PostgreSQL chooses for each: along the newest when much matches, else by trigrams.
  const from = `select id, created_wall_at from (
      (${select} ${where("(r.name ilike ? or r.id ilike ?)")} ${newest})
      union
      (${select} ${where("exists (select 1 from sequence s where s.request_id = r.id and s.target_name ilike ?)")} ${newest})
      order by created_wall_at desc, id desc limit ${SEARCHED}
    ) as found`;
  return { from, values: [...values, like, like, ...values, like] };
}
