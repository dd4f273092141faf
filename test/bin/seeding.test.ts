import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { ConfigurationError } from "../../adapters/config/explain.ts";
import { loadObservatory } from "../../adapters/config/observatory.ts";
import { projectFolder } from "../../adapters/config/read-settings.ts";
import { loadSettings } from "../../adapters/config/settings.ts";
import { seedDatabase } from "../../bin/up/seeding.ts";
import { type Database, openDatabase } from "../../db/orm.ts";
import { startPostgres, type TestPostgres } from "../support/postgres.ts";

const SITE = path.join(projectFolder, "observatories");
const folder = mkdtempSync(path.join(os.tmpdir(), "vesper-seeding-"));
let server: TestPostgres;
let database: Database;

beforeAll(async () => {
  server = await startPostgres();
  database = await openDatabase(await server.createMigrated("seeding"));
});
afterAll(async () => {
  await database?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("a site whose alerts nobody decides does not start, and says which file is missing", async () => {
  const observatoryFile = path.join(folder, "observatory.json");
  mkdirSync(folder, { recursive: true });
  copyFileSync(path.join(SITE, "colibri.json"), observatoryFile);
  const settings = loadSettings({ VESPER_OBSERVATORY: observatoryFile }, folder);
  const observatory = loadObservatory(observatoryFile, {});
  const seeded = async () =>
    seedDatabase({ settings, database, observatory, demo: false, nowMs: Date.UTC(2026, 10, 20) });

  const error = await seeded().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConfigurationError);
  expect((error as ConfigurationError).message).toContain("there is no default strategy");
  expect((error as ConfigurationError).message).toContain(path.join(folder, "strategies", "default.json"));

  cpSync(path.join(SITE, "strategies"), path.join(folder, "strategies"), { recursive: true });
  await expect(seeded()).resolves.toMatchObject({ demo: [], administrators: 0 });
});
