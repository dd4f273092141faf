import { readSettings } from "../../adapters/config/read-settings.ts";
import { migrate } from "../../db/migrate.ts";

/** `vesper migrate`: brings the database to the newest shape and says what it did. */
export async function migrateCommand(): Promise<number> {
  const ran = await migrate(readSettings(process.env).databaseUrl);
  console.log(ran.length === 0 ? "Nothing to do: the database has the newest shape." : ran.join("\n"));
  return 0;
}
