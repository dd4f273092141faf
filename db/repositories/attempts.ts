import type { MikroORM } from "@mikro-orm/postgresql";
import { Attempt } from "../entities/attempt.ts";

export type AttemptRepository = ReturnType<typeof createAttemptRepository>;

/** Counts of what may be done only so often: in the database, so that several web processes count together. */
export function createAttemptRepository(orm: MikroORM) {
  /** Wall ms until there are fewer than `limit` that count; 0: there are now. */
  const waitMs = async (kind: string, key: string, limit: number, wallMs: number): Promise<number> => {
    const newest = await orm.em
      .fork()
      .find(
        Attempt,
        { kind, key, untilWallMs: { $gt: wallMs } },
        { orderBy: { untilWallMs: "desc" }, limit },
      );
    const oldest = newest.at(limit - 1);
    return oldest === undefined ? 0 : oldest.untilWallMs - wallMs;
  };

  /** Notes one that counts until `untilWallMs`, and forgets all that no longer do. */
  const add = async (kind: string, key: string, untilWallMs: number, wallMs: number): Promise<void> => {
    const em = orm.em.fork();
    await em.insert(Attempt, { kind, key, untilWallMs });
    await em.nativeDelete(Attempt, { untilWallMs: { $lte: wallMs } });
  };

  return { waitMs, add };
}
