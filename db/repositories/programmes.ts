import type { MikroORM } from "@mikro-orm/postgresql";
import { Membership, type MembershipRecord } from "../entities/membership.ts";
import { Programme, type ProgrammeRecord } from "../entities/programme.ts";
import { recordOf } from "../record.ts";

export type ProgrammeRepository = ReturnType<typeof createProgrammeRepository>;

export function createProgrammeRepository(orm: MikroORM) {
  const byId = async (id: string): Promise<ProgrammeRecord | null> => {
    const row = await orm.em.fork().findOne(Programme, { id });
    return row === null ? null : recordOf(row);
  };

  const list = async (): Promise<ProgrammeRecord[]> => {
    const rows = await orm.em.fork().find(Programme, {}, { orderBy: { id: "asc" } });
    return rows.map((row) => recordOf(row));
  };

  /** Active routine programmes a user may ask time of. */
  const ofUser = async (userId: string): Promise<ProgrammeRecord[]> => {
    const em = orm.em.fork();
    const memberships = await em.find(Membership, { userId });
    const rows = await em.find(
      Programme,
      { id: { $in: memberships.map((membership) => membership.programmeId) }, active: true, kind: "routine" },
      { orderBy: { id: "asc" } },
    );
    return rows.map((row) => recordOf(row));
  };

  /** Stores a programme as given, by its id. */
  const upsert = async (programme: ProgrammeRecord): Promise<void> => {
    await orm.em.fork().upsert(Programme, { ...programme });
  };

  /** Makes a user member of a programme, by both ids. */
  const addMember = async (membership: MembershipRecord): Promise<void> => {
    await orm.em.fork().upsert(Membership, { ...membership });
  };

  return { byId, list, ofUser, upsert, addMember };
}
