import { UniqueConstraintViolationException, type MikroORM } from "@mikro-orm/postgresql";
import { TakenRequest } from "../entities/taken-request.ts";

/** A proxy gives up long before. */
const KEPT_MS = 3_600_000;

export type TakenRequestRepository = ReturnType<typeof createTakenRequestRepository>;

/** Which requests some web process has begun with. */
export function createTakenRequestRepository(orm: MikroORM) {
  /** Takes a request. @returns whether nobody had taken it before */
  const take = async (id: string, wallMs: number): Promise<boolean> => {
    const em = orm.em.fork();
    try {
      await em.insert(TakenRequest, { id, takenWallMs: wallMs });
    } catch (error) {
      if (error instanceof UniqueConstraintViolationException) return false;
      throw error;
    }
    await em.nativeDelete(TakenRequest, { takenWallMs: { $lt: wallMs - KEPT_MS } });
    return true;
  };

  return { take };
}
