import { mkdtempSync, rmSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { projectFolder } from "../../adapters/config/read-settings.ts";
import { withSecretFiles } from "../../adapters/config/secret-files.ts";
import { loadSettings } from "../../adapters/config/settings.ts";
import { ownServices, readCompose } from "./compose.ts";
import { localEnvironment, schemaEnvironment, temporalEnvironment, type Local } from "./local.ts";
import { TEMPORAL_VERSION, temporalPorts } from "./temporal-server.ts";
import { processesOf } from "./topology.ts";

const compose = readCompose({ DOMAIN: "localhost", TEMPORAL_UI_DOMAIN: "localhost", SITE: "." });
const folder = mkdtempSync(path.join(tmpdir(), "vesper-local-"));
const local: Local = {
  home: path.join(folder, "home"),
  secrets: path.join(folder, "secrets"),
  observatoryFile: path.join(projectFolder, "observatories", "colibri.json"),
  postgresPort: 20_001,
  temporalPort: 20_002,
  guardPort: 20_003,
  alpacaPort: 20_004,
  publicUrl: "http://127.0.0.1:20005",
  rate: 60,
};
execFileSync("sh", [path.join(projectFolder, "deploy", "make-secrets.sh"), local.secrets]);
afterAll(() => rmSync(folder, { recursive: true }));

test("every replica of every service is a process, two of them control workers and two of them the web", () => {
  const processes = processesOf(compose);
  expect(processes.map(({ name }) => name)).toEqual([
    "control-1",
    "control-2",
    "site",
    "compute",
    "feeds",
    "guard",
    "api-1",
    "api-2",
  ]);
  expect(processes[0]?.args).toEqual(["worker", "control"]);
});

test("the settings of a container become settings of a process on loopback, secrets and all", () => {
  for (const [, service] of ownServices(compose)) {
    const env = localEnvironment(service, local, { web: 20_006, metrics: 20_007 });
    expect(Object.values(env).filter((value) => value.startsWith("/run/"))).toEqual([]);
    const settings = loadSettings(withSecretFiles(env), "/");
    const { password, hostname, port } = new URL(settings.databaseUrl);
    expect([password.length > 20, hostname, port]).toEqual([true, "127.0.0.1", "20001"]);
    expect(settings).toMatchObject({
      home: local.home,
      host: "127.0.0.1",
      port: 20_006,
      guardHost: "127.0.0.1",
      guardPort: 20_003,
      metricsPort: 20_007,
      temporalAddress: "127.0.0.1:20002",
      observatoryFile: local.observatoryFile,
      clock: { mode: "demo", rate: 60 },
    });
    expect(settings.webhookSecret).toMatch(/^whsec_/);
  }
});

test("Temporal's server and schema tool are the images' version and get what their containers get", async () => {
  const { temporal = {}, "temporal-schema": schema = {} } = compose.services;
  expect([temporal.image, schema.image]).toEqual([
    `temporalio/server:${TEMPORAL_VERSION}`,
    `temporalio/admin-tools:${TEMPORAL_VERSION}`,
  ]);
  const ports = await temporalPorts();
  expect(new Set(Object.values(ports)).size).toBe(9);
  expect(temporalEnvironment(temporal, local, ports, "secret")).toMatchObject({
    DB: "postgres12",
    POSTGRES_SEEDS: "127.0.0.1",
    DB_PORT: "20001",
    NUM_HISTORY_SHARDS: "4",
    BIND_ON_IP: "127.0.0.1",
    DYNAMIC_CONFIG_FILE_PATH: path.join(projectFolder, "deploy", "temporal.yaml"),
    FRONTEND_GRPC_PORT: String(ports["FRONTEND_GRPC_PORT"]),
  });
  expect(schemaEnvironment(schema, local)).toMatchObject({
    SQL_HOST: "127.0.0.1",
    SQL_PORT: "20001",
    SQL_PASSWORD_FILE: path.join(local.secrets, "temporal_password"),
  });
});
