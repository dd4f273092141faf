import type { Client } from "pg";

/** Addresses that stand for one route. */
export interface MeasuredPage {
  /** As the app knows it: `GET /images`. */
  readonly route: string;
  readonly addresses: readonly string[];
}

/** Routes that are measured elsewhere or are none: downloads of files, streams, and questions that lead elsewhere. */
const LEFT_OUT = new Set([
  "GET /events",
  // Files from the disk, see bench/images.
  "GET /api/images/:id.fits",
  "GET /api/images/:id.png",
  "GET /api/masters/:id.fits",
  "GET /api/masters/:id.png",
  "GET /api/calibration-frames/:id.png",
  "GET /api/sequences/:id.tar",
  "GET /api/requests/:id.tar",
  // Links out of mails, good once.
  "GET /sign-up/confirm/:token",
  "GET /recover/:token",
]);

/** Ids of what there is: for each kind the newest, one in the middle, and the largest. */
async function idsIn(client: Client): Promise<Record<string, readonly string[]>> {
  const column = async (sql: string): Promise<string[]> =>
    (await client.query<{ id: string }>(sql)).rows.map(({ id }) => encodeURIComponent(id));
  return {
    request: [
      ...(await column(
        "select id from request where kind = 'routine' order by created_wall_at desc limit 2",
      )),
      ...(await column("select id from request where id = 'R51000'")),
      ...(await column("select request_id as id from sequence group by 1 order by count(*) desc limit 1")),
    ],
    draft: await column("select id from request_draft order by created_wall_at desc limit 1"),
    submitted: await column(
      "select id from request where status = 'submitted' and kind = 'routine' order by id desc limit 3",
    ),
    alert: await column("select key as id from alert where slew order by created_wall_at desc limit 3"),
    notice: (
      await client.query<{ id: string }>(
        "select alert_key || '/notices/' || id as id from notice where alert_key is not null order by id desc limit 1",
      )
    ).rows.map(({ id }) => id),
    image: await column(
      "(select id from image order by start_at desc limit 2) union all (select id from image where start_at < timestamptz '2025-06-01' order by start_at desc limit 1)",
    ),
    schedule: await column("select id::text as id from schedule order by id desc limit 2"),
    programme: await column(
      "(select id from programme order by id limit 2) union all (select programme_id as id from quota_entry group by 1 order by count(*) desc limit 1)",
    ),
    master: await column("select id from master order by made_at desc limit 1"),
    outbox: await column("select id::text as id from outbox order by id desc limit 1"),
    device: await column("select device_id as id from device order by device_id desc limit 1"),
    user: await column('select id from "user" order by id limit 2'),
  };
}

/** Every page and every JSON list, with addresses that there are in this database. */
export async function measuredPages(client: Client, routes: readonly string[]): Promise<MeasuredPage[]> {
  const ids = await idsIn(client);
  const each = (kind: string, address: (id: string) => string): string[] => (ids[kind] ?? []).map(address);
  const known: Readonly<Record<string, readonly string[]>> = {
    /* ---- Pages ---- */
    "GET /": ["/"],
    "GET /night": ["/night"],
    "GET /night/resume": ["/night/resume"],
    "GET /night/end": ["/night/end"],
    "GET /manual": ["/manual"],
    "GET /schedule": ["/schedule"],
    "GET /schedule/:id": each("schedule", (id) => `/schedule/${id}`),
    "GET /schedule/:id/timeline.svg": each("schedule", (id) => `/schedule/${id}/timeline.svg?width=343`),
    "GET /schedules": ["/schedules", "/schedules?page=50", "/schedules?night=2026-11-20"],
    "GET /requests": [
      "/requests",
      "/requests?page=150",
      "/requests?after=1700000000000_R51000&page=1000",
      "/requests?status=submitted",
      "/requests?kind=alert",
      "/requests?mine=1",
      "/requests?text=survey+42",
      "/requests?text=NGC+891",
      "/requests?text=nothing+has+this",
    ],
    "GET /requests/:id": each("request", (id) => `/requests/${id}`),
    "GET /requests/altitude.svg": ["/requests/altitude.svg?ra=83.6&dec=22&night=2026-11-20&width=343"],
    "GET /requests/calculator": ["/requests/calculator?instrument=vis&mode=snr&magnitude=18"],
    "GET /requests/import": ["/requests/import"],
    "GET /requests/:id/edit": each("draft", (id) => `/requests/${id}/edit`),
    "GET /requests/:id/nights": each("draft", (id) => `/requests/${id}/nights`),
    "GET /requests/:id/submit": each("draft", (id) => `/requests/${id}/submit`),
    "GET /requests/:id/delete": each("draft", (id) => `/requests/${id}/delete`),
    "GET /requests/:id/unsubmit": each("submitted", (id) => `/requests/${id}/unsubmit`),
    "GET /alerts": ["/alerts", "/alerts?state=closed&page=20"],
    "GET /alerts/:id": each("alert", (id) => `/alerts/${id}`),
    "GET /alerts/:id/notices/:notice.xml": each("notice", (id) => `/alerts/${id}.xml`),
    "GET /alerts/simulate": ["/alerts/simulate"],
    "GET /alarms": ["/alarms", "/alarms?page=50"],
    "GET /images": [
      "/images",
      "/images?page=150",
      "/images?after=1700000000000_x&page=9000",
      "/images?night=2026-11-19",
      "/images?filter=r",
      "/images?camera=camera-vis&filter=z",
      "/images?filter=nothing+has+this",
    ],
    "GET /images/:id": each("image", (id) => `/images/${id}`),
    "GET /calibrations": ["/calibrations", "/calibrations?page=100", "/calibrations?kind=flat"],
    "GET /calibrations/masters/:id": each("master", (id) => `/calibrations/masters/${id}`),
    "GET /calibrations/trend.svg": ["/calibrations/trend.svg?what=level"],
    "GET /devices": ["/devices"],
    "GET /devices/:id": ["/devices/telescope", "/devices/camera-vis?span=week"],
    "GET /devices/:id/history.svg": [
      "/devices/telescope/history.svg?value=altDeg&width=343",
      "/devices/telescope/history.svg?value=altDeg&width=343&span=week",
    ],
    "GET /weather": ["/weather", "/weather?span=week"],
    "GET /weather/history.svg": [
      "/weather/history.svg?value=humidityPct&width=343",
      "/weather/history.svg?value=humidityPct&width=343&span=week",
    ],
    "GET /outbox": ["/outbox", "/outbox?page=1000", "/outbox?topic=mail"],
    "GET /outbox/:id": each("outbox", (id) => `/outbox/${id}`),
    "GET /system": [
      "/system",
      "/system?first=1",
      "/system?before=500000",
      "/system?text=R51000",
      "/system?level=alarm",
      "/system?module=dome&text=nothing+has+this",
      "/system?night=2025-11-20",
    ],
    "GET /programmes": ["/programmes"],
    "GET /programmes/:id": each("programme", (id) => `/programmes/${id}`),
    "GET /programmes/:id/edit": each("programme", (id) => `/programmes/${id}/edit`),
    "GET /programmes/:id/quota.svg": each("programme", (id) => `/programmes/${id}/quota.svg?width=343`),
    "GET /programmes/new": ["/programmes/new"],
    "GET /users": ["/users", "/users?page=5"],
    "GET /users/:id": each("user", (id) => `/users/${id}`),
    "GET /users/:id/delete": each("user", (id) => `/users/${id}/delete`),
    "GET /applications": ["/applications"],
    "GET /profiles": ["/profiles"],
    "GET /profile": ["/profile"],
    "GET /profile/delete": ["/profile/delete"],
    "GET /mails": ["/mails"],
    "GET /help": ["/help"],
    "GET /help/:page": ["/help/home"],
    "GET /admin": ["/admin"],
    "GET /admin/:table": [
      "/admin/image",
      "/admin/image?text=R51000",
      "/admin/image?sort=start_at",
      "/admin/journal_entry",
      "/admin/exposure?page=200",
      "/admin/request?sort=created_wall_at",
      "/admin/programme?text=number",
    ],
    "GET /admin/:table/row": each("request", (id) => `/admin/request/row?key=${id}`),
    "GET /admin/:table/new": ["/admin/programme/new"],
    "GET /admin/:table/edit": each("programme", (id) => `/admin/programme/edit?key=${id}`),
    "GET /admin/:table/delete": each("programme", (id) => `/admin/programme/delete?key=${id}`),
    "GET /sign-in": ["/sign-in"],
    "GET /sign-up": ["/sign-up"],
    "GET /recover": ["/recover"],
    "GET /public/:name": ["/public/vesper.css"],
    "GET /healthz": ["/healthz"],
    "GET /readyz": ["/readyz"],

    /* ---- JSON ---- */
    "GET /schemas/request-1.json": ["/schemas/request-1.json"],
    "GET /api/openapi.json": ["/api/openapi.json"],
    "GET /api/clock": ["/api/clock"],
    "GET /api/observatory": ["/api/observatory"],
    "GET /api/schedules": ["/api/schedules"],
    "GET /api/schedules/current": each("schedule", () => "/api/schedules/current").slice(0, 1),
    "GET /api/schedules/:id": each("schedule", (id) => `/api/schedules/${id}`),
    "GET /api/requests": [
      "/api/requests",
      "/api/requests?offset=9000",
      "/api/requests?text=NGC+891",
      "/api/requests?after=1700000000000_R51000",
    ],
    "GET /api/requests/:id": each("request", (id) => `/api/requests/${id}`),
    "GET /api/requests/:id/file.json": each("request", (id) => `/api/requests/${id}/file.json`),
    "GET /api/requests/:id/file.yaml": each("request", (id) => `/api/requests/${id}/file.yaml`),
    "GET /api/request-drafts": ["/api/request-drafts"],
    "GET /api/request-drafts/:id": each("draft", (id) => `/api/request-drafts/${id}`),
    "GET /api/exposure-time": [
      "/api/exposure-time?instrument=vis&mode=snr&filter=r&magnitude=18&exposureS=60",
    ],
    "GET /api/alerts": ["/api/alerts"],
    "GET /api/alerts/:id": each("alert", (id) => `/api/alerts/${id}`),
    "GET /api/alarms": ["/api/alarms"],
    "GET /api/images": [
      "/api/images",
      "/api/images?filter=r&offset=9000",
      "/api/images?after=1700000000000_x",
    ],
    "GET /api/images/:id": each("image", (id) => `/api/images/${id}`),
    "GET /api/calibrations": ["/api/calibrations"],
    "GET /api/masters": ["/api/masters"],
    "GET /api/calibration-frames": ["/api/calibration-frames"],
    "GET /api/devices": ["/api/devices"],
    "GET /api/devices/:id/commands": ["/api/devices/telescope/commands"],
    "GET /api/weather": ["/api/weather"],
    "GET /api/weather/history": ["/api/weather/history?value=humidityPct"],
    "GET /api/devices/:id": each("device", (id) => `/api/devices/${id}`),
    "GET /api/devices/:id/history": ["/api/devices/telescope/history?value=altDeg"],
    "GET /api/nights": ["/api/nights"],
    "GET /api/holds": ["/api/holds"],
    "GET /api/system": ["/api/system"],
    "GET /api/altitude": ["/api/altitude?ra=202.47&dec=47.2&night=2026-11-20"],
    "GET /api/masters/:id": each("master", (id) => `/api/masters/${id}`),
    "GET /api/alerts/:id/notices/:notice.xml": each("notice", (id) => `/api/alerts/${id}.xml`),
    "GET /api/permissions": ["/api/permissions"],
    "GET /api/applications": ["/api/applications"],
    "GET /api/mails": ["/api/mails"],
    "GET /api/profile": ["/api/profile"],
    "GET /api/sessions": ["/api/sessions"],
    "GET /api/notifications": ["/api/notifications"],
    "GET /api/almanac": ["/api/almanac"],
    "GET /api/quota": ["/api/quota"],
    "GET /api/journal": ["/api/journal", "/api/journal?text=R51000"],
    "GET /api/manual": ["/api/manual"],
    "GET /api/metrics": ["/api/metrics"],
    "GET /api/outbox": ["/api/outbox"],
    "GET /api/outbox/:id": each("outbox", (id) => `/api/outbox/${id}`),
    "GET /api/fsc/messages": ["/api/fsc/messages"],
    "GET /api/programmes": ["/api/programmes"],
    "GET /api/programmes/:id": each("programme", (id) => `/api/programmes/${id}`),
    "GET /api/programmes/:id/ledger": each("programme", (id) => `/api/programmes/${id}/ledger`),
    "GET /api/tokens": ["/api/tokens"],
    "GET /api/users": ["/api/users"],
    "GET /api/users/:id": each("user", (id) => `/api/users/${id}`),
    "GET /api/admin/tables": ["/api/admin/tables"],
    "GET /api/admin/tables/:table": ["/api/admin/tables/image"],
    "GET /api/admin/tables/:table/:key": each("image", (id) => `/api/admin/tables/image/${id}`),
  };
  const unknown = routes.filter(
    (route) => route.startsWith("GET ") && !(route in known) && !LEFT_OUT.has(route),
  );
  if (unknown.length > 0) throw new Error(`bench/pages/pages.ts says nothing of ${unknown.join(", ")}`);
  return Object.entries(known)
    .filter(([route, addresses]) => routes.includes(route) && addresses.length > 0)
    .map(([route, addresses]) => ({ route, addresses }));
}
