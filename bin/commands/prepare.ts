import { mkdirSync } from "node:fs";
import { loadObservatory } from "../../adapters/config/observatory.ts";
import { readSettings } from "../../adapters/config/read-settings.ts";
import type { Settings } from "../../adapters/config/settings.ts";
import { migrate } from "../../db/migrate.ts";
import { openDatabase, type Database } from "../../db/orm.ts";
import { observatoryMs, type ClockFact } from "../../domain/clock.ts";
import type { Observatory } from "../../domain/observatory.ts";
import { isDemoClock, resolveClock, writeClockFile } from "../up/clock.ts";
import { prepareNamespace } from "../up/own-temporal.ts";
import { reachDatabase } from "../up/prerequisites.ts";
import { seedDatabase } from "../up/seeding.ts";

/** A Temporal server that has just been started needs a while; its namespaces are seen after 10 s. */
const TEMPORAL_LIMIT_MS = 90_000;

/**
 * `vesper prepare`: what `vesper up` does before it starts the parts, for a site that runs them by other means. It may
 * be run at any time, beside running parts too, and does what is not done yet.
 * @returns exit code
 */
export async function prepareCommand(): Promise<number> {
  const settings = readSettings(process.env);
  const observatory = loadObservatory(settings.observatoryFile, process.env);
  await reachDatabase(settings.databaseUrl);
  const ran = await migrate(settings.databaseUrl);
  console.log(ran.length === 0 ? "The database has the newest shape." : `Migrations: ${ran.join(", ")}.`);
  mkdirSync(settings.home, { recursive: true });
  const database = await openDatabase(settings.databaseUrl);
  try {
    const clock = await keepClock(database, settings, observatory);
    await seedPrepared(database, settings, observatory, clock);
  } finally {
    await database.close();
  }
  const { temporalAddress, temporalNamespace } = settings;
  await prepareNamespace(temporalAddress, temporalNamespace, TEMPORAL_LIMIT_MS);
  console.log(`Temporal at ${temporalAddress} is ready, namespace ${temporalNamespace}.`);
  return 0;
}

/** Stores the clock where there is none. One that is there may be in use and is left as it is. */
async function keepClock(
  database: Database,
  settings: Settings,
  observatory: Observatory,
): Promise<ClockFact> {
  const stored = await database.clock.read();
  const kept = stored === null ? null : { ...stored.clock, lastTickMs: stored.lastTickMs };
  const resolved = resolveClock(kept, settings.clock, observatory, Date.now());
  const fact = stored?.clock ?? resolved.fact;
  if (stored === null && !(await database.clock.write(fact))) {
    throw new Error("Another process stored a clock at the same moment: run vesper prepare again.");
  }
  writeClockFile(settings.home, fact);
  console.log(
    isDemoClock(fact) ? `The clock is a demonstration's, rate ${fact.rate}.` : "The clock is the real one.",
  );
  return fact;
}

async function seedPrepared(
  database: Database,
  settings: Settings,
  observatory: Observatory,
  clock: ClockFact,
): Promise<void> {
  const nowMs = observatoryMs(clock, Date.now());
  const { administrators, newPassword } = await seedDatabase({
    settings,
    database,
    observatory,
    demo: isDemoClock(clock),
    nowMs,
  });
  console.log("Programmes and strategies are in.");
  if (newPassword !== null) console.log(`Password of the demonstration accounts: ${newPassword}`);
  if (administrators === 0) {
    console.log("There is no administrator yet: vesper user add MAIL --profile admin makes one.");
  }
}
