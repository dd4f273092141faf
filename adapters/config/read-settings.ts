import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { keptPartnerSecrets } from "./partner-secrets.ts";
import { withSecretFiles } from "./secret-files.ts";
import { loadSettings } from "./settings.ts";
import type { Settings } from "./settings.ts";

/** The folder of the project: relative paths in settings start here. */
export const projectFolder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..", "..");

/** File in VESPER_HOME with the password of the PostgreSQL that `vesper up` runs. */
export const POSTGRES_PASSWORD_FILE = "postgres.password";

/**
 * The settings of this process: loadSettings on its environment, plus secrets that stand in files (`X_FILE`), plus what
 * Vesper made itself and keeps in its home: the password of our own PostgreSQL, the secrets of the simulated partners.
 * @throws ConfigurationError when a setting is wrong.
 */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const env = withSecretFiles(environment);
  const { home, databaseIsExternal } = loadSettings(env, projectFolder);
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ""),
  );
  const password = databaseIsExternal ? null : keptPassword(home);
  return loadSettings(
    {
      ...keptPartnerSecrets(home),
      ...(password === null ? {} : { VESPER_POSTGRES_PASSWORD: password }),
      ...given,
    },
    projectFolder,
  );
}

function keptPassword(home: string): string | null {
  const file = path.join(home, POSTGRES_PASSWORD_FILE);
  return existsSync(file) ? readFileSync(file, "utf8").trim() : null;
}
