import { readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { projectFolder } from "../../adapters/config/read-settings.ts";

/** One service of docker-compose.yml, as far as it is read here; the schema says what else there may be. */
export interface ComposeService {
  readonly image?: string;
  readonly build?: string;
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string | number | null>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>> | readonly string[];
  readonly secrets?: readonly string[];
  readonly volumes?: readonly string[];
  readonly networks?: readonly string[];
  readonly ports?: readonly string[];
  readonly restart?: string;
  readonly read_only?: boolean;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly deploy?: {
    readonly replicas?: number;
    readonly resources?: { readonly limits?: { readonly cpus?: string; readonly memory?: string } };
  };
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
  readonly volumes: Readonly<Record<string, object>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

const FILE = path.join(projectFolder, "docker-compose.yml");

/** The text of docker-compose.yml as it stands. */
export function composeText(): string {
  return readFileSync(FILE, "utf8");
}

/**
 * docker-compose.yml with its variables put in, as the Compose Specification says (12-interpolation): `${A}`, `${A:-default}`,
 * `${A:?what is missing}`, `$$` for a dollar.
 * @throws Error for a variable that is needed and not given
 */
export function readCompose(variables: Readonly<Record<string, string>>): ComposeFile {
  return interpolated(parse(composeText(), { merge: true }), variables) as ComposeFile;
}

/** Services that run the image of this project. */
export function ownServices({ services }: ComposeFile): [name: string, service: ComposeService][] {
  return Object.entries(services).filter(([, { build }]) => build !== undefined);
}

/** Arguments of `vesper` that a service runs, also where its entrypoint is a shell that runs it. */
export function vesperArguments({ command, entrypoint = [] }: ComposeService): readonly string[] {
  return command ?? /vesper\.mjs ([^;]+);/.exec(entrypoint.join(" "))?.[1]?.trim().split(" ") ?? [];
}

function interpolated(value: unknown, variables: Readonly<Record<string, string>>): unknown {
  if (typeof value === "string") return withVariables(value, variables);
  if (Array.isArray(value)) return value.map((each) => interpolated(each, variables));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, interpolated(each, variables)]));
}

function withVariables(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replaceAll(
    /\$\$|\$\{(\w+)(?::([-?])([^}]*))?\}/g,
    (whole, name?: string, sign?: string, words?: string) => {
      if (name === undefined) return "$";
      const given = variables[name] ?? "";
      if (given !== "") return given;
      if (sign === "-") return words ?? "";
      throw new Error(`${name} is not set: ${words ?? whole}`);
    },
  );
}
