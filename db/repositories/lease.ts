import type { MikroORM } from "@mikro-orm/postgresql";
import { Lease, type LeaseRecord } from "../entities/lease.ts";
import { findRecord } from "../find-records.ts";

export type LeaseRepository = ReturnType<typeof createLeaseRepository>;

/** Who may move the hardware of a site. */
export function createLeaseRepository(orm: MikroORM) {
  /** The stored lease, or null when none was ever written. */
  const read = async (site: string): Promise<LeaseRecord | null> =>
    findRecord(orm.em.fork(), Lease, { site });

  /**
   * Writes a lease of a higher generation than the stored one. False when the stored generation is the same or
   * higher: somebody else was granted it. Written twice with the same holder and generation it is true both times,
   * since an activity may run twice. `holder` null gives the lease up.
   */
  const write = async (lease: {
    readonly site: string;
    readonly holder: string | null;
    readonly generation: number;
    readonly wallMs: number;
  }): Promise<boolean> => {
    const rows = await orm.em.fork().execute<{ site: string }[]>(
      `insert into lease (site, holder, generation, written_wall_at) values (?, ?, ?, ?)
       on conflict (site) do update
         set holder = excluded.holder, generation = excluded.generation, written_wall_at = excluded.written_wall_at
         where lease.generation < excluded.generation
            or (lease.generation = excluded.generation and lease.holder is not distinct from excluded.holder)
       returning site`,
      [lease.site, lease.holder, lease.generation, new Date(lease.wallMs).toISOString()],
    );
    return rows.length === 1;
  };

  return { read, write };
}
