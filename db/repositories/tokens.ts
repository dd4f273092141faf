import type { MikroORM } from "@mikro-orm/postgresql";
import type { Profile } from "../../domain/permissions/profiles.ts";
import { ApiToken, type ApiTokenRecord } from "../entities/api-token.ts";
import { findRecords } from "../find-records.ts";
import { recordOf } from "../record.ts";

export interface NewToken {
  /** SHA-256 of the token, hex. */
  readonly hash: string;
  readonly name: string;
  readonly profile: Profile;
  readonly userId: string | null;
  readonly createdWallMs: number;
  readonly expiresWallMs: number | null;
}

export type TokenRepository = ReturnType<typeof createTokenRepository>;

const NOTED_EVERY_MS = 60_000;

export function createTokenRepository(orm: MikroORM) {
  const create = async (token: NewToken): Promise<ApiTokenRecord> => {
    const em = orm.em.fork();
    const id: number = await em.insert(ApiToken, { ...token, revokedWallMs: null, lastUsedWallMs: null });
    return recordOf(await em.findOneOrFail(ApiToken, { id }));
  };

  /** The token with that hash, if it may still be used at `wallMs`. Notes the use. */
  const use = async (hash: string, wallMs: number): Promise<ApiTokenRecord | null> => {
    const em = orm.em.fork();
    const row = await em.findOne(ApiToken, {
      hash,
      revokedWallMs: null,
      $or: [{ expiresWallMs: null }, { expiresWallMs: { $gt: wallMs } }],
    });
    if (row === null) return null;
    // Once a minute is exact enough for people, and spares a write per request; of many at once one writes.
    const notSinceWallMs = wallMs - NOTED_EVERY_MS;
    if ((row.lastUsedWallMs ?? -Infinity) <= notSinceWallMs) {
      const stale = { $or: [{ lastUsedWallMs: null }, { lastUsedWallMs: { $lte: notSinceWallMs } }] };
      await em.nativeUpdate(ApiToken, { id: row.id, ...stale }, { lastUsedWallMs: wallMs });
    }
    return recordOf(row);
  };

  const list = async (userId?: string): Promise<ApiTokenRecord[]> => {
    return findRecords(orm.em.fork(), ApiToken, userId === undefined ? {} : { userId }, {
      orderBy: { id: "desc" },
    });
  };

  /** False when there is no such token, or it was revoked before. */
  const revoke = async (id: number, wallMs: number): Promise<boolean> =>
    (await orm.em.fork().nativeUpdate(ApiToken, { id, revokedWallMs: null }, { revokedWallMs: wallMs })) ===
    1;

  return { create, use, list, revoke };
}
