import type { MikroORM } from "@mikro-orm/postgresql";
import { Strategy, type StrategyRecord } from "../entities/strategy.ts";
import { findRecord, findRecords } from "../find-records.ts";

export type StrategyRepository = ReturnType<typeof createStrategyRepository>;

export function createStrategyRepository(orm: MikroORM) {
  const list = async (): Promise<StrategyRecord[]> => {
    return findRecords(orm.em.fork(), Strategy, {}, { orderBy: { id: "asc" } });
  };

  const one = async (id: string): Promise<StrategyRecord | null> =>
    findRecord(orm.em.fork(), Strategy, { id });

  /** The strategy used where no rule names another; null when none is stored. */
  const byDefault = async (): Promise<StrategyRecord | null> =>
    findRecord(orm.em.fork(), Strategy, { isDefault: true });

  /** Stores a strategy as given, by its id. Made the default, it takes the place of the former one. */
  const upsert = async (strategy: StrategyRecord): Promise<void> => {
    await orm.em.fork().transactional(async (em) => {
      if (strategy.isDefault) {
        await em.nativeUpdate(Strategy, { isDefault: true, id: { $ne: strategy.id } }, { isDefault: false });
      }
      await em.upsert(Strategy, { ...strategy });
    });
  };

  return { list, one, byDefault, upsert };
}
