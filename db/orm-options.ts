import { Migrator } from "@mikro-orm/migrations";
import { type Options, PostgreSqlDriver } from "@mikro-orm/postgresql";
import { connectionOptions, type ConnectionLimits, HangUpClient } from "./connection.ts";
import { ENTITIES } from "./entities/entities.ts";
import { ColumnNaming } from "./column-naming.ts";
import { MIGRATIONS } from "./migrations/migrations.ts";

/** Options of the ORM: explicit lists of entities and migrations, nothing found by looking through folders. */
export function ormOptions(url: string, limits: ConnectionLimits & { readonly poolMax: number }): Options {
  return {
    driver: PostgreSqlDriver,
    clientUrl: url,
    entities: ENTITIES,
    namingStrategy: ColumnNaming,
    extensions: [Migrator],
    migrations: {
      tableName: "migration",
      migrationsList: [...MIGRATIONS],
      snapshot: false,
      silent: true,
    },
    pool: { min: 0, max: limits.poolMax },
    driverOptions: { ...connectionOptions(limits), Client: HangUpClient },
    ensureDatabase: false,
    // Each repository call works on a fork of its own; nothing reads through the shared manager.
    allowGlobalContext: false,
    metadataCache: { enabled: false },
    // Errors are thrown to the caller, who journals them; the ORM's own lines would say them twice.
    logger: () => undefined,
  };
}
