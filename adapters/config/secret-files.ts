import { readFileSync } from "node:fs";
import { ConfigurationError } from "./explain.ts";
import { environmentSchema } from "./settings.ts";

const SECRETS = Object.entries(environmentSchema.properties as Record<string, { secret?: boolean }>)
  .filter(([, schema]) => schema.secret === true)
  .map(([key]) => key);

/**
 * The environment with each secret that is given as a file, `X_FILE`, under its own name `X`: the way container engines hand
 * out secrets, which keeps them out of process lists and descriptions. A line break at the end of the file is left off; an
 * empty file is as good as none.
 * @throws ConfigurationError when a file cannot be read, or when X and X_FILE are both set
 */
export function withSecretFiles(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const given = { ...env };
  const problems: string[] = [];
  for (const key of SECRETS) {
    const file = env[`${key}_FILE`];
    delete given[`${key}_FILE`];
    if (file === undefined || file === "") continue;
    if (env[key] !== undefined && env[key] !== "") {
      problems.push(`${key} and ${key}_FILE are both set: unset one`);
      continue;
    }
    try {
      given[key] = readFileSync(file, "utf8").replace(/\r?\n$/, "");
    } catch (error) {
      problems.push(`${key}_FILE is "${file}", which cannot be read (${(error as Error).message})`);
    }
  }
  if (problems.length > 0) throw new ConfigurationError("The settings are not right", problems);
  return given;
}
