/**
 * Fills a database that holds the demonstration with years of work: every table that pages read, by statements that
 * PostgreSQL runs over its own series. Triggers and foreign keys are off meanwhile; the rows keep both.
 */
import type { Client } from "pg";
import type { Observatory } from "../../domain/observatory.ts";

export interface Sizes {
  readonly requests: number;
  readonly images: number;
  readonly journal: number;
  /** Days of weather and device samples, one a minute each. */
  readonly sampleDays: number;
}

const NIGHTS = 1_200;
const USERS = 300;
const PROGRAMMES = 60;
const ALERTS = 2_000;
const SCHEDULES_A_NIGHT = 4;
const ROWS_A_SCHEDULE = 50;
/** The newest schedules carry a problem as long as a real one; older ones a short one. */
const LONG_PROBLEMS = 100;
/** Sequences of the newest request: one for each night of a year. */
const LONG_REQUEST = 365;

export interface Step {
  readonly table: string;
  readonly rows: number;
  readonly seconds: number;
}

/**
 * @param nowMs observatory and wall time of the demonstration that is there already
 * @returns how many rows each step wrote and how long it took
 */
export async function seedYears(
  client: Client,
  observatory: Observatory,
  nowMs: number,
  sizes: Sizes,
): Promise<Step[]> {
  const site = observatory.site.id;
  const now = `timestamptz '${new Date(nowMs).toISOString()}'`;
  const steps: Step[] = [];
  const run = async (table: string, sql: string): Promise<void> => {
    const started = performance.now();
    const { rowCount } = await client.query(sql);
    steps.push({ table, rows: rowCount ?? 0, seconds: (performance.now() - started) / 1_000 });
  };
  await client.query("set session_replication_role = replica");
  await client.query("set synchronous_commit = off");
  await client.query("set work_mem = '256MB'");

  /* ---- People ---- */
  await run(
    "user",
    `insert into "user" (id, mail, name, profile, password_hash, state, created_wall_at)
     select 'U' || (1000 + g), 'person' || g || '@observatory.example', 'Person ' || g,
            (array['user','user','user','expert','operator'])[1 + g % 5], 'scrypt$none', 'active', ${now} - g * interval '3 days'
     from generate_series(1, ${USERS}) g`,
  );
  await run(
    "programme",
    `insert into programme (id, name, kind, priority, description, active)
     select 'P' || (100 + g), 'Programme number ' || g, 'routine', 1 + g % 3, 'What it is for, in a sentence or two.', true
     from generate_series(1, ${PROGRAMMES}) g`,
  );
  await run(
    "membership",
    `insert into membership (user_id, programme_id, role)
     select 'U' || (1000 + g), 'P' || (101 + (g * k) % ${PROGRAMMES}), case when k = 1 then 'pi' else 'member' end
     from generate_series(1, ${USERS}) g, generate_series(1, 3) k on conflict do nothing`,
  );
  // The demonstration's administrator is in all of them, so that the editor offers each.
  await run(
    "membership",
    `insert into membership (user_id, programme_id, role)
     select u.id, p.id, 'member' from "user" u, programme p where u.mail in ('admin@vesper.example', 'user@vesper.example')
     on conflict do nothing`,
  );
  await run(
    "session",
    `insert into session (id, user_id, csrf, address, user_agent, created_wall_at, seen_wall_at, expires_wall_at)
     select md5('s' || g) || md5('t' || g), 'U' || (1001 + g % ${USERS}), md5('c' || g), '192.0.2.1', 'Mozilla/5.0', now(), now(), now() + interval '12 hours'
     from generate_series(1, 500) g`,
  );
  await run(
    "api_token",
    `insert into api_token (hash, name, profile, user_id, created_wall_at)
     select md5('a' || g) || md5('b' || g), 'token ' || g, 'user', 'U' || (1001 + g % ${USERS}), ${now}
     from generate_series(1, 300) g`,
  );
  await run(
    "audit",
    `insert into audit (wall_at, user_id, action, subject, address, details)
     select ${now} - (100000 - g) * interval '10 minutes', 'U' || (1001 + g % ${USERS}), (array['sign-in','request.submit','profile.change'])[1 + g % 3], 'R' || g, '192.0.2.1', '{}'
     from generate_series(1, 100000) g`,
  );

  /* ---- Nights, alerts, alarms ---- */
  const nightOf = (n: string): string =>
    `'${site}/' || to_char(date '2026-11-20' - (${NIGHTS} - (${n})::int), 'YYYY-MM-DD')`;
  const nightStart = (n: string): string => `(${now} - (${NIGHTS} - (${n})) * interval '1 day')`;
  await run(
    "night",
    `insert into night (id, site, date, run, phase, status, started_at, started_wall_at, ended_at, opened_by, almanac, end_reason)
     select ${nightOf("g")}, '${site}', to_char(date '2026-11-20' - (${NIGHTS} - g), 'YYYY-MM-DD'), 1, 'ended', 'ended',
            ${nightStart("g")}, ${nightStart("g")}, ${nightStart("g")} + interval '10 hours', 'night/' || g, '{}', 'dawn'
     from generate_series(0, ${NIGHTS - 1}) g on conflict do nothing`,
  );
  await run(
    "alert",
    `insert into alert (key, site, stream, status, decision, slew, rule, reason, rank, t0_at, ra_deg, dec_deg, error_deg, generation, workflow_id, state, closed, stages, created_wall_at, updated_wall_at)
     select 'swift-' || (900000 + g), '${site}', (array['swift','fermi','svom'])[1 + g % 3], 'closed', case when g % 5 = 0 then 'OBSERVE' else 'RECORD' end,
            g % 5 = 0, 'error radius', 'Its error is 3.1 degrees and the strategy takes at most 1.', 1, t, (g * 137.5)::numeric % 360, (g * 61) % 170 - 85, 0.05, 0, 'alert/swift-' || (900000 + g),
            '{"links":{"swift":"x"},"params":{}}', true,
            jsonb_build_object('T0', extract(epoch from t) * 1000, 'receivedAt', extract(epoch from t) * 1000 + 9000, 'decidedAt', extract(epoch from t) * 1000 + 9040,
              'slewStartedAt', extract(epoch from t) * 1000 + 9900, 'shutterOpenedAt', extract(epoch from t) * 1000 + 31000, 'firstImageAt', extract(epoch from t) * 1000 + 62000),
            t, t
     from (select g, ${now} - (${ALERTS} - g + 1) * interval '14 hours' as t from generate_series(1, ${ALERTS}) g) x`,
  );
  await run(
    "notice",
    `insert into notice (site, ivorn, digest, raw, door, received_at, received_wall_at, parsed, alert_key, needs_delivery, delivered_wall_at, decision, reason)
     select '${site}', 'ivo://nasa.gsfc.gcn/SWIFT#' || g || '-' || k, md5(g || '/' || k) || md5('d' || g || k), convert_to(repeat('<Param name="x" value="y"/>', 160), 'UTF8'),
            'webhook', a.created_wall_at, a.created_wall_at, jsonb_build_object('kind', 'BAT_GRB_Pos', 'params', jsonb_build_object('Trig_ID', g)), a.key, false, a.created_wall_at, a.decision, a.reason
     from generate_series(1, ${ALERTS}) g join alert a on a.key = 'swift-' || (900000 + g), generate_series(1, 5) k`,
  );
  await run(
    "alarm",
    `insert into alarm (site, key, level, text, guidance, page, raised_at, raised_wall_at, times, returned_wall_at, latched, acknowledged_wall_at, acknowledged_by, closed_wall_at)
     select '${site}', 'device:camera-vis', (array['CRITICAL','HIGH','LOW','LOW','LOW'])[1 + g % 5], 'The visible camera does not answer.', 'Look at its power.', '/devices/camera-vis',
            t, t, 1, t + interval '5 minutes', false, t + interval '1 minute', 'operator@vesper.example', t + interval '5 minutes'
     from (select g, ${now} - (5001 - g) * interval '5 hours' as t from generate_series(1, 5000) g) x`,
  );
  await run(
    "hold",
    `insert into hold (site, kind, who, why, since_at, since_wall_at, lifted_at, lifted_wall_at, lifted_by)
     select '${site}', 'weather', 'watch', 'humidity 91 %, limit 85 %', t, t, t + interval '1 hour', t + interval '1 hour', 'watch'
     from (select ${now} - (3001 - g) * interval '9 hours' as t from generate_series(1, 3000) g) x`,
  );

  /* ---- Requests down to images ---- */
  const request = (n: string): string => `'R' || (1000 + ${n})`;
  await run(
    "request",
    `insert into request (id, kind, name, comment, status, programme_id, user_id, created_wall_at, submitted_wall_at)
     select ${request("g")}, 'routine', 'Field ' || g || ' of survey ' || (g % 97), 'Asked for by the bench.',
            case when g > ${Math.floor(sizes.requests * 0.9)} then 'submitted' when g % 40 = 0 then 'withdrawn' else 'completed' end,
            'P' || (101 + g % ${PROGRAMMES}), 'U' || (1001 + g % ${USERS}), t, t
     from (select g, ${now} - (${sizes.requests} - g + 1) * interval '15 minutes' as t from generate_series(1, ${sizes.requests}) g) x`,
  );
  await run(
    "request",
    `insert into request (id, kind, name, comment, status, programme_id, alert_key, created_wall_at, submitted_wall_at)
     select key, 'alert', key, '', 'closed', (select id from programme where kind = 'alert' limit 1), key, created_wall_at, created_wall_at from alert where slew`,
  );
  await run(
    "sequence",
    `insert into sequence (id, request_id, ordinal, generation, target_name, ra_deg, dec_deg, window_start_at, window_end_at, duration_s, overhead_s, priority, constraints, status, status_reason, attempt, updated_wall_at)
     select id || '-' || k, id, k, 0, 'NGC ' || (n * 7 + k) % 7840, (n * 137.508)::numeric % 360, (n * 61.8)::numeric % 110 - 40, created_wall_at, created_wall_at + interval '300 days',
            600, 60, n % 90, '{"minAltDeg":30,"maxAirmass":null,"minMoonSepDeg":25,"maxSunAltDeg":-12}',
            case status when 'completed' then 'executed' when 'withdrawn' then 'withdrawn' else 'submitted' end, null, case status when 'completed' then 1 else 0 end, created_wall_at
     from (select id, status, created_wall_at, substr(id, 2)::int - 1000 as n from request where kind = 'routine' and id ~ '^R[0-9]{4,}$' and name like 'Field %') r,
          lateral generate_series(1, case when n = ${sizes.requests} then ${LONG_REQUEST} when n % 10 = 0 then 3 else 1 end) k`,
  );
  await run(
    "sequence",
    `insert into sequence (id, request_id, ordinal, generation, target_name, ra_deg, dec_deg, window_start_at, window_end_at, duration_s, overhead_s, priority, constraints, status, attempt, updated_wall_at)
     select key || '-g1', key, 1, 1, key, ra_deg, dec_deg, created_wall_at, created_wall_at + interval '1 day', 600, 60, 100,
            '{"minAltDeg":20,"maxAirmass":null,"minMoonSepDeg":0,"maxSunAltDeg":-12}', 'executed', 1, created_wall_at from alert where slew`,
  );
  await run(
    "album",
    `insert into album (id, sequence_id, instrument_id) select id || '-vis', id, 'vis' from sequence s where not exists (select 1 from album a where a.sequence_id = s.id)`,
  );
  await run(
    "plan",
    `insert into plan (id, album_id, ordinal, filter, exposure_s, count)
     select a.id || '-' || k, a.id, k, (array['g','r','i','z'])[1 + (length(a.id) + k) % 4], 60, 5
     from album a, generate_series(1, 2) k where not exists (select 1 from plan p where p.album_id = a.id)`,
  );
  await run(
    "exposure",
    `insert into exposure (id, plan_id, n, attempt, state, camera_id, night_id, intended_start_at, start_at, end_at)
     select plan_id || '/' || n || '/1', plan_id, n, 1, 'stored', 'camera-vis', ${nightOf("night")}, t, t, t + interval '60 seconds'
     from (select plan_id, n, (row_number() over () - 1) * ${NIGHTS} / ${sizes.images} as night,
                  ${now} - ${NIGHTS} * interval '1 day' + (row_number() over ()) * ${NIGHTS}::float8 / ${sizes.images} * interval '1 day' as t
           from (select p.id as plan_id, n from sequence s join album a on a.sequence_id = s.id join plan p on p.album_id = a.id, generate_series(1, 5) n
                 where s.status = 'executed' and not exists (select 1 from exposure e where e.plan_id = p.id) order by s.updated_wall_at, s.id, p.id, n limit ${sizes.images}) x) y`,
  );
  const header = `jsonb_build_object('SIMPLE', true, 'BITPIX', 16, 'NAXIS', 2, 'NAXIS1', 1024, 'NAXIS2', 1024, 'OBJECT', s.target_name, 'EXPTIME', 60, 'FILTER', p.filter,
      'RA', s.ra_deg, 'DEC', s.dec_deg, 'DATE-OBS', e.start_at, 'INSTRUME', 'camera-vis', 'TELESCOP', 'COLIBRI 1.3 m', 'GAIN', 1.5, 'CCD-TEMP', -70.1, 'AIRMASS', 1.32,
      'FOCUSPOS', 12500, 'SITELAT', 31.0442, 'SITELONG', -115.4637, 'OBSERVER', 'Vesper', 'PROGID', 'P101', 'SEQID', s.id, 'PLANID', p.id)`;
  await run(
    "image",
    `insert into image (id, exposure_id, sequence_id, night_id, camera_id, filter, exposure_s, start_at, ra_deg, dec_deg, path, sha256, bytes, width, height, preview_path, header, statistics, stored_wall_at)
     select p.id || '-' || lpad(e.n::text, 3, '0') || '-1', e.id, s.id, e.night_id, 'camera-vis', p.filter, 60, e.start_at, s.ra_deg, s.dec_deg,
            'images/' || e.night_id || '/' || p.id || '-' || e.n || '.fits', md5(e.id) || md5('x' || e.id), 2102400, 1024, 1024, 'images/' || e.night_id || '/' || p.id || '-' || e.n || '.png',
            ${header}, '{"medianAdu":412,"maxAdu":31204}', e.start_at
     from exposure e join plan p on p.id = e.plan_id join album a on a.id = p.album_id join sequence s on s.id = a.sequence_id
     where e.state = 'stored' and not exists (select 1 from image i where i.exposure_id = e.id)`,
  );
  await run(
    "calibrated_image",
    `insert into calibrated_image (id, image_id, kind, path, sha256, bytes, preview_path, calibration_status, masters, warnings, header, statistics, made_at, stored_wall_at)
     select id || '-final', id, 'final', replace(path, '.fits', '-final.fits'), sha256, 4200000, preview_path, 'BDF', '[]', '[]', '{"SIMPLE":true}', '{"medianAdu":12}', start_at, start_at
     from image where start_at > ${now} - interval '240 days' on conflict do nothing`,
  );
  await run(
    "analysis",
    `insert into analysis (sequence_id, state, started_wall_at, ended_wall_at, results)
     select id, 'done', updated_wall_at, updated_wall_at, jsonb_build_object('sources', 412, 'candidates', '[]'::jsonb) from sequence where status = 'executed' and ordinal = 1 and request_id like 'R%' on conflict do nothing`,
  );
  await run(
    "quota_entry",
    `insert into quota_entry (programme_id, kind, seconds, grant_name, at, wall_at, note)
     select 'P' || (100 + g), 'granted', 40000000, 'first', ${now} - interval '1200 days', ${now}, 'semester' from generate_series(1, ${PROGRAMMES}) g`,
  );
  await run(
    "quota_entry",
    `insert into quota_entry (programme_id, sequence_id, attempt, kind, seconds, at, wall_at, note)
     select r.programme_id, s.id, 1, k, 660, s.updated_wall_at, s.updated_wall_at, 'scheduled'
     from sequence s join request r on r.id = s.request_id, unnest(array['reserved', 'spent']) k where s.status = 'executed' and s.attempt = 1 order by s.updated_wall_at, k on conflict do nothing`,
  );
  await run(
    "quota_balance",
    `insert into quota_balance (programme_id, granted_s, spent_s, open_s, available_s)
     select programme_id, coalesce(sum(seconds) filter (where kind = 'granted'), 0), coalesce(sum(seconds) filter (where kind = 'spent'), 0),
            coalesce(sum(case kind when 'reserved' then seconds when 'granted' then 0 else -seconds end), 0),
            coalesce(sum(case kind when 'granted' then seconds when 'returned' then seconds when 'reserved' then -seconds else 0 end), 0)
     from quota_entry group by programme_id
     on conflict (programme_id) do update set granted_s = excluded.granted_s, spent_s = excluded.spent_s, open_s = excluded.open_s, available_s = excluded.available_s`,
  );
  await run("request_number", `select setval('request_number', ${sizes.requests + 2_000}, true)`);
  await run("user_number", `select setval('user_number', ${USERS + 2_000}, true)`);

  /* ---- Schedules ---- */
  await run(
    "schedule",
    `insert into schedule (night_id, made_at, made_wall_at, reason, problem, seed, iterations, objective, policy)
     select ${nightOf("g")}, ${nightStart("g")} + k * interval '2 hours', ${nightStart("g")}, (array['first of the night','an alert ended','late','a request changed'])[k],
            case when g >= ${NIGHTS - LONG_PROBLEMS / SCHEDULES_A_NIGHT} then (select jsonb_agg(jsonb_build_object('id', 'R' || i, 'windows', '[[0,1],[2,3]]'::jsonb, 'priority', i % 90, 'text', md5(i::text))) from generate_series(1, 1000) i) else '{}' end,
            1, 400, 812.5, 'priority'
     from generate_series(0, ${NIGHTS - 1}) g, generate_series(1, ${SCHEDULES_A_NIGHT}) k order by 2`,
  );
  await run(
    "scheduled_sequence",
    `insert into scheduled_sequence (schedule_id, sequence_id, "order", tsp_at, tep_at, delta_tl_ms, delta_tr_ms, score, status, reason_code, reason)
     select p.id, s.id, k, case when k <= 25 then p.made_at + k * interval '12 minutes' end, case when k <= 25 then p.made_at + k * interval '12 minutes' + interval '11 minutes' end,
            60000, 60000, 40, case when k <= 25 then 'done' else 'refused' end, case when k > 25 then 'NOT_OBSERVABLE' end, case when k > 25 then 'It is above 30 degrees only from 02:10 to 02:25 UTC (15 min) and needs 21 min.' end
     from (select id, made_at, row_number() over (order by id) as n from schedule where id not in (select schedule_id from scheduled_sequence)) p cross join generate_series(1, ${ROWS_A_SCHEDULE}) k
     join sequence s on s.id = 'R' || (1000 + 1 + (p.n * 19 + k) % ${sizes.requests}) || '-1' on conflict do nothing`,
  );
  // The demonstration's own schedule stays the newest.
  await run(
    "schedule",
    `with old as (select min(id) as id from schedule), fresh as (
       insert into schedule (night_id, made_at, made_wall_at, reason, problem, seed, iterations, objective, policy)
       select night_id, made_at, made_wall_at, reason || ' (now)', problem, seed, iterations, objective, policy from schedule, old where schedule.id = old.id returning id)
     insert into scheduled_sequence (schedule_id, sequence_id, "order", tsp_at, tep_at, delta_tl_ms, delta_tr_ms, score, status, reason_code, reason, numbers)
     select fresh.id, sequence_id, "order", tsp_at, tep_at, delta_tl_ms, delta_tr_ms, score, status, reason_code, reason, numbers from scheduled_sequence, fresh, old where schedule_id = old.id`,
  );

  /* ---- Calibrations ---- */
  await run(
    "calibration",
    `insert into calibration (id, site, date, run, night_id, opened_by, started_by, status, started_at, started_wall_at, ended_at, groups)
     select to_char(date '2026-11-20' - g, 'YYYY-MM-DD') || '-1', '${site}', to_char(date '2026-11-20' - g, 'YYYY-MM-DD'), 1, null, 'calibration/' || g, 'night', 'ended',
            ${now} - g * interval '1 day', ${now} - g * interval '1 day', ${now} - g * interval '1 day' + interval '1 hour', '[]'
     from generate_series(1, ${NIGHTS}) g`,
  );
  await run(
    "master",
    `insert into master (id, calibration_id, site, night_date, kind, instrument_id, camera_id, filter, exposure_s, camera, binning, readout_mode, size, temperature_c, path, sha256, bytes, preview_path, grade, frames_used, frames_taken, level_adu, noise_adu, read_noise_e, warnings, header, made_at, stored_wall_at)
     select c.id || '-' || k, c.id, '${site}', c.date, kind, 'vis', 'camera-vis', case when kind = 'flat' then (array['g','r','i','z'])[1 + k % 4] else '' end, case when kind = 'bias' then 0 else 60 end,
            'simulated', '1x1', 'default', '1024x1024', -70, 'masters/' || c.id || '-' || k || '.fits', md5(c.id || k) || md5('m' || c.id || k), 4200000, 'masters/' || c.id || '-' || k || '.png', 'good', 9, 10,
            400 + k, 4.2, 5.1, '[]', '{}', c.started_at, c.started_wall_at
     from calibration c, generate_series(1, 8) k, lateral (select (array['bias','dark','flat'])[1 + k % 3] as kind) x where not exists (select 1 from master m where m.calibration_id = c.id)`,
  );
  await run(
    "calibration_frame",
    `insert into calibration_frame (id, calibration_id, group_id, kind, instrument_id, camera_id, filter, exposure_s, n, attempt, state, intended_start_at, start_at, path, sha256, bytes, width, height, preview_path, header, statistics, stored_wall_at, verdict, reasons, level_adu, scatter_adu, deviant_fraction, master_id)
     select m.id || '/' || k || '/1', m.calibration_id, m.id, m.kind, 'vis', 'camera-vis', m.filter, m.exposure_s, k, 1, 'stored', m.made_at, m.made_at, 'calibration/' || m.id || '-' || k || '.fits', m.sha256, 2102400, 1024, 1024,
            'calibration/' || m.id || '-' || k || '.png', '{}', '{}', m.made_at, 'accepted', '[]', 400, 4, 0.001, m.id
     from master m, generate_series(1, 8) k where not exists (select 1 from calibration_frame f where f.master_id = m.id)`,
  );

  /* ---- What only grows ---- */
  await run(
    "journal_entry",
    `insert into journal_entry (wall_at, at, level, module, text, night_id, sequence_id)
     select t, t, case when g % 1000 = 0 then 'alarm' when g % 50 = 0 then 'warning' else 'info' end, (array['night','dome','alert','watch','web','guard'])[1 + g % 6],
            'Sequence R' || (1000 + g % 100000) || '-1: exposure ' || (1 + g % 5) || ' of 5 in r stored, 60 s, max 61 % of full well.', ${nightOf(`g::bigint * ${NIGHTS - 1} / ${sizes.journal}`)}, 'R' || (1000 + g % 100000) || '-1'
     from (select g, ${now} - (${sizes.journal} - g) * interval '100 seconds' - interval '1 hour' as t from generate_series(1, ${sizes.journal}) g) x`,
  );
  await run(
    "device_command",
    `insert into device_command (device_id, command, who, why, at, wall_at, took_s, outcome, detail, once_key)
     select (array['telescope','dome','camera-vis','wheel-vis','focuser'])[1 + g % 5], 'slew', 'night', 'sequence R' || g, t, t, 21.4, 'done', '', 'bench/' || g
     from (select g, ${now} - (100001 - g) * interval '10 minutes' as t from generate_series(1, 100000) g) x`,
  );
  await run(
    "outbox",
    `insert into outbox (topic, destination, key, payload, created_wall_at, state, attempts, next_attempt_wall_at, delivered_wall_at)
     select (array['ic.status','ic.schedule','fsc.report','mail'])[1 + g % 4], (array['ic','ic','fsc','person@observatory.example'])[1 + g % 4], 'bench/' || g,
            jsonb_build_object('to', 'person@observatory.example', 'subject', 'Message ' || g, 'text', repeat('A line of the message. ', 20)), t, 'delivered', 1, t, t
     from (select g, ${now} - (100001 - g) * interval '10 minutes' as t from generate_series(1, 100000) g) x`,
  );
  await run(
    "fsc_message",
    `insert into fsc_message (id, type, sent_wall_at, received_at, received_wall_at, digest, payload)
     select 'bench-' || g, 'strategy.change', t, t, t, md5('f' || g) || md5('g' || g), '{"data":{}}' from (select g, ${now} - (5001 - g) * interval '5 hours' as t from generate_series(1, 5000) g) x`,
  );
  const minutes = sizes.sampleDays * 1_440;
  await run(
    "weather",
    `insert into weather (site, at, wall_at, temperature_c, humidity_pct, dew_point_c, pressure_hpa, wind_ms, gust_ms, wind_direction_deg, rain_mm_h, cloud_pct, sky_temperature_c, sky_quality_mag, seeing_arcsec, safe, reasons)
     select '${site}', t, t, 8 + 5 * sin(g / 230.0), 45 + 20 * sin(g / 700.0), -2, 723, 4 + 3 * sin(g / 90.0), 6, g % 360, 0, 3, -30, 21.3, 1.4, g % 5000 > 60, case when g % 5000 > 60 then '[]'::jsonb else '["humidity 91 %, limit 85 %"]'::jsonb end
     from (select g, ${now} - (${minutes} - g) * interval '1 minute' as t from generate_series(1, ${minutes}) g) x`,
  );
  await run(
    "device",
    `insert into device (unique_id, device_id, type, name, blocking, state, since_wall_at, "values", seen_wall_at)
     values ${observatory.devices
       .map(
         ({ uniqueId, id, type, name, blocking }) =>
           `('${uniqueId}', '${id}', '${type}', '${name.replaceAll("'", "''")}', ${blocking}, 'UP', ${now}, '{"temperatureC":-70.1,"position":3,"altDeg":47.3}', ${now})`,
       )
       .join(", ")} on conflict do nothing`,
  );
  for (const { uniqueId } of observatory.devices) {
    await run(
      "device_status",
      `insert into device_status (unique_id, at, wall_at, state, cause, "values")
       select '${uniqueId}', t, t, 'UP', case when g % 3000 = 0 then 'change' else 'sample' end, jsonb_build_object('temperatureC', -70 + sin(g / 60.0), 'coolerPowerPct', 40, 'position', g % 4, 'altDeg', 40 + 20 * sin(g / 200.0))
       from (select g, ${now} - (${minutes} - g) * interval '1 minute' as t from generate_series(1, ${minutes}) g) x`,
    );
  }
  await client.query("set session_replication_role = default");
  const started = performance.now();
  await client.query("vacuum (analyze)");
  steps.push({ table: "vacuum analyze", rows: 0, seconds: (performance.now() - started) / 1_000 });
  return steps;
}
