import type { MikroORM } from "@mikro-orm/postgresql";
import type { Profile } from "../../domain/permissions/profiles.ts";
import { User, type UserRecord } from "../entities/user.ts";
import { findPage, findRecord } from "../find-records.ts";
import { containing, type Page, type PageQuery } from "../page.ts";
import { recordOf } from "../record.ts";

export interface NewUser {
  readonly mail: string;
  readonly name: string;
  readonly profile: Profile;
  readonly passwordHash: string;
  readonly state: UserRecord["state"];
  readonly createdWallMs: number;
}

export type UserRepository = ReturnType<typeof createUserRepository>;

export function createUserRepository(orm: MikroORM) {
  const byId = async (id: string): Promise<UserRecord | null> => findRecord(orm.em.fork(), User, { id });

  /** By mail address, whatever its case. */
  const byMail = async (mail: string): Promise<UserRecord | null> =>
    findRecord(orm.em.fork(), User, { mail: mail.trim().toLowerCase() });

  /** Stores a new user with the next id, or returns the one who has that mail address already. */
  const create = async (user: NewUser): Promise<{ user: UserRecord; created: boolean }> => {
    const em = orm.em.fork();
    const mail = user.mail.trim().toLowerCase();
    const rows = await em.execute<{ id: string }[]>(
      `insert into "user" (id, mail, name, profile, password_hash, state, created_wall_at)
       select 'U' || lpad(nextval('user_number')::text, 4, '0'), ?, ?, ?, ?, ?, ?
       where not exists (select 1 from "user" where mail = ?)
       on conflict (mail) do nothing returning id`,
      [
        mail,
        user.name,
        user.profile,
        user.passwordHash,
        user.state,
        new Date(user.createdWallMs).toISOString(),
        mail,
      ],
    );
    const stored = await em.findOneOrFail(User, { mail });
    return { user: recordOf(stored), created: rows.length === 1 };
  };

  /** Changes what an administrator or the user may change. False when there is no such user. */
  const update = async (
    id: string,
    change: Partial<Pick<UserRecord, "name" | "profile" | "passwordHash" | "state" | "lastLoginWallMs">>,
  ): Promise<boolean> => (await orm.em.fork().nativeUpdate(User, { id }, change)) === 1;

  const list = async (
    query: PageQuery & {
      readonly text?: string;
      readonly profile?: Profile;
      readonly state?: UserRecord["state"];
    } = {},
  ): Promise<Page<UserRecord>> => {
    const where: Record<string, unknown> = {};
    if (query.profile !== undefined) Object.assign(where, { profile: query.profile });
    if (query.state !== undefined) Object.assign(where, { state: query.state });
    if (query.text !== undefined && query.text !== "") {
      const like = { $ilike: containing(query.text) };
      Object.assign(where, { $or: [{ mail: like }, { name: like }] });
    }
    return findPage(orm.em.fork(), User, where, query, { mail: "asc" });
  };

  /** How many active administrators there are: a real site without one cannot let anybody in. */
  const countAdministrators = async (): Promise<number> =>
    orm.em.fork().count(User, { profile: "admin", state: "active" });

  return { byId, byMail, create, update, list, countAdministrators };
}
