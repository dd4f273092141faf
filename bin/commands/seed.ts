import { mkdirSync } from "node:fs";
import { loadObservatory } from "../../adapters/config/observatory.ts";
import { readSettings } from "../../adapters/config/read-settings.ts";
import { openDatabase } from "../../db/orm.ts";
import { observatoryMs } from "../../domain/clock.ts";
import { isDemoClock } from "../up/clock.ts";
import { seedDatabase } from "../up/seeding.ts";

/** `vesper seed`: adds what the site starts with and is missing; under the demonstration clock also accounts and requests. */
export async function seedCommand(): Promise<number> {
  const settings = readSettings(process.env);
  const observatory = loadObservatory(settings.observatoryFile, process.env);
  const database = await openDatabase(settings.databaseUrl);
  try {
    const stored = await database.clock.read();
    const demo = stored === null ? settings.clock.mode === "demo" : isDemoClock(stored.clock);
    const nowMs = stored === null ? Date.now() : observatoryMs(stored.clock, Date.now());
    mkdirSync(settings.home, { recursive: true });
    const { demo: mails, newPassword } = await seedDatabase({ settings, database, observatory, demo, nowMs });
    console.log(mails.length === 0 ? "Programmes and strategies are in." : `Accounts: ${mails.join(", ")}`);
    if (newPassword !== null) console.log(`Password: ${newPassword}`);
    return 0;
  } finally {
    await database.close();
  }
}
