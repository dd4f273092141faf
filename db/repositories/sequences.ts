import type { EntityManager, MikroORM } from "@mikro-orm/postgresql";
import { carriedOver } from "../../domain/requests/carry-over.ts";
import { remainingFrames } from "../../domain/requests/duration.ts";
import { OBSERVABLE_STATUSES, OPEN_STATUSES, type SequenceStatus } from "../../domain/requests/request.ts";
import { Album, type AlbumRecord } from "../entities/album.ts";
import { Exposure, type ExposureRecord } from "../entities/exposure.ts";
import { Plan, type PlanRecord } from "../entities/plan.ts";
import { Programme, type ProgrammeRecord } from "../entities/programme.ts";
import { Request, type RequestRecord } from "../entities/request.ts";
import { Sequence, type SequenceRecord } from "../entities/sequence.ts";
import { findFields, findRecord, findRecords, queryRecords } from "../find-records.ts";
import { recordOf } from "../record.ts";

export interface PlanDetail extends PlanRecord {
  readonly exposures: readonly ExposureRecord[];
  /** Numbers (1-based) of the frames that have a stored image, ascending. */
  readonly storedFrames: readonly number[];
  /** Numbers of the frames still to be taken, ascending; none of an album that was skipped. */
  readonly remainingFrames: readonly number[];
}

export interface AlbumDetail extends AlbumRecord {
  readonly plans: readonly PlanDetail[];
}

/** A sequence with everything the night needs to plan and take it. */
export interface SequenceDetail extends SequenceRecord {
  readonly request: RequestRecord;
  readonly programme: ProgrammeRecord;
  readonly albums: readonly AlbumDetail[];
}

const OUTLINE = ["id", "ordinal", "status", "statusReason"] as const;

export type SequenceOutline = Pick<SequenceRecord, (typeof OUTLINE)[number]>;

/** Rows that are read to be updated by statement: the unit of work must not write what it read back over that. */
const UNMANAGED = { disableIdentityMap: true } as const;

/** Statuses in which nothing more is taken. */
const ENDED: readonly SequenceStatus[] = ["executed", "cancelled", "expired"];

export type SequenceRepository = ReturnType<typeof createSequenceRepository>;

export function createSequenceRepository(orm: MikroORM) {
  /** One sequence with its albums, plans and exposures; null when there is none. */
  const detail = async (id: string): Promise<SequenceDetail | null> => {
    const [found] = await details([id]);
    return found ?? null;
  };

  /** One sequence without what it consists of; null when there is none. */
  const record = async (id: string): Promise<SequenceRecord | null> =>
    findRecord(orm.em.fork(), Sequence, { id });

  /** Many sequences by id, in the order of the ids; those that are not there are left out. */
  const details = async (ids: readonly string[]): Promise<SequenceDetail[]> => {
    const em = orm.em.fork();
    const found = byId(await findRecords(em, Sequence, { id: { $in: [...ids] } }));
    return detailsOf(
      em,
      [...new Set(ids)].flatMap((id) => found.get(id) ?? []),
    );
  };

  /** The sequences of one request in their order, with what a sentence about all of them needs. */
  const outlines = async (requestId: string): Promise<SequenceOutline[]> =>
    findFields(orm.em.fork(), Sequence, OUTLINE, { requestId }, { orderBy: { ordinal: "asc" } });

  /** The sequences of one request, with everything, in their order. */
  const ofRequest = async (requestId: string): Promise<SequenceDetail[]> => {
    const em = orm.em.fork();
    return detailsOf(em, await findRecords(em, Sequence, { requestId }, { orderBy: { ordinal: "asc" } }));
  };

  /**
   * What a night from `startMs` to `endMs` may choose from: routine sequences of submitted requests of active
   * programmes whose window meets the night and which have frames left. A sequence that an earlier schedule refused is
   * asked again: what refused it then (the Moon, the season, another target) may have gone.
   */
  const candidates = async (startMs: number, endMs: number): Promise<SequenceDetail[]> => {
    const em = orm.em.fork();
    const rows = await queryRecords(
      em,
      Sequence,
      `${ASKED_ROUTINE} and exists (
         select 1 from programme where id = r.programme_id and kind = 'routine' and active)
       order by s.id`,
      askedParams(OBSERVABLE_STATUSES, startMs, endMs),
    );
    const details = await detailsOf(em, rows);
    return details.filter((sequence) =>
      sequence.albums.some((album) => album.plans.some((plan) => plan.remainingFrames.length > 0)),
    );
  };

  /**
   * Routine sequences that are asked for between two instants and not over: those that may be taken now and those that
   * wait, or those of some statuses.
   */
  const asked = async (
    startMs: number,
    endMs: number,
    statuses: readonly SequenceStatus[] = OPEN_STATUSES,
  ): Promise<SequenceRecord[]> =>
    queryRecords(
      orm.em.fork(),
      Sequence,
      `${ASKED_ROUTINE} order by s.id`,
      askedParams(statuses, startMs, endMs),
    );

  /** The instruments with frames left, by sequence. */
  const instrumentsLeft = async (ids: readonly string[]): Promise<Map<string, readonly string[]>> => {
    const found = await details(ids);
    return new Map(
      found.map(({ id, albums }) => [
        id,
        albums
          .filter((album) => album.plans.some((plan) => plan.remainingFrames.length > 0))
          .map(({ instrumentId }) => instrumentId),
      ]),
    );
  };

  /**
   * Sets the status and its reason. With `from`, only when the status is one of these (a withdrawal does not take back
   * what is executing). `attempt` raises the counter of attempts made, never lowers it. False when nothing was changed.
   */
  const setStatus = async (change: {
    readonly id: string;
    readonly status: SequenceStatus;
    readonly reason: string | null;
    readonly from?: readonly SequenceStatus[];
    readonly attempt?: number;
    readonly wallMs: number;
  }): Promise<boolean> =>
    orm.em.fork().transactional(async (em) => {
      const changed = await em.nativeUpdate(
        Sequence,
        { id: change.id, ...(change.from === undefined ? {} : { status: { $in: [...change.from] } }) },
        { status: change.status, statusReason: change.reason, updatedWallMs: change.wallMs },
      );
      if (changed === 1 && change.attempt !== undefined) {
        await em.execute("update sequence set attempt = greatest(attempt, ?) where id = ?", [
          change.attempt,
          change.id,
        ]);
      }
      if (changed === 1 && ENDED.includes(change.status)) await closeFinishedRequests(em, [change.id]);
      return changed === 1;
    });

  /** A schedule has taken these: planned, where they may be planned. In one statement, however many they are. */
  const setPlanned = async (ids: readonly string[], wallMs: number): Promise<void> => {
    if (ids.length === 0) return;
    await orm.em
      .fork()
      .nativeUpdate(
        Sequence,
        { id: { $in: [...ids] }, status: { $in: [...OBSERVABLE_STATUSES] } },
        { status: "planned", statusReason: null, updatedWallMs: wallMs },
      );
  };

  /**
   * Moves on what was not taken in its window and may be taken in a later night (domain/requests/carry-over). Returns
   * their ids.
   */
  const carryOver = async (nowMs: number, wallMs: number): Promise<string[]> =>
    orm.em.fork().transactional(async (em) => {
      const requests = await em.find(Request, { kind: "routine", status: "submitted" }, { fields: ["id"] });
      const rows = await em.find(
        Sequence,
        {
          requestId: { $in: requests.map(({ id }) => id) },
          status: { $in: [...OPEN_STATUSES] },
          windowEndMs: { $lte: nowMs },
          carryOverNights: { $gt: 0 },
        },
        UNMANAGED,
      );
      const moved: string[] = [];
      for (const row of rows) {
        const window = carriedOver(recordOf(row), nowMs);
        if (window === null) continue;
        const night = new Date(window.windowStartMs).toISOString().slice(0, 16).replace("T", " ");
        await em.nativeUpdate(
          Sequence,
          { id: row.id },
          {
            ...window,
            status: "submitted",
            statusReason: `not done in its night: moved on to the window from ${night} UTC`,
            updatedWallMs: wallMs,
          },
        );
        moved.push(row.id);
      }
      return moved.sort();
    });

  /**
   * Ends what was not taken in its window: routine sequences that wait and whose window closed before `nowMs`
   * (observatory time). Returns their ids.
   */
  const expire = async (nowMs: number, wallMs: number): Promise<string[]> =>
    orm.em.fork().transactional(async (em) => {
      const waiting = OPEN_STATUSES.map(() => "?").join(", ");
      const rows = await em.execute<{ id: string }[]>(
        `update sequence set status = 'expired', updated_wall_at = ?,
                status_reason = 'its window closed at ' || to_char(window_end_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC'
         where window_end_at <= ? and status in (${waiting})
           and request_id in (select id from request where kind = 'routine' and status = 'submitted')
         returning id`,
        [new Date(wallMs).toISOString(), new Date(nowMs).toISOString(), ...OPEN_STATUSES],
      );
      const ids = rows.map((row) => row.id).sort();
      await closeFinishedRequests(em, ids);
      return ids;
    });

  /** Sequences left `executing`: what a night that ended wrongly was at. */
  const executing = async (): Promise<SequenceRecord[]> => {
    return findRecords(orm.em.fork(), Sequence, { status: "executing" }, { orderBy: { id: "asc" } });
  };

  /** Leaves out the rest of an album, with the reason; one that was left out before keeps its reason. False then. */
  const skipAlbum = async (skip: {
    readonly albumId: string;
    readonly reason: string;
    readonly atMs: number;
  }): Promise<boolean> => {
    const changed = await orm.em
      .fork()
      .nativeUpdate(
        Album,
        { id: skip.albumId, skippedReason: null },
        { skippedReason: skip.reason, skippedMs: skip.atMs },
      );
    return changed === 1;
  };

  return {
    asked,
    instrumentsLeft,
    detail,
    record,
    details,
    ofRequest,
    outlines,
    candidates,
    setStatus,
    setPlanned,
    skipAlbum,
    carryOver,
    expire,
    executing,
  };
}

/** A submitted routine request with nothing left to take is over: completed when something was taken, else closed. */
async function closeFinishedRequests(em: EntityManager, sequenceIds: readonly string[]): Promise<void> {
  if (sequenceIds.length === 0) return;
  await em.execute(
    `update request set status =
            case when exists (select 1 from sequence s where s.request_id = request.id and s.status = 'executed')
                 then 'completed' else 'closed' end
     where kind = 'routine' and status = 'submitted'
       and id in (select request_id from sequence where id in (${sequenceIds.map(() => "?").join(", ")}))
       and not exists (select 1 from sequence s where s.request_id = request.id
                       and s.status not in ('executed', 'withdrawn', 'cancelled', 'expired'))`,
    [...sequenceIds],
  );
}

/** Sequences `s` of submitted routine requests `r`, of some statuses, whose window meets a stretch of time. */
const ASKED_ROUTINE = `select s.* from sequence s join request r on r.id = s.request_id
  where r.kind = 'routine' and r.status = 'submitted'
    and s.status in (select jsonb_array_elements_text(?::jsonb)) and s.window_start_at < ? and s.window_end_at > ?`;

function askedParams(statuses: readonly SequenceStatus[], startMs: number, endMs: number): unknown[] {
  return [JSON.stringify(statuses), new Date(endMs).toISOString(), new Date(startMs).toISOString()];
}

/** Joins sequences with what hangs on them: one query per table, all at once, however many sequences there are. */
async function detailsOf(em: EntityManager, sequences: readonly SequenceRecord[]): Promise<SequenceDetail[]> {
  if (sequences.length === 0) return [];
  const ids = "(select jsonb_array_elements_text(?::jsonb))";
  const sequenceIds = [JSON.stringify(sequences.map((sequence) => sequence.id))];
  const requestIds = [JSON.stringify([...new Set(sequences.map((sequence) => sequence.requestId))])];
  const [requestRows, programmeRows, albums, plans, exposures] = await Promise.all([
    queryRecords(em, Request, `select * from request where id in ${ids}`, requestIds),
    queryRecords(
      em,
      Programme,
      `select * from programme where id in (select programme_id from request where id in ${ids})`,
      requestIds,
    ),
    queryRecords(em, Album, `select * from album where sequence_id in ${ids} order by id`, sequenceIds),
    queryRecords(
      em,
      Plan,
      `select p.* from plan p join album a on a.id = p.album_id where a.sequence_id in ${ids}
       order by p.album_id, p.ordinal`,
      sequenceIds,
    ),
    queryRecords(
      em,
      Exposure,
      `select e.* from exposure e join plan p on p.id = e.plan_id join album a on a.id = p.album_id
       where a.sequence_id in ${ids} order by e.plan_id, e.n, e.attempt`,
      sequenceIds,
    ),
  ]);
  const requests = byId(requestRows);
  const programmes = byId(programmeRows);
  const exposuresOf = Map.groupBy(exposures, (exposure) => exposure.planId);
  const plansOf = Map.groupBy(plans, (plan) => plan.albumId);
  const albumsOf = Map.groupBy(albums, (album) => album.sequenceId);
  return sequences.map((sequence) => {
    const request = requests.get(sequence.requestId);
    const programme = request === undefined ? undefined : programmes.get(request.programmeId);
    if (request === undefined || programme === undefined) {
      throw new Error(`sequence ${sequence.id} lost its request or programme while it was read`);
    }
    return {
      ...sequence,
      request,
      programme,
      albums: (albumsOf.get(sequence.id) ?? []).map((album) => ({
        ...album,
        plans: (plansOf.get(album.id) ?? []).map((plan) =>
          planDetail(plan, exposuresOf.get(plan.id) ?? [], album.skippedReason !== null),
        ),
      })),
    };
  });
}

function planDetail(plan: PlanRecord, exposures: readonly ExposureRecord[], skipped: boolean): PlanDetail {
  const storedFrames = exposures
    .filter((exposure) => exposure.state === "stored")
    .map((exposure) => exposure.n);
  return {
    ...plan,
    exposures,
    storedFrames,
    remainingFrames: skipped ? [] : remainingFrames(plan.count, storedFrames),
  };
}

function byId<R extends { readonly id: string }>(records: readonly R[]): Map<string, R> {
  return new Map(records.map((record) => [record.id, record]));
}
