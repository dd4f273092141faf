import type { MikroORM } from "@mikro-orm/postgresql";
import { Hold, type HoldRecord } from "../entities/hold.ts";
import { findPage, findRecords } from "../find-records.ts";
import { type Page, type PageQuery } from "../page.ts";

export type HoldRepository = ReturnType<typeof createHoldRepository>;

/** The history of holds. What holds now is the observatory workflow's to say; this is its record. */
export function createHoldRepository(orm: MikroORM) {
  /** Records that a hold came. While one of its kind is open it stays as it is: false. */
  const record = async (hold: {
    readonly site: string;
    readonly kind: string;
    readonly who: string;
    readonly why: string;
    readonly sinceMs: number;
    readonly sinceWallMs: number;
  }): Promise<boolean> => {
    const rows = await orm.em.fork().execute<{ id: string }[]>(
      `insert into hold (site, kind, who, why, since_at, since_wall_at) values (?, ?, ?, ?, ?, ?)
       on conflict do nothing returning id`,
      [
        hold.site,
        hold.kind,
        hold.who,
        hold.why,
        new Date(hold.sinceMs).toISOString(),
        new Date(hold.sinceWallMs).toISOString(),
      ],
    );
    return rows.length === 1;
  };

  /** Records that the open hold of that kind was lifted. False when none is open. */
  const lift = async (lift: {
    readonly site: string;
    readonly kind: string;
    readonly liftedMs: number;
    readonly liftedWallMs: number;
    readonly liftedBy: string;
  }): Promise<boolean> => {
    const { site, kind, ...change } = lift;
    return (await orm.em.fork().nativeUpdate(Hold, { site, kind, liftedWallMs: null }, change)) === 1;
  };

  /** Holds that are open, oldest first. */
  const open = async (site: string): Promise<HoldRecord[]> => {
    return findRecords(orm.em.fork(), Hold, { site, liftedWallMs: null }, { orderBy: { id: "asc" } });
  };

  /** All holds, newest first. */
  const list = async (query: PageQuery & { readonly site?: string } = {}): Promise<Page<HoldRecord>> => {
    return findPage(orm.em.fork(), Hold, query.site === undefined ? {} : { site: query.site }, query, {
      id: "desc",
    });
  };

  /** Holds that held between two observatory instants, oldest first. */
  const between = async (site: string, fromMs: number, toMs: number): Promise<HoldRecord[]> =>
    findRecords(
      orm.em.fork(),
      Hold,
      {
        site,
        sinceMs: { $lte: toMs },
        $or: [{ liftedMs: null }, { liftedMs: { $gt: fromMs } }],
      },
      { orderBy: { id: "asc" } },
    );

  return { record, lift, open, list, between };
}
