import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { MikroORM } from "@mikro-orm/postgresql";
import { Client, type QueryResultRow } from "pg";
import { migrate } from "../../db/migrate.ts";
import { openDatabase } from "../../db/orm.ts";
import { ormOptions } from "../../db/orm-options.ts";
import { freePort, startPostgres, type TestPostgres } from "../support/postgres.ts";

let server: TestPostgres;

beforeAll(async () => {
  server = await startPostgres();
});

afterAll(async () => {
  await server?.stop();
});

async function query<R extends QueryResultRow>(url: string, sql: string): Promise<R[]> {
  const client = new Client(url);
  await client.connect();
  try {
    return (await client.query<R>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Columns with their types, and constraints with their rules, as the database itself says them. */
async function shapeOf(url: string): Promise<string[]> {
  const columns = await query<{ line: string }>(
    url,
    `select table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' '
            || coalesce(datetime_precision::text, '') || coalesce(numeric_precision::text, '') as line
     from information_schema.columns where table_schema = 'public' and table_name <> 'migration'`,
  );
  const constraints = await query<{ line: string }>(
    url,
    `select conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) as line
     from pg_constraint where connamespace = 'public'::regnamespace and conrelid::regclass::text <> 'migration'`,
  );
  return [...columns, ...constraints].map((row) => row.line).toSorted();
}

test("the migrations make the tables that the entities describe", async () => {
  const migrated = await server.createDatabase("migrated");
  await migrate(migrated);
  const described = await server.createDatabase("described");
  const orm = new MikroORM(
    ormOptions(described, { connectTimeoutMs: 2_000, statementTimeoutMs: 0, poolMax: 2 }),
  );
  try {
    await orm.em.fork().execute(await orm.schema.getCreateSchemaSQL());
  } finally {
    await orm.close(true);
  }
  const shape = await shapeOf(migrated);
  expect(shape.length).toBeGreaterThan(200);
  expect(shape).toEqual(await shapeOf(described));
});

test("instants are timestamps to the millisecond", async () => {
  const url = await server.createDatabase("instants");
  await migrate(url);
  const others = await query(
    url,
    `select table_name, column_name from information_schema.columns
     where table_schema = 'public' and table_name <> 'migration' and column_name ~ '(^|_)at$'
       and (data_type <> 'timestamp with time zone' or datetime_precision <> 3)`,
  );
  expect(others).toEqual([]);
});

test("migrating twice, by two processes at once, runs each migration once", async () => {
  const url = await server.createDatabase("twice");
  const ran = await Promise.all([migrate(url), migrate(url)]);
  expect(ran.flat()).toEqual([...new Set(ran.flat())]);
  expect(ran.flat()).toContain("0001-spine");
  expect(await migrate(url)).toEqual([]);
});

test("the ledger refuses to be changed", async () => {
  const url = await server.createDatabase("ledger");
  await migrate(url);
  await query(
    url,
    `insert into programme (id, name, kind, priority, description, active) values ('P', 'p', 'routine', 1, '', true);
     insert into quota_entry (programme_id, kind, seconds, grant_name, at, wall_at, note)
     values ('P', 'granted', 10, 'first', now(), now(), '')`,
  );
  await expect(query(url, "update quota_entry set seconds = 20")).rejects.toThrow(
    /append-only: update refused/,
  );
  await expect(query(url, "delete from quota_entry")).rejects.toThrow(/append-only: delete refused/);
});

test("a database that is not there is told in one sentence that names where it was looked for", async () => {
  const port = await freePort();
  const url = `postgresql://vesper:secret@127.0.0.1:${port}/vesper`;
  for (const attempt of [openDatabase(url), migrate(url)]) {
    await expect(attempt).rejects.toMatchObject({
      name: "DatabaseUnavailable",
      message: `PostgreSQL at 127.0.0.1:${port}/vesper does not answer: is it running?`,
    });
  }
});

test("a statement that takes too long is ended, and the connection is good again", async () => {
  const database = await openDatabase(await server.createDatabase("slow"), {
    statementTimeoutMs: 200,
    poolMax: 1,
  });
  try {
    const began = performance.now();
    await expect(database.orm.em.fork().execute("select pg_sleep(5)")).rejects.toThrow(/timeout/);
    expect(performance.now() - began).toBeLessThan(4_500);
    await database.ping();
  } finally {
    await database.close();
  }
});

test("the migrations run forward over the rows of the first version, and lose none", async () => {
  const url = await server.createDatabase("forward");
  await migrate(url, ["0001-spine"]);
  await query(url, FIRST_ROWS);
  const ran = await migrate(url);
  expect(ran).not.toContain("0001-spine");
  expect(ran.length).toBeGreaterThan(5);
  const [counts] = await query(
    url,
    "select (select count(*) from image) images, (select count(*) from night) nights",
  );
  expect(counts).toEqual({ images: "1", nights: "2" });
  // What was left open by an earlier version is ended, with the reason.
  expect(await query(url, "select id, status, end_reason from night order by id")).toEqual([
    { id: "colibri/2026-11-19", status: "ended", end_reason: "ended wrongly: its end was not recorded" },
    { id: "colibri/2026-11-20", status: "open", end_reason: null },
  ]);
});

/** Rows of a night as the first version wrote them. */
const FIRST_ROWS = `
  insert into night values
    ('colibri/2026-11-19', 'colibri', '2026-11-19', 1, 'observing', 'open', now(), now(), null, 'w#0', '{}', null),
    ('colibri/2026-11-20', 'colibri', '2026-11-20', 1, 'observing', 'open', now(), now(), null, 'x#1', '{}', null);
  insert into programme values ('P', 'p', 'routine', 1, '', true);
  insert into "user" values ('U0001', 'a@b.c', 'A', 'admin', 'hash', 'active', now(), null);
  insert into request (id, kind, name, comment, status, programme_id, user_id, created_wall_at)
    values ('R0001', 'routine', 'r', '', 'submitted', 'P', 'U0001', now());
  insert into sequence (id, request_id, ordinal, generation, target_name, ra_deg, dec_deg, window_start_at, window_end_at,
      duration_s, overhead_s, priority, constraints, status, attempt, updated_wall_at)
    values ('S1', 'R0001', 1, 0, 't', 10, -20, now(), now() + interval '1 h', 100, 10, 1, '{}', 'executing', 1, now());
  insert into album (id, sequence_id, instrument_id) values ('A1', 'S1', 'vis');
  insert into plan values ('P1', 'A1', 1, 'r', 60, 2);
  insert into exposure values ('P1/1/1', 'P1', 1, 1, 'stored', 'camera-vis', 'colibri/2026-11-20', now(), now(), now(), null);
  insert into image (id, exposure_id, sequence_id, night_id, camera_id, filter, exposure_s, start_at, ra_deg, dec_deg, path,
      sha256, bytes, width, height, header, statistics, stored_wall_at)
    values ('I1', 'P1/1/1', 'S1', 'colibri/2026-11-20', 'camera-vis', 'r', 60, now(), 10, -20, 'images/I1.fits',
      '${"a".repeat(64)}', 21, 4, 4, '{}', '{}', now());
  insert into schedule (night_id, made_at, made_wall_at, reason, problem, seed, iterations, objective, policy)
    values ('colibri/2026-11-20', now(), now(), 'first', '{}', 1, 1, 1, 'strict');
`;

/** Further rows, so that each kind of thing is there once. */
const LATER_ROWS = `
  insert into alert (key, site, stream, status, decision, slew, rule, reason, rank, generation, workflow_id, state, closed,
      stages, created_wall_at, updated_wall_at)
    values ('swift-1', 'colibri', 'swift', 'active', 'OBSERVE', true, 'r', '', 1, 1, 'w', '{}', false, '{}', now(), now());
  insert into scheduled_sequence (schedule_id, sequence_id, "order", tsp_at, tep_at, status)
    values (1, 'S1', 1, now(), now() + interval '1 min', 'planned');
  insert into lease values ('colibri', 'observatory/colibri', 3, now());
  insert into clock values (1, now(), now(), 60, 0, now(), now());
  insert into hold (site, kind, who, why, since_at, since_wall_at) values ('colibri', 'weather', 'w', 'rain', now(), now());
  insert into calibration (id, site, date, run, opened_by, started_by, status, started_at, started_wall_at, groups)
    values ('C1', 'colibri', '2026-11-20', 1, 'x', 'x', 'open', now(), now(), '[]');
  insert into master (id, calibration_id, site, night_date, kind, instrument_id, camera_id, filter, exposure_s, camera,
      binning, readout_mode, size, path, sha256, bytes, grade, frames_used, frames_taken, level_adu, noise_adu, warnings,
      header, made_at, stored_wall_at)
    values ('M1', 'C1', 'colibri', '2026-11-20', 'bias', 'vis', 'camera-vis', '', 0, 'c', '1x1', 'n', '4x4', 'calibration/m.fits',
      '${"b".repeat(64)}', 1, 'good', 7, 7, 1000, 1, '[]', '{}', now(), now());
  insert into calibration_frame (id, calibration_id, group_id, kind, instrument_id, camera_id, filter, exposure_s, n, attempt,
      state, intended_start_at, path, sha256, bytes, width, height, reasons)
    values ('F1', 'C1', 'g', 'bias', 'vis', 'camera-vis', '', 0, 1, 1, 'stored', now(), 'calibration/f.fits',
      '${"c".repeat(64)}', 1, 4, 4, '[]');
`;

/** What somebody with the database's password might write, and the rule that forbids it. */
const ATTACKS: readonly (readonly [what: string, sql: string, rule: RegExp])[] = [
  ["a sequence of no request", "update sequence set request_id = 'R9'", /sequence_request_id_foreign/],
  ["an album of no sequence", "update album set sequence_id = 'S9'", /album_sequence_id_foreign/],
  ["a plan of no album", "update plan set album_id = 'A9'", /plan_album_id_foreign/],
  ["an exposure of no plan", "update exposure set plan_id = 'P9'", /exposure_plan_id_foreign/],
  ["an exposure of no night", "update exposure set night_id = 'n'", /exposure_night_id_foreign/],
  ["an image of no exposure", "update image set exposure_id = 'e'", /image_exposure_id_foreign/],
  ["an image of no sequence", "update image set sequence_id = 'S9'", /image_sequence_id_foreign/],
  ["an exposure that goes while its image stays", "delete from exposure", /image_exposure_id_foreign/],
  ["a request that goes while its sequences are in plans", "delete from request", /sequence_id_foreign/],
  ["a programme that goes while its requests stay", "delete from programme", /request_programme_id_foreign/],
  ["a night that goes while its images stay", "delete from night where status = 'open'", /night_id_foreign/],
  ["a schedule of no night", "update schedule set night_id = 'n'", /schedule_night_id_foreign/],
  [
    "a row of no schedule",
    "update scheduled_sequence set schedule_id = 9",
    /scheduled_sequence_schedule_id_foreign/,
  ],
  [
    "a row of no sequence",
    "update scheduled_sequence set sequence_id = 'S9'",
    /scheduled_sequence_sequence_id_foreign/,
  ],
  ["a master of no calibration", "update master set calibration_id = 'c'", /master_calibration_id_foreign/],
  [
    "a frame of no calibration",
    "update calibration_frame set calibration_id = 'c'",
    /calibration_frame_calibration_id/,
  ],
  [
    "quota of no programme",
    `insert into quota_entry (programme_id, kind, seconds, grant_name, at, wall_at, note)
    values ('Q', 'granted', 1, 'g', now(), now(), '')`,
    /quota_entry_programme_id_foreign/,
  ],
  [
    "an analysis of no sequence",
    "insert into analysis values ('S9', 'running', now(), null, null, null)",
    /analysis_sequence/,
  ],
  ["two images of one exposure", "insert into image select * from (select * from image) i", /image_pkey/],
  [
    "one file of two images",
    `insert into exposure select 'P1/2/1', plan_id, 2, attempt, state, camera_id, night_id,
      intended_start_at, start_at, end_at, reason from exposure;
    insert into image select 'I2', 'P1/2/1', sequence_id, night_id, camera_id, filter, exposure_s, start_at, ra_deg,
      dec_deg, path, sha256, bytes, width, height, preview_path, header, statistics, stored_wall_at from image`,
    /image_path_unique/,
  ],
  [
    "a frame that was taken twice in one attempt",
    `insert into exposure select 'other', plan_id, n, attempt, state, camera_id,
    night_id, intended_start_at, start_at, end_at, reason from exposure`,
    /exposure_plan_id_n_attempt_unique/,
  ],
  [
    "a frame that began without an intention",
    "update exposure set intended_start_at = null",
    /exposure_started_check/,
  ],
  ["frame number 0", "update exposure set n = 0", /exposure_numbers_check/],
  ["an unknown state", "update exposure set state = 'gone'", /exposure_state_check/],
  ["an image out of the folder", "update image set path = 'images/../../etc/passwd'", /image_path_check/],
  ["an image anywhere on the disk", "update image set path = '/etc/passwd'", /image_path_check/],
  ["a digest that is none", "update image set sha256 = 'x'", /image_sha256_check/],
  ["an image without pixels", "update image set width = 0", /image_numbers_check/],
  ["an image beyond the pole", "update image set dec_deg = 91", /image_dec_check/],
  ["a place that is no number", "update sequence set ra_deg = 'NaN'", /sequence_ra_check/],
  ["a place at infinity", "update sequence set ra_deg = 'Infinity'", /sequence_ra_check/],
  [
    "a window that ends before it begins",
    "update sequence set window_end_at = window_start_at",
    /sequence_window_check/,
  ],
  ["a sequence that takes no time", "update sequence set duration_s = 0", /sequence_duration_check/],
  ["a plan without frames", "update plan set count = 0", /plan_numbers_check/],
  ["an exposure time below zero", "update plan set exposure_s = -1", /plan_numbers_check/],
  [
    "two nights at once",
    "update night set status = 'open', ended_at = null, end_reason = null",
    /night_open_unique/,
  ],
  [
    "a night that is over and does not say why",
    "update night set end_reason = null where status = 'ended'",
    /night_end_reason_check/,
  ],
  [
    "a night that is over without an end",
    "update night set ended_at = null where status = 'ended'",
    /night_end_check/,
  ],
  ["a night under another's name", "update night set id = 'x' where status = 'ended'", /night_id_check/],
  [
    "a planned row without times",
    "update scheduled_sequence set tsp_at = null, tep_at = null",
    /scheduled_sequence_planned_check/,
  ],
  ["half a plan", "update scheduled_sequence set tep_at = null", /scheduled_sequence_times_check/],
  [
    "a refusal without a reason",
    "update scheduled_sequence set status = 'refused'",
    /scheduled_sequence_reason_check/,
  ],
  ["a routine request of nobody", "update request set user_id = null", /request_user_check/],
  ["an alert's request without an alert", "update request set kind = 'alert'", /request_alert_check/],
  ["an album left out without a reason", "update album set skipped_at = now()", /album_skipped_check/],
  ["half a place", "update alert set ra_deg = 10", /alert_place_check/],
  [
    "an alert that is to hear of nothing",
    `insert into notice (site, ivorn, digest, raw, door, received_at, received_wall_at,
    parsed, needs_delivery, decision, reason) values ('colibri', 'i', 'd', '', 'webhook', now(), now(), '{}', true, 'JOIN', '')`,
    /notice_delivery_check/,
  ],
  ["a lease of an empty name", "update lease set holder = ''", /lease_holder_check/],
  [
    "a second clock",
    "insert into clock select 2, start_at, anchor_at, rate, epoch, last_tick_at, last_tick_wall_at from clock",
    /clock_one_row_check/,
  ],
  ["a clock that stands", "update clock set rate = 0", /clock_rate_check/],
  [
    "two holds of one kind",
    `insert into hold (site, kind, who, why, since_at, since_wall_at)
    values ('colibri', 'weather', 'w', 'more rain', now() + interval '1 s', now())`,
    /hold_open_unique/,
  ],
  ["a hold of no kind", "update hold set kind = 'mood'", /hold_kind_check/],
  ["a hold half lifted", "update hold set lifted_wall_at = now(), lifted_by = 'x'", /hold_lifted_at_check/],
  ["a good master of four", "update master set frames_used = 4", /master_grade_frames_check/],
  ["a master of more frames than were taken", "update master set frames_used = 8", /master_numbers_check/],
  ["a bias with a filter", "update master set filter = 'r'", /master_filter_check/],
  [
    "a calibration that failed and does not say why",
    "update calibration set status = 'failed', ended_at = now()",
    /calibration_failed_check/,
  ],
  [
    "a stored frame without its digest",
    "update calibration_frame set sha256 = null",
    /calibration_frame_whole_check/,
  ],
  [
    "a frame refused without a reason",
    "update calibration_frame set verdict = 'rejected'",
    /calibration_frame_rejected_check/,
  ],
  [
    "a refused frame in a master",
    `update calibration_frame set verdict = 'rejected', reasons = '["x"]', master_id = 'M1'`,
    /calibration_frame_judged_check/,
  ],
  [
    "quota below zero",
    `insert into quota_entry (programme_id, kind, seconds, grant_name, at, wall_at, note)
    values ('P', 'granted', -1, 'g', now(), now(), '')`,
    /quota_entry_seconds_check/,
  ],
  [
    "quota of attempt 0",
    `insert into quota_entry (programme_id, sequence_id, attempt, kind, seconds, at, wall_at, note)
    values ('P', 'S1', 0, 'reserved', 1, now(), now(), '')`,
    /quota_entry_attempt_check/,
  ],
  [
    "quota spent by nothing",
    `insert into quota_entry (programme_id, kind, seconds, at, wall_at, note)
    values ('P', 'spent', 1, now(), now(), '')`,
    /quota_entry_subject_check/,
  ],
  [
    "a message delivered at no time",
    `insert into outbox (topic, destination, key, payload, created_wall_at, state, attempts,
    next_attempt_wall_at) values ('ic.status', 'ic', 'k', '{}', now(), 'delivered', 1, now())`,
    /outbox_delivered_check/,
  ],
  [
    "two people of one address",
    `insert into "user" values ('U2', 'a@b.c', 'B', 'user', 'h', 'active', now(), null)`,
    /user_mail_unique/,
  ],
];

test("no row can be an orphan or in a state that cannot be, whoever writes it", async () => {
  const url = await server.createDatabase("attacked");
  await migrate(url, ["0001-spine"]);
  await query(url, FIRST_ROWS);
  await migrate(url);
  await query(url, LATER_ROWS);
  const client = new Client(url);
  await client.connect();
  const survived: string[] = [];
  try {
    for (const [what, sql, rule] of ATTACKS) {
      await client.query("begin");
      const answer = await client.query(sql).then(
        () => "it was written",
        (error: Error & { constraint?: string }) => error.constraint ?? error.message,
      );
      await client.query("rollback");
      if (!rule.test(answer)) survived.push(`${what}: ${answer}`);
    }
  } finally {
    await client.end();
  }
  expect(survived).toEqual([]);
});
