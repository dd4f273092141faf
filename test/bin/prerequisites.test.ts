import net from "node:net";
import type { AddressInfo } from "node:net";
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { projectFolder } from "../../adapters/config/read-settings.ts";
import { loadSettings } from "../../adapters/config/settings.ts";
import type { RunRecord } from "../../adapters/processes/run-list.ts";
import { table } from "../../bin/commands/check.ts";
import { checkPrerequisites, neededPorts } from "../../bin/up/prerequisites.ts";
import type { Finding } from "../../bin/up/prerequisites.ts";
import { scratchFolder } from "./process-kit.ts";

const folder = scratchFolder();
const servers: net.Server[] = [];
afterAll(() => {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A program that says it is a Temporal CLI, so that nothing is looked for or built. */
const CLI = path.join(folder, "temporal");
writeFileSync(CLI, '#!/bin/sh\necho "temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)"\n');
chmodSync(CLI, 0o755);

async function listen(): Promise<number> {
  const server = net.createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

async function freePort(): Promise<number> {
  const port = await listen();
  await new Promise((resolve) => servers.pop()?.close(resolve));
  return port;
}

/** Settings on ports that are free, changed by `env`, and what the check finds. */
async function check(
  env: Record<string, string> = {},
  ours: readonly RunRecord[] = [],
): Promise<readonly Finding[]> {
  const names = ["PORT", "TEMPORAL_PORT", "TEMPORAL_UI_PORT", "POSTGRES_PORT", "ALPACA_PORT", "GUARD_PORT"];
  const ports = Object.fromEntries(
    await Promise.all(names.map(async (name) => [`VESPER_${name}`, String(await freePort())] as const)),
  );
  const all = {
    ...ports,
    VESPER_HOME: path.join(folder, "home"),
    VESPER_TEMPORAL_CLI: CLI,
    PATH: process.env["PATH"] ?? "",
    ...env,
  };
  const { findings } = await checkPrerequisites(loadSettings(all, projectFolder), all, ours, () => {});
  return findings;
}

const missing = (findings: readonly Finding[]): string[] =>
  findings.filter(({ ok }) => !ok).map(({ words }) => words);

test("on a machine that has all, nothing is missing, and the table says so", async () => {
  const findings = await check();
  expect(missing(findings)).toEqual([]);
  expect(table(findings)).toMatch(/^ok {7}system +Node v/);
  expect(table(findings)).not.toContain("MISSING");
});

test("a port held by a stranger is told with the setting that changes it", async () => {
  const port = await listen();
  expect(missing(await check({ VESPER_ALPACA_PORT: String(port) }))).toEqual([
    `Port ${port} is wanted for the simulated devices but another program listens on it: end that program, or set VESPER_ALPACA_PORT to a free port.`,
  ]);
});

test("a port held by one of ours is no obstacle", async () => {
  const port = await listen();
  const ours = [{ part: "api", pid: 1, started: "x", ports: [port] }];
  expect(missing(await check({ VESPER_PORT: String(port) }, ours))).toEqual([]);
});

test("servers that do not answer are told in one sentence each, without the password", async () => {
  const port = await freePort();
  const words = missing(
    await check({
      DATABASE_URL: `postgres://me:sesame@127.0.0.1:${port}/vesper`,
      TEMPORAL_ADDRESS: `127.0.0.1:${port}`,
    }),
  );
  expect(words).toHaveLength(2);
  expect(words[0]).toMatch(
    /^DATABASE_URL names a PostgreSQL at 127\.0\.0\.1:\d+\/vesper that cannot be used \(.*ECONNREFUSED.*\): start it or/,
  );
  expect(words[1]).toMatch(
    /^TEMPORAL_ADDRESS is 127\.0\.0\.1:\d+, where no Temporal server answers within 5 s: start it or/,
  );
  expect(words.join()).not.toContain("sesame");
}, 20_000);

test("a server that takes the connection and says nothing is given up", async () => {
  const port = await listen();
  const words = missing(await check({ DATABASE_URL: `postgres://me:x@127.0.0.1:${port}/vesper` }));
  expect(words).toEqual([
    expect.stringMatching(/^DATABASE_URL names a PostgreSQL at .* that cannot be used \(.*timeout/),
  ]);
}, 20_000);

test("a Temporal CLI that is none is told", async () => {
  expect(missing(await check({ VESPER_TEMPORAL_CLI: "/bin/true" }))).toEqual([
    'VESPER_TEMPORAL_CLI is "/bin/true", which is not a Temporal CLI that runs here: correct it, or unset it to have one found.',
  ]);
});

test("where there is no Temporal to be had, the one sentence says what was tried and what to do", async () => {
  // No network is asked: the folder of the cache is taken up by a file, so the download cannot begin.
  const cache = path.join(folder, "cache-file");
  writeFileSync(cache, "");
  const [words, ...more] = missing(
    await check({ VESPER_TEMPORAL_CLI: "", PATH: folder + "/empty", XDG_CACHE_HOME: cache }),
  );
  expect(more).toEqual([]);
  expect(words).toMatch(
    /^There is no Temporal CLI: none in VESPER_TEMPORAL_CLI, on PATH or in .*; .*; it could not be built, because there is no Go\. Install it .*or set TEMPORAL_ADDRESS/,
  );
});

test("an observatory file that is not right stops everything, with the field", async () => {
  const file = path.join(folder, "observatory.json");
  writeFileSync(file, "{}");
  const [words] = missing(await check({ VESPER_OBSERVATORY: file }));
  expect(words).toContain("site is missing");
});

test("external servers need no ports of ours, real devices no simulators", () => {
  const settings = loadSettings({ DATABASE_URL: "postgres://h/d", TEMPORAL_ADDRESS: "h:1" }, projectFolder);
  const device = {
    id: "dome",
    type: "dome",
    name: "",
    address: "http://10.0.0.5:11111",
    number: 0,
    uniqueId: "x",
    blocking: true,
  } as const;
  const ports = neededPorts(settings, { devices: [device] } as never);
  expect(ports.map(({ setting }) => setting)).toEqual(["VESPER_PORT", "VESPER_GUARD_PORT"]);
});
