import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { encode } from "fast-png";
import type { Database } from "../../../db/orm.ts";
import { NOW_MS } from "./states.ts";
import { observatory } from "./web.ts";

/** Ids of what `everything` stores. */
export const THINGS = {
  alert: "swift-1234567",
  calibration: "colibri/2026-11-20/1",
  master: "2026-11-20-1-vis-dark-60s",
  frame: "2026-11-20-1-vis-dark-60s/1/1",
  applicant: "U0900",
} as const;

/** At least one row of each kind that the demonstration night has none of, so that every answer has something in it. */
export async function everything(database: Database, home: string): Promise<void> {
  const em = database.orm.em.fork();
  const site = observatory.site.id;
  const sha = "a".repeat(64);
  const now = new Date(NOW_MS).toISOString();
  const run = async (sql: string, values: readonly unknown[] = []): Promise<void> => {
    await em.execute(sql, [...values]);
  };
  await mkdir(path.join(home, "masters"), { recursive: true });
  await mkdir(path.join(home, "mail"), { recursive: true });
  await writeFile(path.join(home, "masters/dark.fits"), "SIMPLE  =                    T");
  const grey = encode({ width: 2, height: 2, data: new Uint8Array(4), channels: 1, depth: 8 });
  await writeFile(path.join(home, "masters/dark.png"), grey);
  await writeFile(
    path.join(home, "mail", `${"b".repeat(32)}.txt`),
    `Date: ${new Date(NOW_MS).toUTCString()}\nTo: lea@example.org\nSubject: Welcome\n\nYour account is open.`,
  );
  await run(
    `insert into calibration (id, site, date, run, night_id, opened_by, started_by, status, started_at, started_wall_at, ended_at, reason, groups)
     values (?, ?, '2026-11-20', 1, ?, 'w1', 'dawn', 'ended', ?, ?, ?, 'all groups done', '[]')`,
    [THINGS.calibration, site, `${site}/2026-11-20`, now, now, now],
  );
  await run(
    `insert into master (id, calibration_id, site, night_date, kind, instrument_id, camera_id, filter, exposure_s, camera, binning, readout_mode, size, temperature_c, path, sha256, bytes, preview_path, grade, frames_used, frames_taken, level_adu, noise_adu, read_noise_e, warnings, header, made_at, stored_wall_at)
     values (?, ?, ?, '2026-11-20', 'dark', 'vis', 'camera-vis', '', 60, 'vis', '1x1', 'normal', '1024x1024', -60, 'masters/dark.fits', ?, 30, 'masters/dark.png', 'good', 5, 5, 101.5, 3.2, null, '[]', '{"SIMPLE": true}', ?, ?)`,
    [THINGS.master, THINGS.calibration, site, sha, now, now],
  );
  await run(
    `insert into calibration_frame (id, calibration_id, group_id, kind, instrument_id, camera_id, filter, exposure_s, n, attempt, state, intended_start_at, start_at, path, sha256, bytes, width, height, preview_path, header, statistics, stored_wall_at, verdict, reasons, level_adu, scatter_adu, deviant_fraction, master_id)
     values (?, ?, '2026-11-20-1-vis-dark-60s', 'dark', 'vis', 'camera-vis', '', 60, 1, 1, 'stored', ?, ?, 'masters/frame.fits', ?, 30, 2, 2, 'masters/dark.png', '{}', '{}', ?, 'accepted', '[]', 101, 3, 0.001, ?)`,
    [THINGS.frame, THINGS.calibration, now, now, sha, now, THINGS.master],
  );
  await run(
    `insert into alert (key, site, stream, status, decision, slew, rule, reason, rank, t0_at, ra_deg, dec_deg, error_deg, generation, workflow_id, state, closed, stages, created_wall_at, updated_wall_at)
     values (?, ?, 'swift-bat', 'observed', 'observe', true, 'swift', 'Within the field.', 1, ?, 83.6, 22, 0.05, 1, ?, '{}', true, ?::jsonb, ?, ?)`,
    [THINGS.alert, site, now, `alert/${site}/${THINGS.alert}`, JSON.stringify({ t0: NOW_MS }), now, now],
  );
  await run(
    `insert into notice (site, ivorn, digest, raw, door, received_at, received_wall_at, parsed, alert_key, needs_delivery, delivered_wall_at, decision, reason)
     values (?, 'ivo://nasa.gsfc.gcn/SWIFT#1', 'd1', ?, 'webhook', ?, ?, '{"stream": "swift-bat"}', ?, false, ?, 'observe', 'Within the field.')`,
    [site, Buffer.from("<voe:VOEvent></voe:VOEvent>"), now, now, THINGS.alert, now],
  );
  await run(
    `insert into alarm (site, key, level, text, guidance, page, raised_at, raised_wall_at, times, latched)
     values (?, 'device:camera-vis', 'HIGH', 'The camera does not answer.', 'Look whether it has power.', '/devices', ?, ?, 1, true)`,
    [site, now, now],
  );
  await run(
    `insert into hold (site, kind, who, why, since_at, since_wall_at, lifted_at, lifted_wall_at, lifted_by)
     values (?, 'weather', 'observatory', 'Humidity 91 %, limit 85 %.', ?, ?, ?, ?, 'observatory')`,
    [site, now, now, now, now],
  );
  await run(
    `insert into device_command (device_id, command, who, why, at, wall_at, took_s, outcome, detail, once_key)
     values ('telescope', 'slew to M 51', 'night/colibri/2026-11-20', 'sequence R0001-1', ?, ?, 12.4, 'done', '', 'once')`,
    [now, now],
  );
  await run(
    `insert into outbox (topic, destination, key, payload, created_wall_at, state, attempts, next_attempt_wall_at, last_problem)
     values ('ic.schedule', 'ic', 'schedule/900', '{"scheduleId": 1}', ?, 'failed', 3, ?, 'IC answered 422.')`,
    [now, now],
  );
  await run(
    `insert into fsc_message (id, type, sent_wall_at, received_at, received_wall_at, digest, payload)
     values ('m1', 'strategy.default', ?, ?, ?, ?, '{"type": "strategy.default", "data": {"strategyId": "wide-field", "reason": "campaign"}}')`,
    [now, now, now, sha],
  );
  for (const [id, name] of [
    [THINGS.applicant, "lea"],
    ["U0901", "leo"],
    ["U0902", "lia"],
  ] as const) {
    await run(
      `insert into "user" (id, mail, name, profile, password_hash, state, created_wall_at) values (?, ?, ?, 'user', 'x', 'pending', ?)`,
      [id, `${name}@example.org`, name, now],
    );
    await run(
      `insert into membership_application (user_id, motive, asked_wall_at, mode, deadline_wall_at, reason)
       values (?, 'Host galaxies of bursts', ?, 'administrator', ?, '')`,
      [id, now, new Date(NOW_MS + 7 * 86_400_000).toISOString()],
    );
  }
}
