import path from "node:path";
import { Type } from "typebox";
import type { Static } from "typebox";
import { ConfigurationError, explain } from "./explain.ts";

const port = (usual: number) =>
  Type.Integer({ minimum: 1, maximum: 65_535, default: usual, rule: "a port number from 1 to 65535" });
const text = (rule: string, usual?: string) =>
  Type.String({ minLength: 1, rule, ...(usual === undefined ? {} : { default: usual }) });
const webhookSecret = () =>
  Type.Optional(
    Type.String({
      pattern: "^(whsec_)?[A-Za-z0-9+/]{16,}={0,2}$",
      rule: "a Standard Webhooks secret: whsec_ followed by at least 12 bytes in base64 (24 are usual)",
      secret: true,
    }),
  );
const flag = () => Type.Boolean({ default: false, rule: "1 (yes) or 0 (no)" });

/** Every setting that comes from the environment. The keyword `rule` is what a person is told. */
export const environmentSchema = Type.Object(
  {
    VESPER_HOME: Type.String({ minLength: 1, default: "./data", rule: "a folder" }),
    VESPER_HOST: Type.String({
      minLength: 1,
      default: "127.0.0.1",
      rule: "an address of this machine to listen on",
    }),
    VESPER_PORT: port(3000),
    VESPER_TEMPORAL_PORT: port(7233),
    VESPER_TEMPORAL_UI_PORT: port(8233),
    VESPER_POSTGRES_PORT: port(5433),
    VESPER_ALPACA_PORT: port(11_111),
    VESPER_GUARD_PORT: port(3090),
    VESPER_GUARD_HOST: text(
      "the address of the guard: it listens there, the workers ask it there",
      "127.0.0.1",
    ),
    VESPER_OBSERVATORY: Type.String({
      minLength: 1,
      default: "observatories/colibri.json",
      rule: "the path of an observatory file",
    }),
    VESPER_CLOCK: Type.Union([Type.Literal("demo"), Type.Literal("real")], {
      default: "demo",
      rule: '"demo" (short nights, simulators) or "real" (the sky as it is)',
    }),
    VESPER_CLOCK_RATE: Type.Optional(
      Type.Number({
        minimum: 0.01,
        maximum: 3600,
        rule: "observatory seconds per second, from 0.01 to 3600",
      }),
    ),
    VESPER_CLOCK_START: Type.Optional(
      Type.String({
        pattern: String.raw`^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$`,
        rule: "an instant with its zone in ISO 8601, such as 2026-11-20T23:30:00Z",
      }),
    ),
    VESPER_PASSWORD: Type.Optional(
      Type.String({ minLength: 8, secret: true, rule: "at least 8 characters" }),
    ),
    VESPER_WEBHOOK_SECRET: webhookSecret(),
    VESPER_IC_SECRET: webhookSecret(),
    VESPER_FSC_SECRET: webhookSecret(),
    VESPER_FSC_WEBHOOK_SECRET: webhookSecret(),
    VESPER_SMTP_URL: Type.Optional(
      Type.String({
        pattern: String.raw`^smtps?://[^\s/]+(/.*)?$`,
        rule: "the address of a mail server, such as smtps://user:password@mail.example.org:465",
        secret: true,
      }),
    ),
    VESPER_MAIL_FROM: Type.String({
      pattern: String.raw`^([^<>\r\n]+ <[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$`,
      default: "Vesper <vesper@localhost>",
      rule: "a mail address, perhaps with a name: Vesper <vesper@example.org>",
    }),
    VESPER_VOTE_DAYS: Type.Integer({
      minimum: 0,
      maximum: 60,
      default: 0,
      rule: "days the commission votes on a new account, from 1 to 60; 0: an administrator decides",
    }),
    VESPER_TEMPORAL_CLI: Type.Optional(text("the path of the Temporal CLI")),
    VESPER_POSTGRES_PASSWORD: Type.Optional(
      Type.String({ minLength: 8, secret: true, rule: "at least 8 characters" }),
    ),
    VESPER_ALPACA_DISCOVERY: flag(),
    VESPER_RETIME: flag(),
    VESPER_PUBLIC_URL: Type.Optional(
      Type.String({
        pattern: "^https?://[^/\\s]+$",
        rule: "the address people use, such as https://vesper.example.org, without a path",
      }),
    ),
    VESPER_TEMPORAL_UI_URL: Type.Optional(
      Type.String({
        pattern: String.raw`^https?://[^\s?#]*[^\s?#/]$`,
        rule: "the address of the Temporal UI, such as https://temporal.example.org, without a slash at the end",
      }),
    ),
    VESPER_OTLP_URL: Type.Optional(
      Type.String({
        pattern: String.raw`^https?://[^\s?#]+$`,
        rule: "the address of an OpenTelemetry collector (OTLP over HTTP), such as http://127.0.0.1:4318",
      }),
    ),
    VESPER_METRICS_PORT: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 65_515, rule: "a port number from 1 to 65515" }),
    ),
    VESPER_METRICS_HOST: text("the address of this machine on which metrics are shown", "127.0.0.1"),
    VESPER_LOG_LEVEL: Type.Union(
      ["trace", "debug", "info", "warn", "error"].map((level) => Type.Literal(level)),
      { default: "info", rule: "one of trace, debug, info, warn, error" },
    ),
    DATABASE_URL: Type.Optional(
      Type.String({
        pattern: "^postgres(ql)?://",
        secret: true,
        rule: "a PostgreSQL address such as postgres://user:password@host:5432/vesper",
      }),
    ),
    VESPER_TEMPORAL_DATABASES: Type.Optional(
      Type.String({
        pattern: String.raw`^postgres(ql)?://[^\s,]+/[^\s,/]+(\s*,\s*postgres(ql)?://[^\s,]+/[^\s,/]+)*$`,
        secret: true,
        rule: "the PostgreSQL addresses of Temporal's own databases with a comma between, such as postgres://temporal:password@host:5432/temporal,postgres://temporal:password@host:5432/temporal_visibility",
      }),
    ),
    DATABASE_PASSWORD: Type.Optional(
      Type.String({ minLength: 1, secret: true, rule: "the password that DATABASE_URL leaves out" }),
    ),
    TEMPORAL_ADDRESS: Type.Optional(
      Type.String({
        pattern: String.raw`^(\[[0-9a-fA-F:]+\]|[^\s:/]+):\d{1,5}$`,
        rule: "host:port of a Temporal server",
      }),
    ),
    TEMPORAL_NAMESPACE: Type.String({
      pattern: "^[A-Za-z0-9][A-Za-z0-9._-]*$",
      default: "default",
      rule: "a Temporal namespace: letters, digits, dots, dashes",
    }),
  },
  { additionalProperties: false },
);

type Environment = Static<typeof environmentSchema>;

/** Set by our own processes for each other; not settings. */
const INTERNAL_KEYS = new Set(["VESPER_SUPERVISED", "VESPER_TIME_SKIPPING_SERVER", "VESPER_FAULT_POINT"]);

/** How one process of Vesper is set up. Made by loadSettings, frozen. */
export interface Settings {
  /** Folder of everything Vesper keeps outside the database, absolute. */
  readonly home: string;
  /** Address the web server listens on; loopback unless told otherwise. */
  readonly host: string;
  readonly port: number;
  readonly temporalPort: number;
  readonly temporalUiPort: number;
  /** Where people find the Temporal UI, without a slash at the end. */
  readonly temporalUiUrl: string;
  readonly postgresPort: number;
  /** Port of the simulated devices' Alpaca server. */
  readonly alpacaPort: number;
  /** Address on which the guard says how it is: loopback, unless it runs on another machine or in a container. */
  readonly guardHost: string;
  readonly guardPort: number;
  /** Path of the observatory file, absolute. */
  readonly observatoryFile: string;
  /** What the clock starts as on an empty home; afterwards the stored clock fact is the truth. */
  readonly clock: {
    readonly mode: "demo" | "real";
    readonly rate: number;
    /** Observatory time to start at (Unix ms); null: just before the coming dusk. */
    readonly startMs: number | null;
  };
  /** Password of the demonstration accounts; null: generated. */
  readonly password: string | null;
  /** Secret of signed notices at the webhook; null: such posts are refused. */
  readonly webhookSecret: string | null;
  /** What signs messages to IC; null: nothing is sent to it. */
  readonly icSecret: string | null;
  /** What signs messages to FSC; null: nothing is sent to it. */
  readonly fscSecret: string | null;
  /** Secret of signed messages from FSC; null: such posts are refused. */
  readonly fscWebhookSecret: string | null;
  /** Mail server; null: mails are files in VESPER_HOME/mail. */
  readonly smtpUrl: string | null;
  /** Who mails come from. */
  readonly mailFrom: string;
  /** Days the commission votes on a new account; 0: an administrator decides. */
  readonly voteDays: number;
  readonly temporalCli: string | null;
  /** PostgreSQL to use: DATABASE_URL, else the one `vesper up` runs. */
  readonly databaseUrl: string;
  /** True when DATABASE_URL was given: then it is not ours to start. */
  readonly databaseIsExternal: boolean;
  /** Temporal to use, host:port: TEMPORAL_ADDRESS, else the one `vesper up` runs. */
  readonly temporalAddress: string;
  readonly temporalIsExternal: boolean;
  readonly temporalNamespace: string;
  /** PostgreSQL addresses of an external Temporal's own databases: for backups alone. */
  readonly temporalDatabases: readonly string[];
  /** Answer Alpaca discovery on UDP 32227. */
  readonly alpacaDiscovery: boolean;
  /** Let real alert feeds in at a clock rate other than 1, their times moved to the observatory's. */
  readonly retime: boolean;
  /** Address people use when a reverse proxy stands in front; null: http://host:port. */
  readonly publicUrl: string | null;
  /** Where traces go; null: none are made. */
  readonly otlpUrl: string | null;
  /** Address on which this process shows its metrics: loopback, unless the network around it keeps others out. */
  readonly metricsHost: string;
  /** Port on which it does; null: it does not. `up` gives each part one, from this on. */
  readonly metricsPort: number | null;
  readonly logLevel: string;
}

/**
 * Reads the settings from an environment. Pure: no file, no process.
 * @param env variables as in process.env; an empty string counts as not set.
 * @param folder what relative paths are relative to.
 * @throws ConfigurationError with one sentence for each wrong or unknown setting, all at once.
 */
export function loadSettings(env: Readonly<Record<string, string | undefined>>, folder: string): Settings {
  const problems: string[] = [];
  const given = readGiven(env, problems);
  problems.push(...explain(environmentSchema, given));
  // Fields that are right by themselves are needed for the rules between them.
  if (problems.length === 0) problems.push(...contradictions(given as Environment));
  if (problems.length > 0) throw new ConfigurationError("The settings are not right", problems);
  return settingsFrom(given as Environment, folder);
}

/** The variables that are ours, as numbers and booleans where the schema wants them, with the defaults filled in. */
function readGiven(
  env: Readonly<Record<string, string | undefined>>,
  problems: string[],
): Record<string, unknown> {
  const schemas = environmentSchema.properties as Record<string, { type?: string; default?: unknown }>;
  for (const key of Object.keys(env)) {
    if (key.startsWith("VESPER_") && !(key in schemas) && !INTERNAL_KEYS.has(key)) {
      problems.push(`${key} is not a setting of Vesper (the settings are listed in .env.example)`);
    }
  }
  const given: Record<string, unknown> = {};
  for (const [key, schema] of Object.entries(schemas)) {
    const raw = env[key]?.trim() ?? "";
    if (raw !== "") given[key] = typed(raw, schema.type);
    else if (schema.default !== undefined) given[key] = schema.default;
  }
  return given;
}

function typed(raw: string, type: string | undefined): unknown {
  if (type === "integer" || type === "number") return Number.isNaN(Number(raw)) ? raw : Number(raw);
  if (type === "boolean")
    return ["1", "true", "yes"].includes(raw) ? true : ["0", "false", "no"].includes(raw) ? false : raw;
  return raw;
}

/** Rules between settings. */
function contradictions(given: Environment): string[] {
  const problems: string[] = [];
  if (given.VESPER_CLOCK_START !== undefined && Number.isNaN(Date.parse(given.VESPER_CLOCK_START))) {
    problems.push(`VESPER_CLOCK_START is "${given.VESPER_CLOCK_START}": there is no such instant`);
  }
  if (given.VESPER_CLOCK === "real") {
    if (given.VESPER_CLOCK_RATE !== undefined && given.VESPER_CLOCK_RATE !== 1) {
      problems.push(
        `VESPER_CLOCK_RATE is ${given.VESPER_CLOCK_RATE}: must be 1 (or not set) when VESPER_CLOCK is real`,
      );
    }
    if (given.VESPER_CLOCK_START !== undefined) {
      problems.push(
        "VESPER_CLOCK_START is set: the real clock has no start, unset it or set VESPER_CLOCK=demo",
      );
    }
  }
  if (given.DATABASE_PASSWORD !== undefined) {
    const url = given.DATABASE_URL === undefined ? null : URL.parse(given.DATABASE_URL);
    if (url === null) {
      problems.push("DATABASE_PASSWORD is set without a DATABASE_URL that it could belong to");
    } else if (url.username === "" || url.password !== "") {
      problems.push(
        "DATABASE_PASSWORD is set: DATABASE_URL must then name the user and no password, such as postgres://vesper@host:5432/vesper",
      );
    }
  }
  const keyOfPort = new Map<number, string>();
  for (const [key, value] of Object.entries(given)) {
    if (!key.endsWith("_PORT") || typeof value !== "number") continue;
    const other = keyOfPort.get(value);
    if (other !== undefined)
      problems.push(`${key} is ${value}: ${other} has the same port, each needs its own`);
    keyOfPort.set(value, key);
  }
  return problems;
}

function settingsFrom(given: Environment, folder: string): Settings {
  const mode = given.VESPER_CLOCK;
  return Object.freeze({
    home: path.resolve(folder, given.VESPER_HOME),
    host: given.VESPER_HOST,
    port: given.VESPER_PORT,
    temporalPort: given.VESPER_TEMPORAL_PORT,
    temporalUiPort: given.VESPER_TEMPORAL_UI_PORT,
    temporalUiUrl: given.VESPER_TEMPORAL_UI_URL ?? `http://127.0.0.1:${given.VESPER_TEMPORAL_UI_PORT}`,
    postgresPort: given.VESPER_POSTGRES_PORT,
    alpacaPort: given.VESPER_ALPACA_PORT,
    guardHost: given.VESPER_GUARD_HOST,
    guardPort: given.VESPER_GUARD_PORT,
    observatoryFile: path.resolve(folder, given.VESPER_OBSERVATORY),
    clock: Object.freeze({
      mode,
      rate: mode === "real" ? 1 : (given.VESPER_CLOCK_RATE ?? 60),
      startMs: given.VESPER_CLOCK_START === undefined ? null : Date.parse(given.VESPER_CLOCK_START),
    }),
    password: given.VESPER_PASSWORD ?? null,
    webhookSecret: given.VESPER_WEBHOOK_SECRET ?? null,
    icSecret: given.VESPER_IC_SECRET ?? null,
    fscSecret: given.VESPER_FSC_SECRET ?? null,
    fscWebhookSecret: given.VESPER_FSC_WEBHOOK_SECRET ?? null,
    smtpUrl: given.VESPER_SMTP_URL ?? null,
    mailFrom: given.VESPER_MAIL_FROM,
    voteDays: given.VESPER_VOTE_DAYS,
    temporalCli: given.VESPER_TEMPORAL_CLI ?? null,
    databaseUrl: databaseUrl(given),
    databaseIsExternal: given.DATABASE_URL !== undefined,
    temporalAddress: given.TEMPORAL_ADDRESS ?? `127.0.0.1:${given.VESPER_TEMPORAL_PORT}`,
    temporalIsExternal: given.TEMPORAL_ADDRESS !== undefined,
    temporalNamespace: given.TEMPORAL_NAMESPACE,
    temporalDatabases: Object.freeze(
      given.VESPER_TEMPORAL_DATABASES?.split(",").map((url) => url.trim()) ?? [],
    ),
    alpacaDiscovery: given.VESPER_ALPACA_DISCOVERY,
    retime: given.VESPER_RETIME,
    publicUrl: given.VESPER_PUBLIC_URL ?? null,
    otlpUrl: given.VESPER_OTLP_URL ?? null,
    metricsHost: given.VESPER_METRICS_HOST,
    metricsPort: given.VESPER_METRICS_PORT ?? null,
    logLevel: given.VESPER_LOG_LEVEL,
  });
}

function databaseUrl(given: Environment): string {
  if (given.DATABASE_URL === undefined) {
    return ownDatabaseUrl(given.VESPER_POSTGRES_PORT, given.VESPER_POSTGRES_PASSWORD ?? "");
  }
  if (given.DATABASE_PASSWORD === undefined) return given.DATABASE_URL;
  const url = new URL(given.DATABASE_URL);
  url.password = encodeURIComponent(given.DATABASE_PASSWORD);
  return url.href;
}

/** The address people use in links of mails, without a slash at the end. */
export function publicAddress(settings: Pick<Settings, "publicUrl" | "port">): string {
  return settings.publicUrl ?? `http://127.0.0.1:${settings.port}`;
}

/** Address of the database `vesper` in the PostgreSQL that `vesper up` runs. */
export function ownDatabaseUrl(port: number, password: string): string {
  return `postgres://vesper:${encodeURIComponent(password)}@127.0.0.1:${port}/vesper`;
}
