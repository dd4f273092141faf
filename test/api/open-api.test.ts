import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { LightMyRequestResponse } from "fastify";
import { hashPassword } from "../../api/passwords.ts";
import { tokenHash } from "../../api/plugins/identity.ts";
import { isForPrograms } from "../../api/plugins/openapi.ts";
import { EXAMPLE_FILE } from "../../api/routes/requests/example-file.ts";
import { populate } from "../browser/support/populate.ts";
import { everything, THINGS } from "./support/everything.ts";
import { PASSWORD, signInAs, startWeb } from "./support/web.ts";
import type { Browser, TestWeb } from "./support/web.ts";

/** One right call of an operation. */
interface Call {
  readonly path?: Readonly<Record<string, string | number>>;
  readonly query?: Readonly<Record<string, string | number>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Address whose ETag the call names. */
  readonly match?: string;
  readonly as?: "admin" | "user";
  /** 200 when absent. */
  readonly status?: number;
}

interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly anyOf?: readonly Schema[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
}
interface Media {
  readonly schema?: Schema & object;
  readonly example?: unknown;
}
interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly object[];
  readonly parameters?: readonly { in: string; name: string; required?: boolean; schema: Schema }[];
  readonly requestBody?: { content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<
    Record<string, { description: string; headers?: object; content?: Readonly<Record<string, Media>> }>
  >;
}

/** Written anew from the answers of this test when VESPER_WRITE_EXAMPLES is 1. */
const EXAMPLES_FILE = new URL("../../api/plugins/openapi-examples.json", import.meta.url);

let web: TestWeb;
let home: string;
let admin: Browser;
let user: Browser;
let operations: readonly { name: string; method: string; url: string; operation: Operation }[];
/** What calls before have made or found. */
const made: Record<string, string> = {};

/** A right call of every operation, in an order in which they can be done. A new operation fails until it stands here. */
const CALLS: Readonly<Record<string, () => Call | Promise<Call>>> = {
  "GET /healthz": () => ({}),
  "GET /readyz": () => ({}),
  "GET /api/clock": () => ({}),
  "GET /api/system": () => ({}),
  "GET /api/metrics": () => ({}),
  "GET /api/observatory": () => ({}),
  "GET /api/nights": () => ({}),
  "GET /api/holds": () => ({}),
  "POST /api/observatory/pause": () => ({ body: { when: "frameEnd" } }),
  "POST /api/observatory/resume": () => ({}),
  "POST /api/observatory/close": () => ({}),
  "POST /api/nights/start": () => ({}),
  "POST /api/nights/current/end": () => ({}),
  "GET /api/manual": () => ({}),
  "POST /api/manual/take": () => ({ body: { reason: "cleaning the corrector" } }),
  "POST /api/manual/operations": () => ({ body: { kind: "park" } }),
  "POST /api/manual/stop": () => ({}),
  "POST /api/manual/leave": () => ({}),
  "GET /api/schedules": () => ({}),
  "GET /api/schedules/current": () => ({}),
  "GET /api/schedules/{id}": () => ({ path: { id: 1 } }),
  "GET /api/exposure-time": () => ({ query: { instrument: "vis", mode: "snr", mag: 20, exposureS: 60 } }),
  "GET /api/altitude": () => ({ query: { ra: 202.47, dec: 47.2, night: "2026-11-20" } }),
  "GET /api/requests": () => ({ query: { limit: 2 } }),
  "GET /api/requests/{id}": () => ({ path: { id: "R0001" } }),
  "GET /api/requests/{id}/file.json": () => ({ path: { id: "R0001" } }),
  "GET /api/requests/{id}/file.yaml": () => ({ path: { id: "R0001" } }),
  "POST /api/requests": () => ({ query: { submit: "true" }, body: EXAMPLE_FILE, status: 201, as: "user" }),
  "POST /api/requests/{id}/copy": () => ({ path: { id: "R0001" }, status: 201 }),
  "POST /api/request-drafts": () => ({
    body: { name: "Whirlpool", programmeId: "GALAXIES" },
    status: 201,
    as: "user",
  }),
  "GET /api/request-drafts": () => ({ as: "user" }),
  "GET /api/request-drafts/{id}": () => ({ path: { id: made["draft"] ?? "" }, as: "user" }),
  "POST /api/request-drafts/{id}/sequences": () => ({
    ...draft(),
    body: { targetName: "M 51", ra: "13:29:52.7", dec: "+47:11:43", priority: 50 },
    status: 201,
  }),
  "POST /api/request-drafts/{id}/albums": () => ({
    ...draft(),
    body: { sequenceId: "sequences[0]", instrumentId: "vis" },
    status: 201,
  }),
  "POST /api/request-drafts/{id}/plans": () => ({
    ...draft(),
    body: { albumId: "sequences[0].albums[0]", filter: "r", exposureS: 60, count: 5 },
    status: 201,
  }),
  "POST /api/request-drafts/{id}/nights": () => ({
    ...draft(),
    query: { preview: "true" },
    body: { sequence: 0, from: "2027-02-01", count: 3, skipUnusable: false },
  }),
  "PUT /api/request-drafts/{id}": () => ({ ...draft(), body: EXAMPLE_FILE }),
  "POST /api/request-drafts/{id}/submit": () => draft(),
  "POST /api/requests/{id}/withdraw": () => ({ path: { id: made["draft"] ?? "" }, as: "user" }),
  "POST /api/requests/{id}/revise": () => ({ path: { id: made["draft"] ?? "" }, status: 201, as: "user" }),
  "DELETE /api/request-drafts/{id}": () => ({ ...draft(), status: 204 }),
  "GET /api/alarms": () => ({ query: { which: "all" } }),
  "POST /api/alarms/{id}/acknowledge": () => ({ path: { id: 1 }, body: { note: "on my way" } }),
  "GET /api/alerts": () => ({}),
  "GET /api/alerts/{id}": () => ({ path: { id: THINGS.alert } }),
  "GET /api/alerts/{id}/notices/{notice}.xml": () => ({ path: { id: THINGS.alert, notice: 1 } }),
  "POST /api/alerts/simulate": () => ({ body: { stream: "fermi-gbm" }, status: 202 }),
  "POST /api/voevents": () => ({
    body: "<voe:VOEvent/>",
    headers: { "content-type": "application/xml" },
    status: 202,
  }),
  "GET /api/images": () => ({ query: { limit: 2 } }),
  "GET /api/images/{id}": () => ({ path: { id: made["image"] ?? "" } }),
  "GET /api/images/{id}.fits": () => ({ path: { id: made["image"] ?? "" } }),
  "GET /api/images/{id}.png": () => ({ path: { id: made["image"] ?? "" } }),
  "GET /api/sequences/{id}.tar": () => ({ path: { id: "R0001-1" } }),
  "GET /api/requests/{id}.tar": () => ({ path: { id: "R0001" } }),
  "GET /api/calibrations": () => ({}),
  "POST /api/calibrations": () => ({ status: 202 }),
  "GET /api/masters": () => ({}),
  "GET /api/masters/{id}": () => ({ path: { id: THINGS.master } }),
  "GET /api/masters/{id}.fits": () => ({ path: { id: THINGS.master } }),
  "GET /api/masters/{id}.png": () => ({ path: { id: THINGS.master } }),
  "GET /api/calibration-frames": () => ({}),
  "GET /api/calibration-frames/{id}.png": () => ({ path: { id: THINGS.frame } }),
  "GET /api/devices": () => ({ query: { limit: 2 } }),
  "GET /api/devices/{id}": () => ({ path: { id: "camera-vis" } }),
  "GET /api/devices/{id}/commands": () => ({ path: { id: "telescope" } }),
  "GET /api/devices/{id}/history": () => ({ path: { id: "camera-vis" }, query: { value: "temperatureC" } }),
  "GET /api/weather": () => ({ query: { limit: 2 } }),
  "GET /api/weather/history": () => ({ query: { value: "humidityPct" } }),
  "GET /api/almanac": () => ({ query: { date: "2026-11-20" } }),
  "GET /api/journal": () => ({ query: { limit: 2 } }),
  "GET /api/quota": () => ({ query: { limit: 2 } }),
  "GET /api/outbox": () => ({}),
  "GET /api/outbox/{id}": () => ({ path: { id: 1 } }),
  "POST /api/outbox/{id}/retry": () => ({ path: { id: 1 } }),
  "GET /api/fsc/messages": () => ({}),
  "POST /api/fsc/messages": () => ({
    body: {
      type: "strategy.default",
      timestamp: "2026-11-20T23:30:00Z",
      data: { strategyId: "wide-field", reason: "a campaign" },
    },
    headers: { "webhook-id": "m2" },
    status: 202,
  }),
  "GET /api/programmes": () => ({ query: { limit: 2 } }),
  "GET /api/programmes/{id}": () => ({ path: { id: "GALAXIES" } }),
  "GET /api/programmes/{id}/ledger": () => ({ path: { id: "GALAXIES" } }),
  "PUT /api/programmes/{id}": () => ({
    path: { id: "COL-12" },
    body: { name: "Cosmic dawn", kind: "routine", priority: 2, description: "", active: true },
    status: 201,
  }),
  "POST /api/programmes/{id}/grants": () => ({
    path: { id: "COL-12" },
    body: { grantName: "2027A", hours: 12.5, note: "" },
  }),
  "PUT /api/programmes/{id}/members/{userId}": () => ({
    path: { id: "COL-12", userId: THINGS.applicant },
    body: { role: "pi" },
  }),
  "DELETE /api/programmes/{id}/members/{userId}": () => ({
    path: { id: "COL-12", userId: THINGS.applicant },
    status: 204,
  }),
  "GET /api/permissions": () => ({ query: { limit: 2 } }),
  "GET /api/users": () => ({ query: { limit: 2 } }),
  "GET /api/users/{id}": () => ({ path: { id: "U0900" } }),
  "GET /api/applications": () => ({ query: { limit: 2 } }),
  "GET /api/mails": () => ({}),
  "POST /api/users/{id}/ask-commission": () => ({ path: { id: THINGS.applicant }, body: { days: 7 } }),
  "POST /api/applications/{id}/vote": () => ({ path: { id: THINGS.applicant }, body: { vote: "for" } }),
  "POST /api/users/{id}/decision": () => ({
    path: { id: "U0901" },
    body: { accept: true, reason: "Welcome", profile: "user" },
  }),
  "PATCH /api/users/{id}": () => ({
    path: { id: "U0901" },
    match: "/api/users/U0901",
    body: { profile: "expert" },
  }),
  "DELETE /api/users/{id}": () => ({
    path: { id: "U0902" },
    match: "/api/users/U0902",
    body: { mail: "lia@example.org", reason: "asked for it" },
    status: 204,
  }),
  "GET /api/admin/tables": () => ({ query: { limit: 2 } }),
  "GET /api/admin/tables/{table}": () => ({ path: { table: "programme" }, query: { limit: 2 } }),
  "POST /api/admin/tables/{table}": () => ({
    path: { table: "programme" },
    body: { id: "ROW", name: "Row", kind: "routine", priority: "1", description: "", active: "true" },
    status: 201,
  }),
  "GET /api/admin/tables/{table}/{key}": () => ({ path: { table: "programme", key: "ROW" } }),
  "PATCH /api/admin/tables/{table}/{key}": () => ({
    path: { table: "programme", key: "ROW" },
    match: "/api/admin/tables/programme/ROW",
    body: { name: "Changed" },
  }),
  "DELETE /api/admin/tables/{table}/{key}": () => ({
    path: { table: "programme", key: "ROW" },
    match: "/api/admin/tables/programme/ROW",
    status: 204,
  }),
  "GET /api/profile": () => ({ as: "user" }),
  "PATCH /api/profile": () => ({ match: "/api/profile", body: { name: "Maria Mitchell" }, as: "user" }),
  "GET /api/sessions": () => ({ as: "user" }),
  "DELETE /api/sessions": () => ({ as: "user" }),
  "POST /api/tokens": () => ({
    body: { name: "script", days: 90, profile: "user" },
    status: 201,
    as: "user",
  }),
  "GET /api/tokens": () => ({ as: "user" }),
  "DELETE /api/tokens/{id}": () => ({ path: { id: made["token"] ?? 0 }, status: 204, as: "user" }),
  "PUT /api/notifications": () => ({
    body: {
      mailEvents: ["alarm"],
      webhookEvents: ["night.summary"],
      webhookUrl: "https://hooks.example.org/vesper",
    },
    as: "user",
  }),
  "GET /api/notifications": () => ({ as: "user" }),
  "POST /api/profile/password": () => ({
    body: { current: PASSWORD, password: "another long enough sentence" },
    status: 204,
    as: "user",
  }),
  "POST /api/profile/delete": () => ({
    body: { password: "another long enough sentence" },
    status: 204,
    as: "user",
  }),
};

const draft = (): Call => ({
  path: { id: made["draft"] ?? "" },
  match: `/api/request-drafts/${made["draft"]}`,
  as: "user",
});

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "vesper-open-api-"));
  web = await startWeb({
    settings: { home },
    intake: {
      take: async () => ({
        kind: "taken",
        ivorn: "ivo://nasa.gsfc.gcn/SWIFT#1",
        noticeId: 1,
        alertKey: THINGS.alert,
        workflowId: `alert/colibri/${THINGS.alert}`,
        duplicate: false,
        queued: false,
        decision: "observe",
        reason: "Within the field.",
      }),
    },
  });
  await populate(web.database, home, await hashPassword(PASSWORD));
  await everything(web.database, home);
  admin = await signInAs(web.app, "admin@vesper.example");
  user = await signInAs(web.app, "user@vesper.example");
  const [image] = (await web.database.images.list({ limit: 1 })).items;
  made["image"] = image?.id ?? "";
  made["draft"] = "R0001";
  const document = (await web.app.inject({ url: "/api/openapi.json" })).json();
  operations = Object.entries(document.paths as Record<string, Record<string, Operation>>).flatMap(
    ([url, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        name: `${method.toUpperCase()} ${url}`,
        method: method.toUpperCase(),
        url,
        operation,
      })),
  );
}, 300_000);
afterAll(async () => {
  await web.stop();
  await rm(home, { recursive: true, force: true });
});

const ajv = new Ajv2020({ strict: false, validateFormats: false });

async function ask(method: string, url: string, call: Call, body: unknown = call.body) {
  const browser = call.as === "user" ? user : admin;
  const target = url.replaceAll(/\{(\w+)\}/g, (_all, name: string) =>
    encodeURIComponent(String(call.path?.[name] ?? "")),
  );
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(call.query ?? {})) params.set(name, String(value));
  const query = params.toString();
  const etag = call.match === undefined ? undefined : (await browser.get(call.match)).headers["etag"];
  return web.app.inject({
    method: method as "POST",
    url: query === "" ? target : `${target}?${query}`,
    headers: {
      cookie: browser.cookie,
      "x-csrf-token": browser.csrf,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(etag === undefined ? {} : { "if-match": etag }),
      ...call.headers,
    },
    ...(body === undefined ? {} : { payload: typeof body === "string" ? body : JSON.stringify(body) }),
  });
}

/** What is wrong with a refusal, or null: problem details with a sentence, never a failure of the server. */
function wrongRefusal(answer: LightMyRequestResponse, ...words: readonly string[]): string | null {
  if (answer.statusCode >= 500 || answer.statusCode < 400) return `${answer.statusCode} ${answer.body}`;
  if (!String(answer.headers["content-type"]).startsWith("application/problem+json"))
    return `${answer.statusCode} ${String(answer.headers["content-type"])}`;
  const problem = answer.json<Record<string, unknown>>();
  const whole =
    typeof problem["type"] === "string" &&
    typeof problem["title"] === "string" &&
    problem["status"] === answer.statusCode &&
    typeof problem["detail"] === "string" &&
    /[.!]$/.test(problem["detail"].trim());
  if (!whole) return answer.body;
  const missing = words.find((word) => !String(problem["detail"]).includes(word));
  return missing === undefined ? null : `does not say ${missing}: ${String(problem["detail"])}`;
}

/** Values that do not fit a schema, as they stand in an address. */
function nonsense(schema: Schema): string[] {
  const values: string[] = [];
  if (schema.type === "integer" || schema.type === "number") values.push("x", "1e999");
  if (schema.type === "integer") values.push("1.5");
  if (schema.type === "boolean") values.push("maybe");
  if (schema.minimum !== undefined) values.push(String(schema.minimum - 1));
  if (schema.maximum !== undefined) values.push(String(schema.maximum + 1));
  if (schema.maxLength !== undefined) values.push("y".repeat(schema.maxLength + 1));
  if (schema.pattern !== undefined) values.push("!?");
  if (schema.anyOf?.every((each) => each.const !== undefined) === true) values.push("nonsense");
  return values;
}

/** An answer as an example: lists with one member, long texts cut, secrets taken out. */
function shortened(value: unknown): unknown {
  if (typeof value === "string")
    return /^(vesper|whsec)_/.test(value)
      ? value.replace(/_.*/, "_…")
      : value.length > 160
        ? `${value.slice(0, 160)}…`
        : value;
  if (Array.isArray(value)) return value.slice(0, 1).map(shortened);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shortened(inner)]));
}

test("every route that is no page is described, and every operation says what it is, takes and answers", async () => {
  const served = [...web.app.guardedRoutes.keys()]
    .filter((route) => isForPrograms(route.split(" ")[1] ?? "") && !route.endsWith("/api/openapi.json"))
    .map((route) => route.replaceAll(/:(\w+)/g, "{$1}"));
  expect(operations.map(({ name }) => name).toSorted()).toEqual(served.toSorted());
  expect(Object.keys(CALLS).toSorted()).toEqual(operations.map(({ name }) => name).toSorted());
  const wrong: string[] = [];
  for (const { name, operation } of operations) {
    const { summary = "", tags = [], security, requestBody, responses } = operation;
    if (summary.length < 8) wrong.push(`${name} has no summary`);
    if (tags.length !== 1) wrong.push(`${name} has ${tags.length} tags`);
    if (security === undefined) wrong.push(`${name} does not say who may use it`);
    for (const [type, { example }] of Object.entries(requestBody?.content ?? {}))
      if (example === undefined) wrong.push(`${name} has no example of its body ${type}`);
    if (!Object.keys(responses).some((status) => Number(status) < 300)) wrong.push(`${name} never succeeds`);
    for (const [status, { content = {} }] of Object.entries(responses)) {
      for (const [type, { example, schema }] of Object.entries(content)) {
        if (Number(status) >= 400 && type !== "application/problem+json")
          wrong.push(`${name} ${status} ${type}`);
        if (type !== "application/json" && type !== "application/problem+json") continue;
        if (example === undefined) wrong.push(`${name} ${status} has no example`);
        else if (Number(status) < 400 && !ajv.validate(schema ?? {}, example))
          wrong.push(`${name} ${status} example: ${ajv.errorsText()}`);
      }
    }
    if ((security?.length ?? 0) > 0 && (responses["401"] === undefined || responses["403"] === undefined))
      wrong.push(`${name} does not say 401 and 403`);
  }
  expect(wrong).toEqual([]);
  expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length);
});

test("nonsense is refused as problem details that name field, value and rule; nothing fails", async () => {
  const wrong: string[] = [];
  let asked = 0;
  for (const { name, method, url, operation } of operations) {
    const call = (await CALLS[name]?.()) ?? {};
    const check = (what: string, answer: LightMyRequestResponse, ...words: readonly string[]): void => {
      asked += 1;
      const problem = wrongRefusal(answer, ...words);
      if (problem !== null) wrong.push(`${name} with ${what.slice(0, 80)}: ${problem.slice(0, 300)}`);
    };
    for (const parameter of operation.parameters ?? []) {
      const { in: where, name: field, schema } = parameter;
      if (where === "query") {
        for (const value of nonsense(schema)) {
          const answer = await ask(method, url, { ...call, query: { ...call.query, [field]: value } });
          // An endless number is told as what it was read as.
          const said = value === "1e999" ? "" : value.slice(0, 50);
          check(`${field}=${value}`, answer, `query field "${field}"`, said, "must");
        }
        const answer = await ask(method, url, { ...call, query: { ...call.query, [field]: "a\u0000b" } });
        check(`${field} with a NUL`, answer);
        for (const value of field === "after" ? ["5_x", "9999999999999999_x", "-9999999999999999_1"] : []) {
          const cursor = await ask(method, url, { ...call, query: { ...call.query, [field]: value } });
          // "5_x" may be the end of a list whose ids are texts.
          if (value !== "5_x" || cursor.statusCode !== 200)
            check(`${field}=${value}`, cursor, field, value, "must");
        }
      }
      if (where === "path") {
        for (const value of ["no such thing", "'; drop table x; --", "a\u0000b", "-1", "é%".repeat(90)]) {
          // Of a draft that there is not, whether If-Match is right is not asked.
          const answer = await ask(method, url, { ...call, path: { ...call.path, [field]: value } });
          const exists = answer.statusCode < 300 && (field === "key" || field === "id") && method !== "GET";
          if (exists) wrong.push(`${name} took ${field} ${value}`);
          // A device or programme without anything is an empty list.
          if (answer.statusCode === 200 && answer.json<{ total?: number }>().total === 0) continue;
          check(`${field} ${value}`, answer);
        }
      }
    }
    const [type, media] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
    if (type === undefined || media === undefined) continue;
    // Without the ETag, so that what happens to be taken changes nothing.
    const { match: _match, ...free } = call;
    check("half a JSON", await ask(method, url, free, '{"a": '));
    check("CSV", await ask(method, url, { ...free, headers: { "content-type": "text/csv" } }, "a,b"));
    for (const body of ["null", "[]", '"text"', "5"]) {
      const answer = await ask(method, url, free, body);
      if (answer.statusCode >= 500) wrong.push(`${name} with ${body}: ${answer.body}`);
    }
    if (type !== "application/json") continue;
    for (const [field, schema] of Object.entries(media.schema?.properties ?? {})) {
      for (const value of nonsense(schema)) {
        const body = { ...(call.body as object), [field]: value };
        check(`body ${field} ${value}`, await ask(method, url, free, body), field, "must");
      }
      for (const value of [{ a: [1] }, [[]], "a\u0000b"]) {
        const answer = await ask(method, url, free, { ...(call.body as object), [field]: value });
        if (answer.statusCode >= 500)
          wrong.push(`${name} with ${field} ${JSON.stringify(value)}: ${answer.body}`);
      }
    }
  }
  expect(wrong).toEqual([]);
  expect(asked).toBeGreaterThan(500);
}, 180_000);

/** What the pages' forms do, and the operation that does the same. A new form fails until it stands here. */
const FORMS: Readonly<Record<string, string>> = {
  "/night/pause": "POST /api/observatory/pause",
  "/night/resume": "POST /api/observatory/resume",
  "/night/close": "POST /api/observatory/close",
  "/night/start": "POST /api/nights/start",
  "/night/end": "POST /api/nights/current/end",
  "/manual/take": "POST /api/manual/take",
  "/manual/leave": "POST /api/manual/leave",
  "/manual/stop": "POST /api/manual/stop",
  "/manual/operations": "POST /api/manual/operations",
  "/requests/new": "POST /api/request-drafts",
  "/requests/import": "POST /api/requests",
  "/requests/:id/edit": "PUT /api/request-drafts/:id",
  "/requests/:id/live": "GET /api/request-drafts/:id",
  "/requests/:id/nights": "POST /api/request-drafts/:id/nights",
  "/requests/:id/submit": "POST /api/request-drafts/:id/submit",
  "/requests/:id/unsubmit": "POST /api/requests/:id/withdraw",
  "/requests/:id/revise": "POST /api/requests/:id/revise",
  "/requests/:id/copy": "POST /api/requests/:id/copy",
  "/requests/:id/delete": "DELETE /api/request-drafts/:id",
  "/alarms/:id/acknowledge": "POST /api/alarms/:id/acknowledge",
  "/alerts/simulate": "POST /api/alerts/simulate",
  "/calibrations": "POST /api/calibrations",
  "/outbox/:id/retry": "POST /api/outbox/:id/retry",
  "/programmes": "PUT /api/programmes/:id",
  "/programmes/:id/grants": "POST /api/programmes/:id/grants",
  "/programmes/:id/members": "PUT /api/programmes/:id/members/:userId",
  "/users/:id": "PATCH /api/users/:id",
  "/users/:id/delete": "DELETE /api/users/:id",
  "/users/:id/decision": "POST /api/users/:id/decision",
  "/users/:id/ask-commission": "POST /api/users/:id/ask-commission",
  "/applications/:id/vote": "POST /api/applications/:id/vote",
  "/profile": "PATCH /api/profile",
  "/profile/password": "POST /api/profile/password",
  "/profile/delete": "POST /api/profile/delete",
  "/profile/sign-out-everywhere": "DELETE /api/sessions",
  "/profile/tokens": "POST /api/tokens",
  "/profile/tokens/:id/revoke": "DELETE /api/tokens/:id",
  "/profile/notifications": "PUT /api/notifications",
  "/admin/:table/new": "POST /api/admin/tables/:table",
  "/admin/:table/edit": "PATCH /api/admin/tables/:table/:key",
  "/admin/:table/delete": "DELETE /api/admin/tables/:table/:key",
  // A browser's own: its cookie, its look, its first visits.
  "/sign-in": "",
  "/sign-out": "",
  "/sign-up": "",
  "/sign-up/confirm/:token": "",
  "/recover": "",
  "/recover/:token": "",
  "/theme": "",
  "/help/:page/seen": "",
  "/help/show-again": "",
};

test("whatever a form of a page does, an operation does", () => {
  const forms = [...web.app.guardedRoutes.keys()].filter(
    (route) => route.startsWith("POST /") && !route.startsWith("POST /api/"),
  );
  expect(forms.map((route) => route.slice(5)).toSorted()).toEqual(Object.keys(FORMS).toSorted());
  for (const operation of Object.values(FORMS).filter((each) => each !== ""))
    expect([operation, web.app.guardedRoutes.has(operation)]).toEqual([operation, true]);
});

test("the examples of docs/api.md run as they stand there", async () => {
  const guide = await readFile(new URL("../../docs/api.md", import.meta.url), "utf8");
  const block = (language: string): string =>
    new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(guide)?.[1] ?? "";
  await web.app.listen({ host: "127.0.0.1", port: 0 });
  const address = web.app.server.address();
  const token = "token-of-the-example";
  await web.database.tokens.create({
    hash: tokenHash(token),
    name: "example",
    profile: "user",
    userId: (await web.database.users.byMail("user@vesper.example"))?.id ?? "",
    createdWallMs: 0,
    expiresWallMs: null,
  });
  const env = {
    ...process.env,
    VESPER_URL: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`,
    VESPER_TOKEN: token,
  };
  const file = path.join(home, "example.ts");
  await writeFile(file, block("ts"));
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, ["--disable-warning=ExperimentalWarning", file], { env });
  expect(stdout).toMatch(/^R\d+: [\d.]+ s, 0 errors\n$/);
  const { total } = await web.database.requests.list({ status: "submitted", limit: 1 });
  const brought = await run("bash", ["-c", block("sh")], { env });
  expect(JSON.parse(brought.stdout)).toMatchObject({ status: "submitted" });
  expect((await web.database.requests.list({ status: "submitted", limit: 1 })).total).toBe(total + 1);
}, 60_000);

test("every operation, called as it is described, answers as it is described", async () => {
  const wrong: string[] = [];
  const examples: Record<string, Record<string, unknown>> = {};
  for (const [name, callOf] of Object.entries(CALLS)) {
    const [method = "", url = ""] = name.split(" ");
    const operation = operations.find((each) => each.name === name)?.operation;
    const call = await callOf();
    const answer = await ask(method, url, call);
    const status = call.status ?? 200;
    if (answer.statusCode !== status) {
      wrong.push(`${name} answered ${answer.statusCode} ${answer.body.slice(0, 300)}`);
      continue;
    }
    if (name === "POST /api/request-drafts") made["draft"] = answer.json().id;
    if (name === "POST /api/tokens") made["token"] = String(answer.json().id);
    const content = operation?.responses[String(status)]?.content;
    const [type, media] = Object.entries(content ?? {})[0] ?? [];
    if (type === undefined || media === undefined) {
      if (answer.body !== "") wrong.push(`${name} has a body that is not described`);
      continue;
    }
    if (!String(answer.headers["content-type"]).startsWith(type))
      wrong.push(`${name} is ${String(answer.headers["content-type"])}, not ${type}`);
    if (type !== "application/json" || name.endsWith("file.json")) continue;
    const body = answer.json();
    if (!ajv.validate(media.schema ?? {}, body)) wrong.push(`${name}: ${ajv.errorsText()}`);
    if (Array.isArray(body.items) && body.items.length === 0) wrong.push(`${name} is an empty list here`);
    examples[name] = { [status]: shortened(body) };
  }
  if (process.env["VESPER_WRITE_EXAMPLES"] === "1")
    await writeFile(EXAMPLES_FILE, `${JSON.stringify(examples, null, 2)}\n`);
  expect(wrong).toEqual([]);
}, 180_000);
