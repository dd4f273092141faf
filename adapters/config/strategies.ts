import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { Ajv } from "ajv";
import { strategyProblems } from "../../domain/strategies/contradictions.ts";
import type { SiteInstruments } from "../../domain/strategies/contradictions.ts";
import type { Strategy } from "../../domain/strategies/strategy.ts";
import { STRATEGY_SCHEMA } from "../../domain/strategies/schema.ts";
import { ConfigurationError } from "./explain.ts";

/** The strategies that belong to an observatory file: `strategies/*.json` beside it. */
export function strategyFolder(observatoryFile: string): string {
  return path.join(path.dirname(observatoryFile), "strategies");
}

/**
 * Reads the strategy files of a folder, in order of name.
 * @param site what the site has: plans must not ask for more; leave out to check the files alone.
 * @throws ConfigurationError with one sentence (file, field, rule) for each thing that is wrong.
 */
export function loadStrategies(folder: string, site?: SiteInstruments): Strategy[] {
  if (!existsSync(folder)) return [];
  const validate = new Ajv({ allErrors: true, strict: false }).compile<Strategy>(STRATEGY_SCHEMA);
  const problems: string[] = [];
  const strategies: Strategy[] = [];
  for (const name of readdirSync(folder)
    .filter((each) => each.endsWith(".json"))
    .sort()) {
    let content: unknown;
    try {
      content = JSON.parse(readFileSync(path.join(folder, name), "utf8"));
    } catch (error) {
      problems.push(`${name} cannot be read: ${(error as Error).message}`);
      continue;
    }
    if (validate(content)) {
      if (content.name === path.basename(name, ".json")) strategies.push(content);
      else problems.push(`${name}: name is "${content.name}": must be the name of the file`);
      problems.push(...strategyProblems(content, site).map((problem) => `${name}: ${problem}`));
    } else {
      for (const { instancePath, message } of validate.errors ?? []) {
        problems.push(`${name}: ${instancePath.slice(1).replaceAll("/", ".") || "the file"} ${message}`);
      }
    }
  }
  if (problems.length > 0)
    throw new ConfigurationError(`The strategies in ${folder} are not right`, problems);
  return strategies;
}
