import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { may, PERMISSIONS } from "../../domain/permissions/permissions.ts";
import type { Permission } from "../../domain/permissions/permissions.ts";
import { PROFILES } from "../../domain/permissions/profiles.ts";
import type { Profile } from "../../domain/permissions/profiles.ts";
import { startWeb } from "./support/web.ts";
import type { TestWeb } from "./support/web.ts";

/** DESIGN's profiles, written down a second time on purpose: the table of the product is compared with this one. */
const EXPECTED: Readonly<Record<Permission, string>> = {
  read: "user expert operator admin",
  account: "user expert operator admin",
  "requests.own": "user expert operator admin",
  "requests.all": "expert operator admin",
  strategies: "expert operator admin",
  "alerts.decide": "expert operator admin",
  "night.control": "operator admin",
  devices: "operator admin",
  "users.vote": "expert operator admin",
  alarms: "operator admin",
  users: "admin",
  programmes: "admin",
  tokens: "admin",
  "alerts.simulate": "admin",
  backOffice: "admin",
  "notices.post": "admin feed",
  "outbox.retry": "operator admin",
  metrics: "admin",
  "fsc.post": "admin",
};

/** Who gets in where: every route of the web, by method and path. A new route fails here until it is written down. */
const ROUTES: Readonly<Record<string, Permission | "public">> = {
  "GET /public/vesper.css": "public",
  "GET /healthz": "public",
  "GET /readyz": "public",
  "GET /api/clock": "public",
  "GET /api/openapi.json": "public",
  "GET /sign-in": "public",
  "POST /sign-in": "public",
  "POST /theme": "public",
  "POST /sign-out": "account",
  "GET /events?topics=": "read",
  "GET /api/observatory": "read",
  "GET /api/schedules": "read",
  "GET /api/schedules/current": "read",
  "GET /api/schedules/1": "read",
  "GET /api/requests": "read",
  "GET /api/requests/R1": "read",
  "GET /api/alerts": "read",
  "GET /api/alerts/a": "read",
  "GET /api/alarms": "read",
  "GET /alarms": "read",
  "POST /api/alarms/1/acknowledge": "alarms",
  "POST /alarms/1/acknowledge": "alarms",
  "GET /api/images": "read",
  "GET /api/images/a": "read",
  "GET /api/images/a.fits": "read",
  "GET /api/images/a.png": "read",
  "GET /api/sequences/a.tar": "read",
  "GET /api/requests/a.tar": "read",
  "GET /api/calibrations": "read",
  "GET /api/masters": "read",
  "GET /api/masters/a.fits": "read",
  "GET /api/masters/a.png": "read",
  "GET /api/calibration-frames": "read",
  "GET /api/calibration-frames/a.png": "read",
  "POST /api/calibrations": "night.control",
  "GET /api/devices": "read",
  "GET /api/weather": "read",
  "GET /api/devices/a": "read",
  "GET /api/devices/a/history?value=x": "read",
  "GET /api/weather/history?value=humidityPct": "read",
  "GET /api/nights": "read",
  "GET /api/holds": "read",
  "GET /api/system": "read",
  "GET /api/permissions": "read",
  "GET /api/altitude?ra=10&dec=10&night=2026-11-20": "read",
  "GET /api/masters/a": "read",
  "GET /api/alerts/a/notices/1.xml": "read",
  "GET /api/quota": "read",
  "GET /api/journal": "read",
  "GET /": "read",
  "GET /night": "read",
  "GET /schedule": "read",
  "GET /schedule/1": "read",
  "GET /schedule/1/timeline.svg?width=343": "read",
  "GET /schedules": "read",
  "GET /requests": "read",
  "GET /requests/R1": "read",
  "GET /requests/altitude.svg?ra=10&dec=10&night=2026-11-20&width=343": "read",
  "GET /requests/calculator": "read",
  "GET /schemas/request-1.json": "public",
  "GET /api/requests/R1/file.yaml": "read",
  "GET /api/requests/R1/file.json": "read",
  "POST /api/requests": "requests.own",
  "GET /requests/import": "requests.own",
  "POST /requests/import": "requests.own",
  "GET /api/exposure-time?instrument=vis&mode=snr": "read",
  "POST /requests/new": "requests.own",
  "GET /requests/R1/nights": "requests.own",
  "POST /requests/R1/nights": "requests.own",
  "GET /api/request-drafts": "requests.own",
  "POST /api/request-drafts": "requests.own",
  "GET /api/request-drafts/R1": "requests.own",
  "PUT /api/request-drafts/R1": "requests.own",
  "DELETE /api/request-drafts/R1": "requests.own",
  "POST /api/request-drafts/R1/sequences": "requests.own",
  "POST /api/request-drafts/R1/albums": "requests.own",
  "POST /api/request-drafts/R1/plans": "requests.own",
  "POST /api/request-drafts/R1/submit": "requests.own",
  "POST /api/request-drafts/R1/nights": "requests.own",
  "POST /api/requests/R1/copy": "requests.own",
  "POST /api/requests/R1/withdraw": "requests.own",
  "POST /api/requests/R1/revise": "requests.own",
  "GET /requests/R1/edit": "requests.own",
  "POST /requests/R1/edit": "requests.own",
  "POST /requests/R1/live": "requests.own",
  "GET /requests/R1/submit": "requests.own",
  "POST /requests/R1/submit": "requests.own",
  "GET /requests/R1/unsubmit": "requests.own",
  "POST /requests/R1/unsubmit": "requests.own",
  "POST /requests/R1/revise": "requests.own",
  "POST /requests/R1/copy": "requests.own",
  "GET /requests/R1/delete": "requests.own",
  "POST /requests/R1/delete": "requests.own",
  "GET /alerts": "read",
  "GET /alerts/a": "read",
  "GET /alerts/a/notices/1.xml": "read",
  "GET /images": "read",
  "GET /images/a": "read",
  "GET /calibrations": "read",
  "GET /calibrations/trend.svg?what=level": "read",
  "GET /calibrations/masters/a": "read",
  "POST /calibrations": "night.control",
  "GET /system": "read",
  "POST /api/observatory/pause": "night.control",
  "POST /api/observatory/resume": "night.control",
  "POST /api/observatory/close": "night.control",
  "POST /api/nights/start": "night.control",
  "POST /api/nights/current/end": "night.control",
  "GET /night/resume": "night.control",
  "GET /night/end": "night.control",
  "POST /night/pause": "night.control",
  "POST /night/resume": "night.control",
  "POST /night/close": "night.control",
  "POST /night/start": "night.control",
  "POST /night/end": "night.control",
  "GET /devices": "read",
  "GET /devices/a": "read",
  "GET /devices/a/history.svg?value=x&width=343": "read",
  "GET /api/devices/a/commands": "read",
  "GET /weather": "read",
  "GET /weather/history.svg?value=humidityPct&width=343": "read",
  "GET /api/almanac": "read",
  "GET /api/manual": "read",
  "POST /api/manual/take": "devices",
  "POST /api/manual/leave": "devices",
  "POST /api/manual/stop": "night.control",
  "POST /api/manual/operations": "devices",
  "GET /manual": "devices",
  "POST /manual/take": "devices",
  "POST /manual/leave": "devices",
  "POST /manual/stop": "night.control",
  "POST /manual/operations": "devices",
  "POST /api/alerts/simulate": "alerts.simulate",
  "GET /alerts/simulate": "alerts.simulate",
  "POST /alerts/simulate": "alerts.simulate",
  "POST /api/voevents": "notices.post",
  "GET /api/metrics": "metrics",
  "GET /api/outbox": "read",
  "GET /api/outbox/1": "read",
  "POST /api/outbox/1/retry": "outbox.retry",
  "GET /api/fsc/messages": "read",
  "POST /api/fsc/messages": "fsc.post",
  "GET /outbox": "read",
  "GET /outbox/1": "read",
  "POST /outbox/1/retry": "outbox.retry",
  "GET /sign-up": "public",
  "POST /sign-up": "public",
  "GET /sign-up/confirm/t": "public",
  "POST /sign-up/confirm/t": "public",
  "GET /recover": "public",
  "POST /recover": "public",
  "GET /recover/t": "public",
  "POST /recover/t": "public",
  "GET /profiles": "read",
  "GET /applications": "users.vote",
  "POST /applications/U1/vote": "users.vote",
  "GET /users": "users",
  "GET /users/U1": "users",
  "POST /users/U1": "users",
  "GET /users/U1/delete": "users",
  "POST /users/U1/delete": "users",
  "POST /users/U1/decision": "users",
  "POST /users/U1/ask-commission": "users",
  "GET /mails": "users",
  "GET /help": "read",
  "GET /help/home": "read",
  "POST /help/home/seen": "account",
  "POST /help/show-again": "account",
  "GET /profile": "account",
  "POST /profile": "account",
  "POST /profile/password": "account",
  "POST /profile/sign-out-everywhere": "account",
  "GET /profile/delete": "account",
  "POST /profile/delete": "account",
  "POST /profile/tokens": "account",
  "POST /profile/tokens/1/revoke": "account",
  "POST /profile/notifications": "account",
  "GET /api/profile": "account",
  "PATCH /api/profile": "account",
  "POST /api/profile/password": "account",
  "POST /api/profile/delete": "account",
  "GET /api/sessions": "account",
  "DELETE /api/sessions": "account",
  "GET /api/tokens": "account",
  "POST /api/tokens": "account",
  "DELETE /api/tokens/1": "account",
  "GET /api/notifications": "account",
  "PUT /api/notifications": "account",
  "GET /programmes": "read",
  "GET /programmes/a": "read",
  "GET /programmes/a/quota.svg?width=343": "read",
  "GET /api/programmes": "read",
  "GET /api/programmes/a": "read",
  "GET /api/programmes/a/ledger": "read",
  "PUT /api/programmes/a": "programmes",
  "POST /api/programmes/a/grants": "programmes",
  "PUT /api/programmes/a/members/U1": "programmes",
  "DELETE /api/programmes/a/members/U1": "programmes",
  "GET /programmes/new": "programmes",
  "GET /programmes/a/edit": "programmes",
  "POST /programmes": "programmes",
  "POST /programmes/a/grants": "programmes",
  "POST /programmes/a/members": "programmes",
  "GET /admin": "backOffice",
  "GET /admin/user": "backOffice",
  "GET /admin/user/row?key=U1": "backOffice",
  "GET /admin/user/new": "backOffice",
  "POST /admin/user/new": "backOffice",
  "GET /admin/user/edit?key=U1": "backOffice",
  "POST /admin/user/edit?key=U1": "backOffice",
  "GET /admin/user/delete?key=U1": "backOffice",
  "POST /admin/user/delete?key=U1": "backOffice",
  "GET /api/admin/tables": "backOffice",
  "GET /api/admin/tables/user": "backOffice",
  "POST /api/admin/tables/user": "backOffice",
  "GET /api/admin/tables/user/a": "backOffice",
  "PATCH /api/admin/tables/user/a": "backOffice",
  "DELETE /api/admin/tables/user/a": "backOffice",
  "GET /api/users": "users",
  "GET /api/users/U1": "users",
  "PATCH /api/users/U1": "users",
  "DELETE /api/users/U1": "users",
  "POST /api/users/U1/decision": "users",
  "POST /api/users/U1/ask-commission": "users",
  "GET /api/applications": "users.vote",
  "POST /api/applications/U1/vote": "users.vote",
  "GET /api/mails": "users",
};

let web: TestWeb;
const tokens = new Map<Profile, string>();
beforeAll(async () => {
  web = await startWeb();
  for (const profile of PROFILES) tokens.set(profile, await web.token(profile));
}, 120_000);
afterAll(async () => {
  await web.stop();
});

test("the table is the one of the design, for every permission and profile", () => {
  expect([...PERMISSIONS].toSorted()).toEqual(Object.keys(EXPECTED).toSorted());
  for (const permission of PERMISSIONS) {
    const allowed = PROFILES.filter((profile) => may(profile, permission));
    expect([permission, ...allowed].toSorted()).toEqual(
      [permission, ...EXPECTED[permission].split(" ")].toSorted(),
    );
  }
});

test("every route of the web is in this test", () => {
  const described = Object.keys(ROUTES).map((key) =>
    key.replace(/ .*/, (path) => ` ${routeOf(path.trim())}`),
  );
  expect(described.toSorted()).toEqual([...web.app.guardedRoutes.keys()].toSorted());
});

for (const [route, needed] of Object.entries(ROUTES)) {
  const [method = "", url = ""] = route.split(" ");
  const ask = async (headers: Record<string, string>) => {
    if (url.startsWith("/events")) return streamStatus(headers);
    return (await web.app.inject({ method: method as "GET", url, headers })).statusCode;
  };

  test.each(PROFILES)(`${route} for a token of %s`, async (profile) => {
    const status = await ask({ authorization: `Bearer ${tokens.get(profile)}` });
    const allowed = needed === "public" || may(profile, needed);
    if (allowed) expect([401, 403]).not.toContain(status);
    else expect(status).toBe(403);
  });

  test(`${route} for nobody`, async () => {
    const status = await ask({});
    if (needed === "public") expect([200, 303, 400, 403, 410]).toContain(status);
    else expect(url.startsWith("/api/") || url.startsWith("/events") ? [401] : [303]).toContain(status);
  });
}

/** A stream does not end: its status is read, then it is hung up. */
async function streamStatus(headers: Record<string, string>): Promise<number> {
  await web.app.listen({ host: "127.0.0.1", port: 0 }).catch(() => undefined);
  const address = web.app.server.address();
  const port = typeof address === "object" ? address?.port : 0;
  const stop = new AbortController();
  const answer = await fetch(`http://127.0.0.1:${port}/events?topics=status`, {
    headers,
    signal: stop.signal,
  });
  const { status } = answer;
  stop.abort();
  return status;
}

function routeOf(url: string): string {
  return (url.split("?")[0] ?? "")
    .replace("/public/vesper.css", "/public/:name")
    .replace(/\/notices\/1\.xml$/, "/notices/:notice.xml")
    .replace(/^\/help\/home/, "/help/:page")
    .replace(/^\/admin\/user/, "/admin/:table")
    .replace(/^\/api\/admin\/tables\/user\/a$/, "/api/admin/tables/:table/:key")
    .replace(/^\/api\/admin\/tables\/user$/, "/api/admin/tables/:table")
    .replace(/\/members\/U1$/, "/members/:userId")
    .replace(/\/t$/, "/:token")
    .replace(/\/(1|R1|U1|a)(?=$|\/|\.)/, "/:id");
}
