import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { loadSettings } from "./settings.ts";
import type { Settings } from "./settings.ts";

/** The folder of the project: relative paths in settings start here. */
export const projectFolder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..", "..");

/** File in VESPER_HOME with the password of the PostgreSQL that `vesper up` runs. */
export const POSTGRES_PASSWORD_FILE = "postgres.password";

/**
 * The settings of this process: loadSettings on its environment, plus the kept password of our own PostgreSQL.
 * @throws ConfigurationError when a setting is wrong.
 */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const settings = loadSettings(env, projectFolder);
  if (settings.databaseIsExternal || env["VESPER_POSTGRES_PASSWORD"] !== undefined) return settings;
  const file = path.join(settings.home, POSTGRES_PASSWORD_FILE);
  if (!existsSync(file)) return settings;
  return loadSettings({ ...env, VESPER_POSTGRES_PASSWORD: readFileSync(file, "utf8").trim() }, projectFolder);
}
