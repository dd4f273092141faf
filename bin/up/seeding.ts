import { randomInt } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ConfigurationError } from "../../adapters/config/explain.ts";
import type { Settings } from "../../adapters/config/settings.ts";
import { loadStrategies, strategyFolder } from "../../adapters/config/strategies.ts";
import { hashPassword } from "../../api/passwords.ts";
import type { Database } from "../../db/orm.ts";
import { DEMO_MAILS, seed } from "../../db/seed.ts";
import type { Observatory } from "../../domain/observatory.ts";

/** Who can log in after seeding. */
export interface SeededAccounts {
  /** Mail addresses of the demonstration accounts; none under the real clock. */
  readonly demo: readonly string[];
  /** Their password when it was made just now; null when it was given, or printed at an earlier start. */
  readonly newPassword: string | null;
  /** Active administrators. */
  readonly administrators: number;
}

/** File in VESPER_HOME with the made password of the demonstration accounts. */
export const PASSWORD_FILE = "password";

/** Without letters and digits that look alike. */
const SIGNS = "abcdefghjkmnpqrstuvwxyz23456789";
const GROUPS = 4;
const GROUP_LENGTH = 4;

/**
 * Puts in what the site starts with; under the demonstration clock the accounts, programmes and requests too.
 * @throws ConfigurationError when no strategy says what is done with an alert: better no start than a burst that is lost
 */
export async function seedDatabase(deps: {
  readonly settings: Settings;
  readonly database: Database;
  readonly observatory: Observatory;
  readonly demo: boolean;
  /** Observatory time, Unix ms. */
  readonly nowMs: number;
}): Promise<SeededAccounts> {
  const { settings, database, observatory, demo, nowMs } = deps;
  const { password, isNew } = demo ? demoPassword(settings) : { password: null, isNew: false };
  await seed(database, {
    observatory,
    nowMs,
    wallMs: Date.now(),
    strategies: loadStrategies(strategyFolder(settings.observatoryFile)),
    demo: password === null ? null : { passwordHash: await hashPassword(password) },
  });
  if ((await database.strategies.byDefault()) === null) {
    throw new ConfigurationError("No alert could be decided: there is no default strategy", [
      `${path.join(strategyFolder(settings.observatoryFile), "default.json")} is missing (the one of the demonstration is in observatories/strategies)`,
    ]);
  }
  return {
    demo: demo ? DEMO_MAILS : [],
    newPassword: isNew ? password : null,
    administrators: await database.users.countAdministrators(),
  };
}

/** VESPER_PASSWORD, else the kept one, else a new one (79 bits), kept readable by this user only. */
function demoPassword(settings: Settings): { password: string; isNew: boolean } {
  if (settings.password !== null) return { password: settings.password, isNew: false };
  const file = path.join(settings.home, PASSWORD_FILE);
  if (existsSync(file)) return { password: readFileSync(file, "utf8").trim(), isNew: false };
  const sign = (): string => SIGNS[randomInt(SIGNS.length)] ?? "";
  const group = (): string => Array.from({ length: GROUP_LENGTH }, sign).join("");
  const password = Array.from({ length: GROUPS }, group).join("-");
  writeFileSync(file, `${password}\n`, { mode: 0o600 });
  return { password, isNew: true };
}
