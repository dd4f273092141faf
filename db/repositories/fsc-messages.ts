import type { MikroORM } from "@mikro-orm/postgresql";
import { FscMessage, type FscMessageRecord } from "../entities/fsc-message.ts";
import { type Page, pageBounds, type PageQuery } from "../page.ts";
import { recordOf } from "../record.ts";

export type FscMessageRepository = ReturnType<typeof createFscMessageRepository>;

export function createFscMessageRepository(orm: MikroORM) {
  /**
   * Stores a message, once by its id: sent again it changes nothing. Durable when this returns.
   * @returns the message as stored first, and whether it was there before
   */
  const store = async (
    message: FscMessageRecord,
  ): Promise<{ readonly message: FscMessageRecord; readonly duplicate: boolean }> => {
    const em = orm.em.fork();
    const inserted = await em
      .createQueryBuilder(FscMessage)
      .insert({ ...message })
      .onConflict(["id"])
      .ignore()
      .execute("run");
    const stored = recordOf(await em.findOneOrFail(FscMessage, { id: message.id }));
    return { message: stored, duplicate: inserted.affectedRows === 0 };
  };

  /** Messages, newest first. */
  const list = async (query: PageQuery = {}): Promise<Page<FscMessageRecord>> => {
    const [rows, total] = await orm.em.fork().findAndCount(
      FscMessage,
      {},
      {
        ...pageBounds(query),
        orderBy: { receivedWallMs: "desc", id: "desc" },
      },
    );
    return { items: rows.map((row) => recordOf(row)), total };
  };

  const one = async (id: string): Promise<FscMessageRecord | null> => {
    const row = await orm.em.fork().findOne(FscMessage, { id });
    return row === null ? null : recordOf(row);
  };

  return { store, list, one };
}
