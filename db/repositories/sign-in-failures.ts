import type { MikroORM } from "@mikro-orm/postgresql";
import { LOCK_OUT, type Failures } from "../../domain/people/lock-out.ts";
import { SignInFailure } from "../entities/sign-in-failure.ts";

export type SignInFailureRepository = ReturnType<typeof createSignInFailureRepository>;

/** Failed sign-ins within the window of the lock-out: in the database, so that a restart forgives nothing. */
export function createSignInFailureRepository(orm: MikroORM) {
  /** What the lock-out decides by, for an account (by its mail address, perhaps nobody's) and an address. */
  const of = async (mail: string, address: string, wallMs: number): Promise<Failures> => {
    const em = orm.em.fork();
    const { windowMs, perAccount, perAddress } = LOCK_OUT;
    const since = { atWallMs: { $gt: wallMs - windowMs } };
    const newest = { orderBy: { id: "desc" }, limit: Math.max(perAccount, perAddress) } as const;
    const ofAddress = await em.find(SignInFailure, { address, ...since }, newest);
    const ofAccount = await em.find(SignInFailure, { mail, ...since }, newest);
    const known = await em.execute<{ known: boolean }[]>(
      `select exists (select 1 from audit a join "user" u on u.id = a.user_id
        where u.mail = ? and a.action = 'session.start' and a.address = ?) as known`,
      [mail, address],
    );
    const times = (rows: readonly { readonly atWallMs: number }[]): number[] =>
      rows.map((row) => row.atWallMs);
    return {
      ofAccountAndAddress: times(ofAccount.filter((row) => row.address === address)),
      ofAddress: times(ofAddress),
      ofAccount: times(ofAccount),
      addressIsKnown: known[0]?.known ?? false,
    };
  };

  /** Notes a failure, and forgets those that no longer count. */
  const add = async (mail: string, address: string, wallMs: number): Promise<void> => {
    const em = orm.em.fork();
    await em.insert(SignInFailure, { mail, address, atWallMs: wallMs });
    await em.nativeDelete(SignInFailure, { atWallMs: { $lte: wallMs - LOCK_OUT.windowMs } });
  };

  /** Somebody got in: their own mistakes from that address are forgotten. */
  const clear = async (mail: string, address: string): Promise<void> => {
    await orm.em.fork().nativeDelete(SignInFailure, { mail, address });
  };

  return { of, add, clear };
}
