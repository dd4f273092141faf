import type { MikroORM } from "@mikro-orm/postgresql";
import { Membership, type MembershipRecord } from "../entities/membership.ts";
import { Programme, type ProgrammeRecord } from "../entities/programme.ts";
import type { UserRecord } from "../entities/user.ts";
import { recordOf } from "../record.ts";

/** A member as others may see one: no mail address. */
export interface ProgrammeMember {
  readonly userId: string;
  readonly name: string;
  readonly state: UserRecord["state"];
  readonly profile: UserRecord["profile"];
  readonly role: MembershipRecord["role"];
}

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

  /** Takes a user out of a programme. False when not a member. */
  const removeMember = async (userId: string, programmeId: string): Promise<boolean> =>
    (await orm.em.fork().nativeDelete(Membership, { userId, programmeId })) === 1;

  /** Memberships of one user, by programme. */
  const membershipsOf = async (userId: string): Promise<MembershipRecord[]> => {
    const rows = await orm.em.fork().find(Membership, { userId }, { orderBy: { programmeId: "asc" } });
    return rows.map((row) => recordOf(row));
  };

  /** Members of a programme with name and state, heads first. */
  const members = async (programmeId: string): Promise<ProgrammeMember[]> =>
    orm.em.fork().execute<ProgrammeMember[]>(
      `select u.id as "userId", u.name, u.state, u.profile, m.role from membership m join "user" u on u.id = m.user_id
       where m.programme_id = ? order by m.role = 'pi' desc, u.name, u.id`,
      [programmeId],
    );

  return { byId, list, ofUser, upsert, addMember, removeMember, membershipsOf, members };
}
