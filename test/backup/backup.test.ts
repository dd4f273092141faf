import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Client } from "pg";
import { restoringFile } from "../../adapters/home/restoring.ts";
import { backupsIn, makeBackup, pruneBackups } from "../../bin/backup/make-backup.ts";
import { lossSentences } from "../../bin/backup/losses.ts";
import { readManifest } from "../../bin/backup/manifest.ts";
import { restoreBackup, type RestoreDeps } from "../../bin/backup/restore-backup.ts";
import { faultsOf } from "../../bin/backup/verify.ts";
import { migrate } from "../../db/migrate.ts";
import { MIGRATIONS } from "../../db/migrations/migrations.ts";
import { startPostgres, type TestPostgres } from "../support/postgres.ts";

const FRAME = Buffer.from("the pixels of a frame");
const IMAGE = "images/2026-11-20/S1-vis-1-001-1.fits";
let server: TestPostgres;
let folder: string;
let home: string;
let to: string;
let databases = 0;

beforeAll(async () => {
  server = await startPostgres();
  // Migrating takes longer than all else: once for all.
  await fill(await server.createDatabase("mid_night"), PRESENT);
  await migrate(await server.createDatabase("newest"));
});
afterAll(async () => {
  await server?.stop();
});
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "vesper-backup-"));
  home = path.join(folder, "home");
  to = path.join(folder, "backups");
  mkdirSync(home);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const PRESENT = MIGRATIONS.map(({ name }) => name);

async function fill(url: string, migrations: readonly string[]): Promise<string> {
  await migrate(url, migrations);
  await query(url, ROWS);
  return url;
}

/** A database in mid-night, and its one image: one sequence executing, one frame stored, the next one exposing. */
async function midNight(): Promise<string> {
  write(IMAGE, FRAME);
  return copyOf("mid_night");
}

async function copyOf(template: string): Promise<string> {
  databases += 1;
  const url = await server.createDatabase(`${template}_${databases}`, template);
  return url;
}

function write(relative: string, content: Buffer | string): void {
  const file = path.join(home, relative);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
}

async function query<Row>(url: string, sql: string): Promise<Row[]> {
  const client = new Client(url);
  await client.connect();
  try {
    const results = await client.query(sql);
    return (Array.isArray(results) ? results.at(-1).rows : results.rows) as Row[];
  } finally {
    await client.end();
  }
}

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** Strings with all that the text format of COPY has to escape, and one megabyte. */
const ODD = String.raw`tab	back\slash \N "quote" é 星 ${"x".repeat(1_000_000)}`.replace(
  "tab",
  "line\nfeed\r\ttab",
);

const ROWS = `
  insert into clock values (1, '2026-11-20T23:00Z', '2026-11-20T12:00Z', 60, 3, '2026-11-21T03:00Z', '2026-11-20T12:04Z');
  insert into lease values ('colibri', 'night/colibri/2026-11-20', 7, now());
  insert into night values ('colibri/2026-11-20', 'colibri', '2026-11-20', 1, 'observing', 'open',
    '2026-11-20T23:00Z', now(), null, 'x#1', '{"dawnMs": 1795258800000}', null);
  insert into programme values ('P', 'p', 'routine', 1, ${literal(ODD)}, true);
  insert into "user" values ('U0001', 'a@b.c', 'A', 'admin', 'hash', 'active', now(), null);
  insert into request (id, kind, name, comment, status, programme_id, user_id, created_wall_at)
    values ('R0041', 'routine', 'r', '', 'submitted', 'P', 'U0001', now());
  insert into sequence (id, request_id, ordinal, generation, target_name, ra_deg, dec_deg, window_start_at, window_end_at,
      duration_s, overhead_s, priority, constraints, status, attempt, updated_wall_at)
    values ('S1', 'R0041', 1, 0, 't', 10.123456789012345, -20, '2026-11-20T23:00Z', '2026-11-21T05:00Z', 100.125, 10, 1,
      '{}', 'executing', 1, now());
  insert into album values ('A1', 'S1', 'vis');
  insert into plan values ('S1-vis-1', 'A1', 1, 'r', 60, 2);
  insert into exposure values ('S1-vis-1/1/1', 'S1-vis-1', 1, 1, 'stored', 'camera-vis', 'colibri/2026-11-20', now(), now(), now(), null);
  insert into exposure values ('S1-vis-1/2/1', 'S1-vis-1', 2, 1, 'exposing', 'camera-vis', 'colibri/2026-11-20', now(), now(), null, null);
  insert into image (id, exposure_id, sequence_id, night_id, camera_id, filter, exposure_s, start_at, ra_deg, dec_deg, path,
      sha256, bytes, width, height, header, statistics, stored_wall_at)
    values ('S1-vis-1-001-1', 'S1-vis-1/1/1', 'S1', 'colibri/2026-11-20', 'camera-vis', 'r', 60, now(), 10, -20, '${IMAGE}',
      '${sha256(FRAME)}', 21, 4, 4, '{}', '{}', now());
  insert into quota_entry (programme_id, kind, seconds, grant_name, at, wall_at, note)
    values ('P', 'granted', 10, 'first', now(), now(), '');
  select setval('request_number', 41);
`;

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function backUp(url: string, nowWallMs = Date.now()) {
  return makeBackup({
    home,
    site: "colibri",
    version: "0",
    databaseUrl: url,
    temporalDatabases: [],
    to,
    nowWallMs,
  });
}

async function restored(from: string, change: Partial<RestoreDeps> = {}) {
  const url = await copyOf("newest");
  const losses = await restoreBackup({
    home,
    folder: from,
    manifest: await readManifest(from),
    database: async () => url,
    databaseIsExternal: false,
    temporalDatabases: [],
    withoutWorkflows: false,
    nowWallMs: Date.now(),
    say: () => undefined,
    ...change,
  });
  return { url, losses };
}

/** All rows of all tables, as the database writes them. */
async function contentOf(url: string): Promise<Record<string, unknown[]>> {
  const tables = await query<{ name: string }>(
    url,
    "select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1",
  );
  const content: Record<string, unknown[]> = {};
  for (const { name } of tables) {
    const rows = await query<{ row: string }>(url, `select t::text as row from "${name}" t order by 1`);
    content[name] = rows.map(({ row }) => sha256(Buffer.from(row)));
  }
  return content;
}

describe("a backup that is put back", () => {
  test("has every row, file and number as it was, though more was written while it was made", async () => {
    const url = await midNight();
    temporalFile();
    write("histories/2026-11-19/night.json", "{}");
    const before = await contentOf(url);
    const { folder: made, manifest } = await backUp(url);
    expect(manifest.problems).toEqual([]);
    expect(manifest).toMatchObject({ openNight: "colibri/2026-11-20", site: "colibri" });
    expect(await faultsOf(made, manifest)).toEqual([]);
    rmSync(home, { recursive: true });

    const { url: back, losses } = await restored(made);
    const after = await contentOf(back);
    expect(after["journal_entry"]).toHaveLength(1);
    expect({ ...after, journal_entry: [] }).toEqual(before);
    expect(readFileSync(path.join(home, IMAGE))).toEqual(FRAME);
    expect(readFileSync(path.join(home, "histories/2026-11-19/night.json"), "utf8")).toBe("{}");
    expect(JSON.parse(readFileSync(path.join(home, "lease.json"), "utf8"))).toEqual({
      holder: "night/colibri/2026-11-20",
      generation: 7,
    });
    const temporal = new DatabaseSync(path.join(home, "temporal.db"));
    expect({ ...temporal.prepare("select * from t").get() }).toEqual({ x: 1 });
    temporal.close();
    expect(losses).toMatchObject({
      workflows: "as they were",
      exposuresUnderWay: ["S1-vis-1/2/1"],
      sequencesExecuting: ["S1"],
      orphans: [],
    });
    const [number] = await query<{ n: string }>(back, "select nextval('request_number') as n");
    expect(Number(number?.n)).toBe(1_001);
    // The rules are in force again.
    await expect(query(back, "delete from quota_entry")).rejects.toThrow(/append-only/);
  });

  test("says which images are newer than its rows, and keeps them where nothing is written over them", async () => {
    const url = await midNight();
    const { folder: made } = await backUp(url);
    write("images/2026-11-20/S1-vis-1-002-1.fits", "taken after the backup");
    const { losses } = await restored(made);
    expect(losses.orphans).toHaveLength(1);
    const kept = losses.orphans[0]?.path ?? "";
    expect(kept).toMatch(/replaced\/.*\/images\/2026-11-20\/S1-vis-1-002-1\.fits$/);
    expect(readFileSync(kept, "utf8")).toBe("taken after the backup");
    expect(existsSync(path.join(home, "images/2026-11-20/S1-vis-1-002-1.fits"))).toBe(false);
    expect(lossSentences(losses).join(" ")).toContain("1 images were taken after the backup");
  });

  test("without workflows leaves no row that only a workflow would bring to its end", async () => {
    const url = await midNight();
    const { folder: made } = await backUp(url);
    rmSync(home, { recursive: true });
    const { url: back } = await restored(made, { withoutWorkflows: true });
    expect(await query(back, "select id, state from exposure order by id")).toEqual([
      { id: "S1-vis-1/1/1", state: "stored" },
      { id: "S1-vis-1/2/1", state: "lost" },
    ]);
    expect(await query(back, "select holder, generation from lease")).toEqual([
      { holder: "observatory/colibri", generation: 8 },
    ]);
    // Its dawn is not past: it goes on as the next run.
    expect(await query(back, "select status from night")).toEqual([{ status: "open" }]);
  });

  test("of an earlier version is brought to the present shape, with its rows", async () => {
    const early = PRESENT.slice(0, -1);
    write(IMAGE, FRAME);
    const url = await fill(await server.createDatabase("early"), early);
    const { folder: made, manifest } = await backUp(url);
    expect(manifest.migrations).toEqual(early);
    const empty = await server.createDatabase("empty");
    const { url: back } = await restored(made, { database: async () => empty }).then(() => ({ url: empty }));
    expect(await query(back, "select count(*)::int as n from migration")).toEqual([{ n: MIGRATIONS.length }]);
    expect(await query(back, "select count(*)::int as n from sequence")).toEqual([{ n: 1 }]);
  });

  test("replaces what somebody else's database holds, all or nothing", async () => {
    const url = await midNight();
    const { folder: made } = await backUp(url);
    const other = await midNight();
    await query(
      other,
      "insert into programme values ('Q', 'q', 'routine', 1, '', true); create table strange (x int)",
    );
    await restored(made, { database: async () => other, databaseIsExternal: true });
    expect(await query(other, "select id from programme")).toEqual([{ id: "P" }]);
    expect(await query(other, "select to_regclass('strange') as there")).toEqual([{ there: null }]);
  });
});

describe("what is no whole backup", () => {
  test("a damaged file is found by name, and so is one that is gone", async () => {
    const url = await midNight();
    const { folder: made, manifest } = await backUp(url);
    appendFileSync(path.join(made, "files", IMAGE), "x");
    rmSync(path.join(made, "database", "sequence.copy.gz"));
    const faults = await faultsOf(made, manifest);
    expect(faults).toHaveLength(2);
    expect(faults.join(" ")).toMatch(
      /sequence\.copy\.gz cannot be read: ENOENT.*S1-vis-1-001-1\.fits is damaged/,
    );
  });

  test("one that was cut off is none, and is removed with the old ones", async () => {
    const half = path.join(to, ".2026-11-20T00-00-00Z.999999999.part");
    mkdirSync(half, { recursive: true });
    await expect(readManifest(half)).rejects.toThrow(/holds no whole backup/);
    const url = await midNight();
    const start = Date.parse("2026-11-20T00:00:00Z");
    for (const second of [1, 2, 3]) await backUp(url, start + second * 1_000);
    await pruneBackups(to, 2);
    expect((await backupsIn(to)).map((name) => path.basename(name))).toEqual([
      "2026-11-20T00-00-02Z",
      "2026-11-20T00-00-03Z",
    ]);
    expect(existsSync(half)).toBe(false);
    // The newer ones name the same bytes on the disk; the older one is whole without them.
    const [older, newer] = await backupsIn(to);
    expect(statSync(path.join(older ?? "", "files", IMAGE)).ino).toBe(
      statSync(path.join(newer ?? "", "files", IMAGE)).ino,
    );
  });

  test("what is missing or damaged in the home is told, and the rest is backed up", async () => {
    const url = await midNight();
    write(IMAGE, "something else");
    const { manifest } = await backUp(url);
    expect(manifest.problems).toEqual([
      expect.stringContaining("Temporal's state is not in this backup"),
      `${IMAGE} is damaged: its SHA-256 is not the one of its row.`,
    ]);
    rmSync(path.join(home, IMAGE));
    const again = await backUp(url, Date.now() + 2_000);
    expect(again.manifest.problems).toContain(
      `${IMAGE} is missing: a row names it, and it is not in ${home}.`,
    );
  });

  test("a restore that is cut off leaves its mark, and run again ends the same", async () => {
    const url = await midNight();
    const { folder: made } = await backUp(url);
    write("images/2026-11-20/S1-vis-1-002-1.fits", "taken after the backup");
    const cutOff = restored(made, {
      database: async () => {
        throw new Error("the power went");
      },
    });
    await expect(cutOff).rejects.toThrow("the power went");
    expect(existsSync(restoringFile(home))).toBe(true);
    const { losses } = await restored(made);
    expect(existsSync(restoringFile(home))).toBe(false);
    expect(readFileSync(path.join(home, IMAGE))).toEqual(FRAME);
    expect(losses.orphans).toHaveLength(1);
  });
});

/** A file of SQLite, as Temporal's development server keeps one. */
function temporalFile(): void {
  const database = new DatabaseSync(path.join(home, "temporal.db"));
  database.exec("pragma journal_mode = wal; create table t (x int); insert into t values (1)");
  database.close();
}
