/** A command line that cannot be obeyed: exit 2. The message names option, value and rule. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Values of `--name value` and `--name=value` options; negative numbers are values, not options. */
export type OptionValues = ReadonlyMap<string, string>;

/**
 * Reads the options of a command.
 * @param args what follows the command's name
 * @param names the options it has
 * @throws UsageError for an unknown or repeated option, a missing value, a stray word
 */
export function readOptions(args: readonly string[], names: readonly string[]): OptionValues {
  const values = new Map<string, string>();
  for (let i = 0; i < args.length; i += 1) {
    const word = args[i] ?? "";
    const [, name, attached] = /^--([a-z][a-z-]*)(?:=(.*))?$/s.exec(word) ?? [];
    if (name === undefined) {
      throw new UsageError(`"${word}": unexpected; options are ${list(names)}`);
    }
    if (!names.includes(name)) {
      throw new UsageError(`--${name}: unknown; options are ${list(names)}`);
    }
    if (values.has(name)) {
      throw new UsageError(`--${name}: given twice`);
    }
    let value = attached;
    if (value === undefined) {
      i += 1;
      value = args[i];
    }
    if (value === undefined || /^--[a-z]/.test(value)) {
      throw new UsageError(`--${name}: its value is missing`);
    }
    values.set(name, value);
  }
  return values;
}

/** Text of an option that must be there. */
export function requiredText(options: OptionValues, name: string, rule: string): string {
  const value = options.get(name);
  if (value === undefined || value === "") {
    throw new UsageError(`--${name}: missing; must be ${rule}`);
  }
  return value;
}

/** Number of an option that must be there, within [low, high]. */
export function requiredNumber(options: OptionValues, name: string, low: number, high: number): number {
  const rule = `a number from ${low} to ${high}`;
  const text = requiredText(options, name, rule);
  const value = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  if (!(value >= low && value <= high)) {
    throw new UsageError(`--${name}: "${text}" must be ${rule}`);
  }
  return value;
}

/** What `parse` makes of an option's value; a value it refuses with a RangeError is named by its option. */
export function readAs<T>(option: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(`--${option}: ${error.message}`) : error;
  }
}

/** Runs a command; what the caller did wrong is printed as one line and becomes exit code 2. */
export async function withUsage(command: string, run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`vesper ${command}: ${error.message}`);
      return 2;
    }
    throw error;
  }
}

function list(names: readonly string[]): string {
  return names.map((name) => `--${name}`).join(", ");
}
