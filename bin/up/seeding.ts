import type { Settings } from "../../adapters/config/settings.ts";
import type { Database } from "../../db/orm.ts";
import type { Observatory } from "../../domain/observatory.ts";

/** Who can log in after seeding. */
export interface SeededAccounts {
  /** Mail addresses of the demonstration accounts; none under the real clock. */
  readonly demo: readonly string[];
  /** Their password when it was given or made now; null when it was printed at an earlier start. */
  readonly password: string | null;
  /** Active administrators. */
  readonly administrators: number;
}

export async function seedDatabase(deps: {
  readonly settings: Settings;
  readonly databaseUrl: string;
  readonly database: Database;
  readonly observatory: Observatory;
  readonly demo: boolean;
}): Promise<SeededAccounts> {
  return { demo: [], password: null, administrators: await deps.database.users.countAdministrators() };
}
