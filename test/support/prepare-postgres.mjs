// Before all tests: one PostgreSQL made and migrated, which every test file copies instead of making its own.
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { PREPARED, preparePostgres } from "./postgres.ts";

export default async function prepare() {
  const folder = mkdtempSync(path.join(os.tmpdir(), "vesper-pg-prepared-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  await preparePostgres(folder);
  process.env[PREPARED] = folder;
}
