import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "@jest/globals";
import { Ajv } from "ajv";
import { parse } from "yaml";
import { projectFolder } from "../../adapters/config/read-settings.ts";
import { withSecretFiles } from "../../adapters/config/secret-files.ts";
import { loadSettings } from "../../adapters/config/settings.ts";
import { MOST_EVENTS } from "../../bin/up/own-temporal.ts";
import { WORKER_GROUPS } from "../../workers/run.ts";
import { composeText, ownServices, readCompose, vesperArguments } from "./compose.ts";

const VARIABLES = {
  DOMAIN: "vesper.example.org",
  TEMPORAL_UI_DOMAIN: "temporal.vesper.example.org",
  SITE: "/srv/site",
};
const compose = readCompose(VARIABLES);
const services = Object.entries(compose.services);
const own = ownServices(compose);

test("docker-compose.yml is valid by the schema of the Compose Specification", () => {
  const file = path.join(projectFolder, "test", "fixtures", "compose", "compose-spec.json");
  const { $schema: _draft07, ...schema } = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
  const validate = new Ajv({ strict: false, allErrors: true }).compile(schema);
  validate(compose);
  expect(validate.errors).toBeNull();
  // The schema is at work: it refuses what is not in it.
  expect(validate({ services: { api: { image: "vesper", restarts: "always" } } })).toBe(false);
  expect(validate({ services: { api: { image: "vesper", ports: "80:80" } } })).toBe(false);
});

test("every command of our image exists, and every queue is worked on", () => {
  const help = execFileSync(process.execPath, [path.join(projectFolder, "bin", "vesper.ts"), "--help"], {
    encoding: "utf8",
  });
  const commands = new Set([...help.matchAll(/^ {2}(\w[\w-]*)/gm)].map(([, name]) => name));
  const run = own.map(([, service]) => vesperArguments(service));
  for (const [command] of run) expect(commands).toContain(command);
  const groups = run.flatMap(([command, ...queues]) => (command === "worker" ? queues : []));
  expect(groups.sort()).toEqual([...WORKER_GROUPS].sort());
});

test("the settings of every container of ours are settings, and hold together", () => {
  for (const [, { environment = {} }] of own) {
    const env = Object.fromEntries(Object.entries(environment).map(([key, value]) => [key, String(value)]));
    const files = Object.entries(env).filter(([key]) => key.endsWith("_FILE"));
    // Secrets are files of the engine: here they are empty, which is as good as none.
    const folder = mkdtempSync(path.join(tmpdir(), "vesper-compose-"));
    try {
      execFileSync(
        "touch",
        files.map(([key]) => path.join(folder, key)),
      );
      const given = {
        ...env,
        ...Object.fromEntries(files.map(([key]) => [key, path.join(folder, key)])),
      };
      const settings = loadSettings(withSecretFiles(given), "/app");
      expect(settings.clock.mode).toBe("real");
      expect(settings.publicUrl).toBe("https://vesper.example.org");
      expect([settings.databaseIsExternal, settings.temporalIsExternal]).toEqual([true, true]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
});

test("each secret that a container reads is given to it, and none stands in the file", () => {
  for (const [, { environment = {}, entrypoint = [], secrets = [] }] of services) {
    const words = [...Object.values(environment), ...entrypoint].join(" ");
    for (const [, name] of words.matchAll(/\/run\/secrets\/(\w+)/g)) expect(secrets).toContain(name);
    for (const name of secrets) expect(Object.keys(compose.secrets)).toContain(name);
  }
  for (const { file } of Object.values(compose.secrets)) expect(file).toMatch(/^\.\/secrets\//);
  expect(composeText()).not.toMatch(/(PASSWORD|SECRET|_PWD): *(?!\/run\/)\S/);
  expect(readFileSync(path.join(projectFolder, ".gitignore"), "utf8")).toContain("\nsecrets/\n");
});

test("the script makes every secret but the login of the UI, and keeps those that are there", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "vesper-secrets-"));
  try {
    const script = path.join(projectFolder, "deploy", "make-secrets.sh");
    const made = path.join(folder, "secrets");
    execFileSync("sh", [script, made]);
    const read = (): string[] => readdirSync(made).map((name) => readFileSync(path.join(made, name), "utf8"));
    const first = read();
    execFileSync("sh", [script, made]);
    expect(read()).toEqual(first);
    expect([...readdirSync(made), "temporal_ui_login"].sort()).toEqual(Object.keys(compose.secrets).sort());
    expect(statSync(made).mode & 0o077).toBe(0);
    const secret = readFileSync(path.join(made, "webhook_secret"), "utf8").trim();
    expect(loadSettings({ VESPER_WEBHOOK_SECRET: secret }, "/app").webhookSecret).toBe(secret);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("only the proxy can be reached from outside, and Temporal and the database by our containers alone", () => {
  expect(services.filter(([, { ports = [] }]) => ports.length > 0).map(([name]) => name)).toEqual(["proxy"]);
  for (const name of ["postgres", "temporal"]) expect(compose.services[name]?.networks).toEqual(["inside"]);
  expect(compose.networks["inside"]?.internal).toBe(true);
  expect(compose.services["proxy"]?.networks).toEqual(["edge"]);
});

test("every service starts again, is limited and, when it stays, is watched; ours write to volumes alone", () => {
  for (const [name, service] of services) {
    const { restart, healthcheck, deploy, image = "" } = service;
    expect([name, restart]).toEqual([name, expect.stringMatching(/^(unless-stopped|on-failure)$/)]);
    expect([name, deploy?.resources?.limits]).toEqual([
      name,
      { cpus: expect.any(String), memory: expect.any(String) },
    ]);
    if (restart === "unless-stopped" && name !== "temporal-ui") {
      expect([name, healthcheck?.test[0]]).toEqual([name, "CMD"]);
    }
    expect([name, image]).toEqual([name, expect.stringMatching(/:[\w.-]+$/)]);
  }
  for (const [name, { read_only }] of own) expect([name, read_only]).toEqual([name, true]);
});

test("what is waited for, mounted and shared exists", () => {
  for (const [, service] of services) {
    const { depends_on = {}, networks = [], volumes = [], healthcheck } = service;
    for (const name of Object.keys(depends_on)) expect(compose.services).toHaveProperty(name);
    for (const name of networks) expect(compose.networks).toHaveProperty(name);
    for (const [source = ""] of volumes.map((volume) => volume.split(":"))) {
      if (source.startsWith("./")) expect(existsSync(path.join(projectFolder, source))).toBe(true);
      else if (!source.startsWith("/")) expect(compose.volumes).toHaveProperty(source);
    }
    // Health checks of ours run a script of the image.
    const script = healthcheck?.test.find((word) => word.startsWith("/app/"));
    if (script !== undefined) {
      expect(existsSync(path.join(projectFolder, script.slice("/app/".length)))).toBe(true);
    }
  }
});

test("histories are as short in production as under `vesper up`", () => {
  const settings = readFileSync(path.join(projectFolder, "deploy", "temporal.yaml"), "utf8");
  expect(parse(settings)).toEqual({ "limit.historyCount.suggestContinueAsNew": [{ value: MOST_EVENTS }] });
});

test("the proxy passes on to services and ports that there are", () => {
  const caddyfile = readFileSync(path.join(projectFolder, "deploy", "Caddyfile"), "utf8");
  const upstreams = [
    ...[...caddyfile.matchAll(/dynamic a (\S+) (\d+)/g)].map(([, name, port]) => `${name}:${port}`),
    ...[...caddyfile.matchAll(/reverse_proxy (\S+:\d+)/g)].map(([, address = ""]) => address),
  ];
  const port = loadSettings({}, "/app").port;
  expect(new Set(upstreams)).toEqual(new Set([`api:${port}`, "temporal-ui:8080"]));
  expect(compose.services["temporal-ui"]?.environment?.["TEMPORAL_UI_PORT"]).toBe("8080");
  for (const [, name] of caddyfile.matchAll(/\{\$(\w+)\}/g)) {
    expect(compose.services["proxy"]?.environment).toHaveProperty(name ?? "");
  }
});
