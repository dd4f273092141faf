import type { MikroORM } from "@mikro-orm/postgresql";
import { FscMessage, type FscMessageRecord } from "../entities/fsc-message.ts";
import { findPage, findRecord } from "../find-records.ts";
import { type Page, type PageQuery } from "../page.ts";
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
    return findPage(orm.em.fork(), FscMessage, {}, query, { receivedWallMs: "desc", id: "desc" });
  };

  const one = async (id: string): Promise<FscMessageRecord | null> =>
    findRecord(orm.em.fork(), FscMessage, { id });

  return { store, list, one };
}
