import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { observatory, SHUTTER_CLOSED, state } from "../integration/kit.ts";
import type { Observed } from "../support/observed.ts";
import { waitFor } from "../support/stack.ts";
import type { Evidence, Execution } from "./evidence.ts";

/** What was done to the night, known to whoever did it. */
type Deeds = Pick<Evidence, "rate" | "kills" | "simulatorGaps" | "bursts" | "rains">;

/** Reads all that a night has left behind: rows, files, the log of the devices, Temporal's list. */
export async function gather(stack: Observed, deeds: Deeds): Promise<Evidence> {
  const images = await stack.query<Omit<Evidence["images"][number], "fileIsWhole"> & { sha256: string }>(
    `select id, exposure_id as "exposureId", path, sha256, ${ms("start_at")} as "startMs",
            ra_deg as "raDeg", dec_deg as "decDeg" from image`,
  );
  const others = await stack.query<{ path: string }>(OTHER_FILES);
  const files = new Set([...images, ...others].map((row) => row.path));
  const now = await waitFor("the observatory answers", 60_000, () => state(stack));
  return {
    ...deeds,
    site: observatory.site,
    siteId: observatory.site.id,
    observingSunAltDeg: observatory.night.observingSunAltDeg,
    commands: stack.commands(),
    exposures: await stack.query(EXPOSURES),
    images: images.map(({ sha256, ...image }) => ({
      ...image,
      fileIsWhole: digestOf(path.join(stack.home, image.path)) === sha256,
    })),
    orphanFiles: fitsFiles(path.join(stack.home, "images")).filter(
      (file) => !files.has(path.join("images", file)),
    ),
    plans: await stack.query(PLANS),
    sequences: await stack.query(SEQUENCES),
    quota: await stack.query(
      `select programme_id as "programmeId", sequence_id as "sequenceId", attempt, kind, seconds::float8 as seconds from quota_entry`,
    ),
    alerts: await stack.query(ALERTS),
    pendingAlerts: now.pendingAlerts.map(({ alertKey }: { alertKey: string }) => alertKey),
    lostDevices: Object.entries<{ readonly state: string }>(now.devices ?? {}).flatMap(
      ([id, { state: word }]) => (word === "UP" ? [] : [id]),
    ),
    holds: await stack.query(
      `select kind, ${ms("since_at")} as "sinceMs", ${ms("lifted_at")} as "liftedMs" from hold`,
    ),
    nights: await stack.query(`select id, status, end_reason as reason from night`),
    executions: await executions(stack),
    lease:
      (await stack.query<NonNullable<Evidence["lease"]>>("select holder, generation from lease"))[0] ?? null,
    atEnd: {
      domeClosed: (await stack.device("dome", "shutterstatus")) === SHUTTER_CLOSED,
      parked: (await stack.device("telescope", "atpark")) === true,
    },
  };
}

async function executions(stack: Observed): Promise<Execution[]> {
  const found: Execution[] = [];
  const { workflow } = stack.temporal.client;
  for await (const { workflowId, runId, type, status } of workflow.list()) {
    // The list has the length of closed ones only.
    const { historyLength } = await workflow.getHandle(workflowId, runId).describe();
    found.push({ workflowId, type, status: status.name, events: historyLength });
  }
  return found;
}

function digestOf(file: string): string | null {
  return existsSync(file) ? createHash("sha256").update(readFileSync(file)).digest("hex") : null;
}

function fitsFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".fits"));
}

/** Milliseconds of an instant, as a number. */
function ms(column: string): string {
  return `(extract(epoch from ${column}) * 1000)::float8`;
}

const EXPOSURES = `
  select e.id, e.plan_id as "planId", e.n, e.attempt, e.state, e.reason, e.camera_id as "cameraId",
    ${ms("e.intended_start_at")} as "intendedStartMs", ${ms("e.start_at")} as "startMs",
    p.exposure_s::float8 as "exposureS", s.id as "sequenceId", s.ra_deg as "raDeg", s.dec_deg as "decDeg"
  from exposure e join plan p on p.id = e.plan_id join album a on a.id = p.album_id
    join sequence s on s.id = a.sequence_id
  order by e.intended_start_at, e.id`;

/** Files of calibrations and what is made of them. */
const OTHER_FILES = `
  select path from calibration_frame where path is not null union all select path from master
  union all select path from calibrated_image`;

const PLANS = `
  select p.id, a.sequence_id as "sequenceId", p.count from plan p join album a on a.id = p.album_id`;

const SEQUENCES = `
  select s.id, s.status, s.status_reason as reason, s.attempt, r.alert_key as "alertKey"
  from sequence s join request r on r.id = s.request_id`;

const ALERTS = `
  select a.key, a.status, a.reason, a.closed, a.generation,
    (select count(*)::int from request r where r.alert_key = a.key) as requests,
    (select count(*)::int from notice n where n.alert_key = a.key) as notices
  from alert a`;
