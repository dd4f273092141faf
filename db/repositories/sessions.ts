import type { MikroORM } from "@mikro-orm/postgresql";
import { Session, type SessionRecord } from "../entities/session.ts";
import { User, type UserRecord } from "../entities/user.ts";
import { findRecord, findRecords } from "../find-records.ts";

export type SessionRepository = ReturnType<typeof createSessionRepository>;

export function createSessionRepository(orm: MikroORM) {
  /** Stores a session; `id` is the SHA-256 of the cookie's token, never the token. */
  const create = async (session: SessionRecord): Promise<void> => {
    await orm.em.fork().insert(Session, { ...session });
  };

  /** The session that has not expired at `wallMs`, with its user if that one is active; else null. */
  const find = async (
    id: string,
    wallMs: number,
  ): Promise<{ session: SessionRecord; user: UserRecord } | null> => {
    const em = orm.em.fork();
    const session = await findRecord(em, Session, { id, expiresWallMs: { $gt: wallMs } });
    if (session === null) return null;
    const user = await findRecord(em, User, { id: session.userId, state: "active" });
    return user === null ? null : { session, user };
  };

  /**
   * Notes that a session is used and prolongs it, unless that was noted after `notSinceWallMs`: of a page's many requests
   * at once one writes, and the others do not wait for a disk each.
   */
  const touch = async (
    id: string,
    notSinceWallMs: number,
    seen: { readonly seenWallMs: number; readonly expiresWallMs: number },
  ): Promise<void> => {
    await orm.em.fork().nativeUpdate(Session, { id, seenWallMs: { $lte: notSinceWallMs } }, seen);
  };

  const remove = async (id: string): Promise<void> => {
    await orm.em.fork().nativeDelete(Session, { id });
  };

  /** Logs a user out everywhere, except one session if given (after a change of password). */
  const removeOfUser = async (userId: string, exceptId?: string): Promise<number> =>
    orm.em
      .fork()
      .nativeDelete(Session, { userId, ...(exceptId === undefined ? {} : { id: { $ne: exceptId } }) });

  /** Open sessions of a user, last used first. */
  const ofUser = async (userId: string, wallMs: number): Promise<SessionRecord[]> => {
    return findRecords(
      orm.em.fork(),
      Session,
      { userId, expiresWallMs: { $gt: wallMs } },
      { orderBy: { seenWallMs: "desc" } },
    );
  };

  const removeExpired = async (wallMs: number): Promise<number> =>
    orm.em.fork().nativeDelete(Session, { expiresWallMs: { $lte: wallMs } });

  return { create, find, touch, remove, removeOfUser, ofUser, removeExpired };
}
