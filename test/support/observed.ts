import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { Client as Postgres } from "pg";
import { Webhook } from "standardwebhooks";
import { projectFolder } from "../../adapters/config/read-settings.ts";
import { createTemporalClient, type TemporalConnection } from "../../adapters/temporal/client.ts";
import type { CommandEntry } from "../../simulators/command-log.ts";

export interface ApiAnswer {
  readonly status: number;
  /** The body, parsed when it is JSON. */
  readonly body: any;
  /** Wall ms the answer took. */
  readonly tookMs: number;
}

export interface ApiOptions {
  readonly method?: "GET" | "POST";
  readonly body?: unknown;
  readonly limitMs?: number;
  readonly token?: string | null;
}

/** A running observatory, asked from outside: over its API, its devices' Alpaca, its rows, its workflows. */
export interface Observed {
  readonly home: string;
  /** API token of the demonstration's administrator. */
  readonly token: string;
  readonly temporal: TemporalConnection;
  /** Calls the HTTP API with the token; never throws for a status. */
  api(path: string, options?: ApiOptions): Promise<ApiAnswer>;
  /** Posts a VOEvent with a Standard Webhooks signature. */
  postPacket(xml: string): Promise<ApiAnswer>;
  /** Reads a member of a simulated device over Alpaca, as a stranger; number 0 unless told. */
  device(type: string, member: string, number?: number): Promise<any>;
  /** Runs an Action of a simulated device. */
  act(type: string, action: string, parameters: object, number?: number): Promise<any>;
  /** Commands the devices took since `sinceWallMs`, from simulators/commands.jsonl. */
  commands(sinceWallMs?: number): CommandEntry[];
  query<Row>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
}

/** Where the parts of an observatory are. What is a function may change, or be known only later. */
export interface Addresses {
  readonly home: string;
  readonly web: string;
  readonly alpacaPort: number;
  readonly temporalAddress: string;
  readonly webhookSecret: string;
  readonly databaseUrl: () => string;
  readonly token: () => string;
}

/** An observer, and how it lets go of database and Temporal. */
export type Observer = Omit<Observed, "token"> & {
  /** Hangs up the connection to the database; the next query makes a new one. */
  disconnect(): Promise<void>;
  close(): Promise<void>;
};

const API_LIMIT_MS = 15_000;
/** ClientID of Alpaca for whoever is none of Vesper's processes. */
const STRANGER = "9";

/** Looks at an observatory at these addresses. */
export function createObserver(addresses: Addresses): Observer {
  const { home, web, alpacaPort } = addresses;
  const webhook = new Webhook(addresses.webhookSecret);
  let database: Postgres | null = null;
  const temporal = createTemporalClient({ address: addresses.temporalAddress, namespace: "default" });

  async function api(where: string, asked: ApiOptions = {}): Promise<ApiAnswer> {
    const { method = "GET", body, limitMs = API_LIMIT_MS } = asked;
    const bearer = asked.token === undefined ? addresses.token() : asked.token;
    return answered(`${web}${where}`, limitMs, {
      method,
      headers: {
        ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  async function postPacket(xml: string): Promise<ApiAnswer> {
    const id = `msg_${randomBytes(8).toString("hex")}`;
    const now = new Date();
    return answered(`${web}/api/voevents`, 30_000, {
      method: "POST",
      headers: {
        "content-type": "application/xml",
        "webhook-id": id,
        "webhook-timestamp": String(Math.floor(now.getTime() / 1_000)),
        "webhook-signature": webhook.sign(id, now, xml),
      },
      body: xml,
    });
  }

  async function alpaca(
    type: string,
    member: string,
    put: Record<string, string> | null,
    number = 0,
  ): Promise<any> {
    const ids = { ClientID: STRANGER, ClientTransactionID: "1" };
    const base = `http://127.0.0.1:${alpacaPort}/api/v1/${type}/${number}/${member}`;
    const { status, body } =
      put === null
        ? await answered(`${base}?${new URLSearchParams(ids).toString()}`, API_LIMIT_MS, {})
        : await answered(base, API_LIMIT_MS, {
            method: "PUT",
            body: new URLSearchParams({ ...put, ...ids }),
          });
    if (status !== 200 || body.ErrorNumber !== 0)
      throw new Error(`${type} ${member} answered ${status} ${JSON.stringify(body)}`);
    return body.Value;
  }

  function commands(sinceWallMs = 0): CommandEntry[] {
    const file = path.join(home, "simulators", "commands.jsonl");
    if (!existsSync(file)) return [];
    const lines = readFileSync(file, "utf8").split("\n");
    // Written by another process: the last line may be half there.
    return lines
      .slice(0, -1)
      .map((line) => JSON.parse(line) as CommandEntry)
      .filter((entry) => entry.wallMs >= sinceWallMs);
  }

  async function query<Row>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    if (database === null) {
      const client = new Postgres(addresses.databaseUrl());
      // Its end when PostgreSQL stops is expected; the next query connects anew.
      client.on("error", () => {
        database = null;
      });
      await client.connect();
      database = client;
    }
    return (await database.query(sql, [...values])).rows as Row[];
  }

  async function disconnect(): Promise<void> {
    const open = database;
    database = null;
    await open?.end().catch(() => {});
  }

  return {
    home,
    temporal,
    api,
    postPacket,
    device: (type, member, number) => alpaca(type, member, null, number),
    act: (type, action, parameters, number) =>
      alpaca(type, "action", { Action: action, Parameters: JSON.stringify(parameters) }, number),
    commands,
    query,
    disconnect,
    close: async () => {
      await disconnect();
      await temporal.close();
    },
  };
}

/**
 * An API token of the demonstration's administrator, by `vesper token`.
 * @param env settings of a process of that observatory
 * @throws Error with what the command printed when there is none
 */
export async function administratorToken(env: NodeJS.ProcessEnv): Promise<string> {
  const child = spawn(
    process.execPath,
    [path.join(projectFolder, "bin", "vesper.mjs"), "token", "--user", "admin@vesper.example"],
    { env, stdio: ["ignore", "pipe", "pipe"] },
  );
  let out = "";
  child.stdout.on("data", (data: Buffer) => (out += data.toString()));
  child.stderr.on("data", (data: Buffer) => (out += data.toString()));
  await new Promise((resolve) => child.once("close", resolve));
  const found = /vesper_[\w-]+/.exec(out)?.[0];
  if (found === undefined) throw new Error(`vesper token printed: ${out}`);
  return found;
}

/** Calls an address and reads the whole answer. */
async function answered(url: string, limitMs: number, init: RequestInit): Promise<ApiAnswer> {
  const startedMs = Date.now();
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(limitMs) });
  const text = await response.text();
  const json = response.headers.get("content-type")?.includes("json") === true;
  return {
    status: response.status,
    body: json ? JSON.parse(text) : text,
    tookMs: Date.now() - startedMs,
  };
}
