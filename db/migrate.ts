import { MikroORM } from "@mikro-orm/postgresql";
import { DatabaseUnavailable, isDatabaseUnavailable, shownAddress } from "./connection.ts";
import { ormOptions } from "./orm-options.ts";

/**
 * Brings the database at `url` to the newest shape. Run twice, or by two processes at once, it changes nothing more.
 * @param only the shape of an earlier version: the migrations that had run then; all when absent
 * Returns the names of the migrations it ran. Throws DatabaseUnavailable when the database cannot be reached.
 */
export async function migrate(url: string, only?: readonly string[]): Promise<string[]> {
  const orm = new MikroORM(ormOptions(url, { connectTimeoutMs: 5_000, statementTimeoutMs: 0, poolMax: 4 }));
  try {
    const em = orm.em.fork();
    // The lock is of the session, held by this transaction's connection while the migrator works on others.
    return await em.transactional(async (em) => {
      await em.execute("select pg_advisory_xact_lock(hashtext('vesper migrate'))");
      const ran = await orm.migrator.up(only === undefined ? {} : { migrations: [...only] });
      return ran.map((migration) => migration.name);
    });
  } catch (error) {
    if (isDatabaseUnavailable(error)) {
      throw new DatabaseUnavailable(`PostgreSQL at ${shownAddress(url)} does not answer: is it running?`, {
        cause: error,
      });
    }
    throw error;
  } finally {
    await orm.close(true);
  }
}
