import type { EntityManager, MikroORM } from "@mikro-orm/postgresql";
import {
  OutboxMessage,
  type OutboxRecord,
  type OutboxState,
  type OutboxTopic,
} from "../entities/outbox-message.ts";
import { findPage, findRecord } from "../find-records.ts";
import { type Page, type PageQuery } from "../page.ts";
import { recordOf } from "../record.ts";

/** A message to be sent. */
export interface NewOutboxMessage {
  readonly topic: OutboxTopic;
  /** `ic`, `fsc`, or a mail address; absent: the topic's part before the dot. */
  readonly destination?: string;
  /** Idempotency key, unique per topic: the natural name of what is told, e.g. `schedule/17`. */
  readonly key: string;
  /** Small JSON; pixels stay in files. */
  readonly payload: Readonly<Record<string, unknown>>;
  readonly createdWallMs: number;
}

export interface OutboxQuery extends PageQuery {
  readonly state?: OutboxState;
  readonly topic?: OutboxTopic;
}

/** How much of one topic waits for one destination. */
export interface OutboxLane {
  readonly topic: OutboxTopic;
  readonly destination: string;
  readonly waiting: number;
  readonly failed: number;
  /** When the oldest of those that wait was written; null when none waits. */
  readonly oldestWaitingWallMs: number | null;
}

/**
 * Writes a message into the outbox in the transaction of `em`: it is sent exactly when what it tells of was stored.
 * Written again under the same topic and key (an activity may run twice), it is the first one that counts.
 * @returns whether it is new
 */
export async function enqueue(em: EntityManager, message: NewOutboxMessage): Promise<boolean> {
  const destination = message.destination ?? destinationOf(message.topic);
  // Numbers are given before the commit: without the lock a later message could be seen, and sent, before an earlier.
  await em.execute("select pg_advisory_xact_lock(hashtextextended(?, 0))", [
    `outbox ${message.topic} ${destination}`,
  ]);
  const rows = await em.execute<{ id: string }[]>(
    `insert into outbox (topic, destination, key, payload, created_wall_at, state, attempts, next_attempt_wall_at)
     values (?, ?, ?, ?::jsonb, ?, 'waiting', 0, ?)
     on conflict (topic, key) do nothing returning id`,
    [
      message.topic,
      destination,
      message.key,
      JSON.stringify(message.payload),
      new Date(message.createdWallMs).toISOString(),
      new Date(message.createdWallMs).toISOString(),
    ],
  );
  return rows.length === 1;
}

export type OutboxRepository = ReturnType<typeof createOutboxRepository>;

export function createOutboxRepository(orm: MikroORM) {
  /** Writes a message in a transaction of its own. @returns whether it is new */
  const add = async (message: NewOutboxMessage): Promise<boolean> =>
    orm.em.fork().transactional((em) => enqueue(em, message));

  /**
   * Takes the next message of each lane (topic and destination) in hand: a later message of a lane is not touched
   * while an earlier one waits, so that order is kept. Counts the attempt. Two deliverers never get the same message
   * before `holdMs` have passed, after which the first is taken for dead.
   * @param topics topics that can be sent
   * @param wallMs now
   */
  const claim = async (
    topics: readonly OutboxTopic[],
    wallMs: number,
    holdMs: number,
    limit: number,
  ): Promise<OutboxRecord[]> => {
    if (topics.length === 0) return [];
    const em = orm.em.fork();
    const now = new Date(wallMs).toISOString();
    const claimed = await em.execute<{ id: string }[]>(
      `with head as (
         select distinct on (topic, destination) id, next_attempt_wall_at, claimed_until_wall_at
         from outbox where state = 'waiting' and topic in (${topics.map(() => "?").join(", ")})
         order by topic, destination, id
       )
       update outbox set claimed_until_wall_at = ?, last_attempt_wall_at = ?, attempts = attempts + 1
       where id in (
           select id from head
           where next_attempt_wall_at <= ? and (claimed_until_wall_at is null or claimed_until_wall_at <= ?)
           order by next_attempt_wall_at limit ?
         )
         and state = 'waiting' and (claimed_until_wall_at is null or claimed_until_wall_at <= ?)
       returning id`,
      [...topics, new Date(wallMs + holdMs).toISOString(), now, now, now, limit, now],
    );
    if (claimed.length === 0) return [];
    const rows = await em.find(
      OutboxMessage,
      { id: { $in: claimed.map((row) => Number(row.id)) } },
      { orderBy: { id: "asc" } },
    );
    return rows.map((row) => recordOf(row));
  };

  /** Notes that the receiver has it. Late news of an earlier attempt counts as well. */
  const delivered = async (id: number, wallMs: number): Promise<void> => {
    await orm.em
      .fork()
      .nativeUpdate(
        OutboxMessage,
        { id, state: { $ne: "delivered" } },
        { state: "delivered", deliveredWallMs: wallMs, claimedUntilWallMs: null },
      );
  };

  /** Notes why attempt number `attempt` failed and when to try again. */
  const postponed = async (
    id: number,
    attempt: number,
    problem: string,
    nextAttemptWallMs: number,
  ): Promise<void> => {
    await orm.em
      .fork()
      .nativeUpdate(
        OutboxMessage,
        { id, attempts: attempt, state: "waiting" },
        { lastProblem: problem, nextAttemptWallMs, claimedUntilWallMs: null },
      );
  };

  /** Notes that the receiver refused it for good: it stands aside until a person has it sent again. */
  const failed = async (id: number, attempt: number, problem: string): Promise<void> => {
    await orm.em
      .fork()
      .nativeUpdate(
        OutboxMessage,
        { id, attempts: attempt, state: "waiting" },
        { state: "failed", lastProblem: problem, claimedUntilWallMs: null },
      );
  };

  /** A person wants a message sent now. False when it was delivered already or is not there. */
  const retry = async (id: number, wallMs: number): Promise<boolean> =>
    (await orm.em
      .fork()
      .nativeUpdate(
        OutboxMessage,
        { id, state: { $in: ["waiting", "failed"] } },
        { state: "waiting", nextAttemptWallMs: wallMs },
      )) === 1;

  const one = async (id: number): Promise<OutboxRecord | null> =>
    findRecord(orm.em.fork(), OutboxMessage, { id });

  /** Messages, newest first. */
  const list = async (query: OutboxQuery = {}): Promise<Page<OutboxRecord>> => {
    const where = {
      ...(query.state === undefined ? {} : { state: query.state }),
      ...(query.topic === undefined ? {} : { topic: query.topic }),
    };
    return findPage(orm.em.fork(), OutboxMessage, where, query, { id: "desc" });
  };

  /** What waits or failed, by lane; a lane without either is not named. */
  const lanes = async (): Promise<OutboxLane[]> => {
    const rows = await orm.em.fork().execute<
      {
        topic: OutboxTopic;
        destination: string;
        waiting: number;
        failed: number;
        oldest: string | Date | null;
      }[]
    >(
      `select topic, destination, count(*) filter (where state = 'waiting')::int as waiting,
              count(*) filter (where state = 'failed')::int as failed,
              min(created_wall_at) filter (where state = 'waiting') as oldest
       from outbox where state in ('waiting', 'failed') group by topic, destination order by topic, destination`,
    );
    return rows.map(({ oldest, ...lane }) => ({
      ...lane,
      oldestWaitingWallMs: oldest === null ? null : new Date(oldest).getTime(),
    }));
  };

  /** Removes what was delivered before an instant. @returns how many */
  const prune = async (beforeWallMs: number): Promise<number> =>
    orm.em.fork().nativeDelete(OutboxMessage, { state: "delivered", deliveredWallMs: { $lt: beforeWallMs } });

  return { add, claim, delivered, postponed, failed, retry, one, list, lanes, prune };
}

function destinationOf(topic: OutboxTopic): string {
  return topic.split(".")[0] ?? topic;
}
