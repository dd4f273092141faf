import type { MikroORM } from "@mikro-orm/postgresql";
import { LateCommand, type LateCommandRecord } from "../entities/late-command.ts";

export type LateCommandRepository = ReturnType<typeof createLateCommandRepository>;

/** Commands that were not confirmed at once. */
export function createLateCommandRepository(orm: MikroORM) {
  /** Keeps a command as it stands now. */
  const keep = async (command: LateCommandRecord): Promise<void> => {
    await orm.em.fork().upsert(LateCommand, command);
  };

  /** Those sent since, newest first. */
  const since = (site: string, sinceWallMs: number, limit: number): Promise<LateCommandRecord[]> =>
    orm.em
      .fork()
      .find(
        LateCommand,
        { site, sentWallMs: { $gte: sinceWallMs } },
        { orderBy: { sentWallMs: "desc" }, limit },
      );

  return { keep, since };
}
