import type { TSchema } from "typebox";
import { Settings } from "typebox/system";
import { Errors } from "typebox/value";

/** Everything that is wrong with a configuration, each as one plain sentence; the message is all of them. */
export class ConfigurationError extends Error {
  readonly problems: readonly string[];

  constructor(what: string, problems: readonly string[]) {
    super(`${what}:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`);
    this.name = "ConfigurationError";
    this.problems = problems;
  }
}

/**
 * Sentences for every way `value` breaks `schema`: field, value, rule. A schema may carry its rule in words as the
 * keyword `rule`; without one TypeBox's own message is used. The value of a schema marked `secret` is not repeated.
 */
export function explain(schema: TSchema, value: unknown): string[] {
  const sentences = new Set<string>();
  for (const error of allErrors(schema, value)) {
    // An unknown field is reported twice: once as a "false" schema of the field, once at its parent.
    if (error.keyword === "boolean") continue;
    // Of a choice, the choice as a whole is told, not each way of missing it.
    if (error.schemaPath.includes("/anyOf/")) continue;
    const field = fieldName(error.instancePath);
    const broken = at(schema, error.schemaPath.slice(1));
    if (error.keyword === "additionalProperties") {
      const known = Object.keys((broken as { properties?: object }).properties ?? {}).join(", ");
      for (const name of error.params.additionalProperties) {
        sentences.add(`${joined(field, name)} is not a known field (known: ${known})`);
      }
    } else if (error.keyword === "required") {
      for (const name of error.params.requiredProperties) {
        const wanted = at(broken, `/properties/${name}`) as { rule?: string } | undefined;
        sentences.add(`${joined(field, name)} is missing: must be ${wanted?.rule ?? "given"}`);
      }
    } else {
      const { rule, secret } = (broken ?? {}) as { rule?: string; secret?: boolean };
      const shown = secret === true ? "set" : (JSON.stringify(at(value, error.instancePath)) ?? "undefined");
      sentences.add(
        `${field === "" ? "the file" : field} is ${shown}: must be ${rule ?? error.message.replace(/^must be /, "")}`,
      );
    }
  }
  return [...sentences];
}

/** TypeBox stops at 8 errors by itself, to be safe from what strangers send; a configuration is ours. */
function allErrors(schema: TSchema, value: unknown): ReturnType<typeof Errors> {
  const { maxErrors } = Settings.Get();
  Settings.Set({ maxErrors: 1_000 });
  try {
    return Errors(schema, value);
  } finally {
    Settings.Set({ maxErrors });
  }
}

/** `/devices/0/address` as `devices[0].address`. */
function fieldName(instancePath: string): string {
  return instancePath
    .split("/")
    .slice(1)
    .reduce((name, part) => (/^\d+$/.test(part) ? `${name}[${part}]` : joined(name, part)), "");
}

function joined(parent: string, name: string): string {
  return parent === "" ? name : `${parent}.${name}`;
}

/** The value at a JSON pointer, undefined when there is none. */
function at(root: unknown, pointer: string): unknown {
  let value = root;
  for (const part of pointer.split("/").slice(1)) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<string, unknown>)[part.replaceAll("~1", "/").replaceAll("~0", "~")];
  }
  return value;
}
