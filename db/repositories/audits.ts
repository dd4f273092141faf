import type { MikroORM } from "@mikro-orm/postgresql";
import { Audit, type AuditRecord } from "../entities/audit.ts";
import { findPage, findRecords } from "../find-records.ts";
import { type Page, type PageQuery } from "../page.ts";

export type AuditRepository = ReturnType<typeof createAuditRepository>;

export function createAuditRepository(orm: MikroORM) {
  const append = async (audit: Omit<AuditRecord, "id">): Promise<void> => {
    await orm.em.fork().insert(Audit, { ...audit });
  };

  /** What was done by hand, newest first. */
  const list = async (
    query: PageQuery & { readonly userId?: string; readonly action?: string; readonly subject?: string } = {},
  ): Promise<Page<AuditRecord>> => {
    return findPage(
      orm.em.fork(),
      Audit,
      {
        ...(query.userId === undefined ? {} : { userId: query.userId }),
        ...(query.action === undefined ? {} : { action: query.action }),
        ...(query.subject === undefined ? {} : { subject: query.subject }),
      },
      query,
      { id: "desc" },
    );
  };

  /** What was done to one thing, newest first. */
  const ofSubject = async (subject: string, limit: number): Promise<AuditRecord[]> => {
    return findRecords(orm.em.fork(), Audit, { subject }, { orderBy: { id: "desc" }, limit });
  };

  return { append, list, ofSubject };
}
