import path from "node:path";
import { projectFolder } from "../../adapters/config/read-settings.ts";
import type { ComposeService } from "./compose.ts";

/** What stands on this machine for the containers' names, folders and ports. */
export interface Local {
  readonly home: string;
  /** Folder of the secret files. */
  readonly secrets: string;
  readonly observatoryFile: string;
  readonly postgresPort: number;
  readonly temporalPort: number;
  readonly guardPort: number;
  readonly alpacaPort: number;
  /** Where people find the web. */
  readonly publicUrl: string;
  readonly rate: number;
}

/** What differs from process to process: in production each has a network address of its own. */
export interface OwnPorts {
  readonly web: number;
  readonly metrics: number;
}

/**
 * The environment of a service of docker-compose.yml for a process on this machine: names of containers are loopback, their
 * folders are folders here, and the sky is the demonstration's.
 */
export function localEnvironment(
  { environment = {} }: ComposeService,
  local: Local,
  own: OwnPorts,
): Record<string, string> {
  const translated = Object.fromEntries(
    Object.entries(environment).map(([key, value]) => [key, translate(String(value ?? ""), local)]),
  );
  return {
    ...translated,
    VESPER_PUBLIC_URL: local.publicUrl,
    VESPER_CLOCK: "demo",
    VESPER_CLOCK_RATE: String(local.rate),
    VESPER_ALPACA_PORT: String(local.alpacaPort),
    VESPER_GUARD_PORT: String(local.guardPort),
    VESPER_PORT: String(own.web),
    VESPER_METRICS_PORT: String(own.metrics),
  };
}

/** The environment of the Temporal server: that of its container, on the ports given. */
export function temporalEnvironment(
  { environment = {} }: ComposeService,
  local: Local,
  ports: Readonly<Record<string, number>>,
  password: string,
): Record<string, string> {
  const given = Object.entries(environment).map(([key, value]) => [
    key,
    translate(String(value ?? ""), local),
  ]);
  return {
    ...(Object.fromEntries(given) as Record<string, string>),
    ...Object.fromEntries(Object.entries(ports).map(([key, port]) => [key, String(port)])),
    DB_PORT: String(local.postgresPort),
    TEMPORAL_BROADCAST_ADDRESS: "127.0.0.1",
    POSTGRES_PWD: password,
  };
}

/** The environment of the script that makes Temporal's schema. */
export function schemaEnvironment(
  { environment = {} }: ComposeService,
  local: Local,
): Record<string, string> {
  const given = Object.entries(environment).map(([key, value]) => [
    key,
    translate(String(value ?? ""), local),
  ]);
  return { ...(Object.fromEntries(given) as Record<string, string>), SQL_PORT: String(local.postgresPort) };
}

function translate(value: string, local: Local): string {
  switch (value) {
    case "/var/lib/vesper":
      return local.home;
    case "/etc/vesper/observatory.json":
      return local.observatoryFile;
    case "0.0.0.0":
    case "guard":
    case "postgres":
      return "127.0.0.1";
    default:
      return value
        .replace(/^\/run\/secrets\//, `${local.secrets}/`)
        .replace(/^\/deploy\//, `${path.join(projectFolder, "deploy")}/`)
        .replace("@postgres:5432/", `@127.0.0.1:${local.postgresPort}/`)
        .replace(/^temporal:7233$/, `127.0.0.1:${local.temporalPort}`);
  }
}
