import { LockMode, type MikroORM } from "@mikro-orm/postgresql";
import { Membership, type MembershipRecord } from "../entities/membership.ts";
import { Programme, type ProgrammeRecord } from "../entities/programme.ts";
import type { UserRecord } from "../entities/user.ts";
import { findRecord, findRecords, queryRecords } from "../find-records.ts";
import { recordOf } from "../record.ts";

/** A member as others may see one: no mail address. */
export interface ProgrammeMember {
  readonly userId: string;
  readonly name: string;
  readonly state: UserRecord["state"];
  readonly profile: UserRecord["profile"];
  readonly role: MembershipRecord["role"];
}

/** What came of an edit. */
export type ProgrammeSave =
  | { readonly kind: "saved"; readonly before: ProgrammeRecord | null }
  | { readonly kind: "changed"; readonly present: ProgrammeRecord | null };

export type ProgrammeRepository = ReturnType<typeof createProgrammeRepository>;

export function createProgrammeRepository(orm: MikroORM) {
  const byId = async (id: string): Promise<ProgrammeRecord | null> =>
    findRecord(orm.em.fork(), Programme, { id });

  const list = async (): Promise<ProgrammeRecord[]> => {
    return findRecords(orm.em.fork(), Programme, {}, { orderBy: { id: "asc" } });
  };

  /** Active routine programmes a user may ask time of. */
  const ofUser = async (userId: string): Promise<ProgrammeRecord[]> =>
    queryRecords(
      orm.em.fork(),
      Programme,
      `select p.* from programme p join membership m on m.programme_id = p.id
       where m.user_id = ? and p.active and p.kind = 'routine' order by p.id`,
      [userId],
    );

  /** Stores a programme as given, by its id. */
  const upsert = async (programme: ProgrammeRecord): Promise<void> => {
    await orm.em.fork().upsert(Programme, { ...programme });
  };

  /**
   * Stores an edit of a programme, or a new one, when what is there is still what the edit was made from.
   * @param isCurrent whether the programme that there is (null: none) is the one that was edited
   * @returns the programme before, or `changed` with the one that there is; nothing is stored then
   */
  const save = async (
    programme: ProgrammeRecord,
    isCurrent: (before: ProgrammeRecord | null) => boolean,
  ): Promise<ProgrammeSave> =>
    orm.em.fork().transactional(async (em) => {
      // Also two who create the same one at once.
      await em.execute("select pg_advisory_xact_lock(hashtextextended(?, 0))", [`programme ${programme.id}`]);
      const row = await em.findOne(
        Programme,
        { id: programme.id },
        { lockMode: LockMode.PESSIMISTIC_WRITE, disableIdentityMap: true },
      );
      const before = row === null ? null : recordOf(row);
      if (!isCurrent(before)) return { kind: "changed", present: before };
      await em.upsert(Programme, { ...programme });
      return { kind: "saved", before };
    });

  /** Makes a user member of a programme, by both ids. */
  const addMember = async (membership: MembershipRecord): Promise<void> => {
    await orm.em.fork().upsert(Membership, { ...membership });
  };

  /** Takes a user out of a programme. False when not a member. */
  const removeMember = async (userId: string, programmeId: string): Promise<boolean> =>
    (await orm.em.fork().nativeDelete(Membership, { userId, programmeId })) === 1;

  /** Memberships of one user, by programme. */
  const membershipsOf = async (userId: string): Promise<MembershipRecord[]> => {
    return findRecords(orm.em.fork(), Membership, { userId }, { orderBy: { programmeId: "asc" } });
  };

  /** Members of a programme with name and state, heads first. */
  const members = async (programmeId: string): Promise<ProgrammeMember[]> =>
    orm.em.fork().execute<ProgrammeMember[]>(
      `select u.id as "userId", u.name, u.state, u.profile, m.role from membership m join "user" u on u.id = m.user_id
       where m.programme_id = ? order by m.role = 'pi' desc, u.name, u.id`,
      [programmeId],
    );

  return { byId, list, ofUser, upsert, save, addMember, removeMember, membershipsOf, members };
}
