import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { hashPassword } from "../../api/passwords.ts";
import { localPath } from "../../api/routes/account/local-path.ts";
import { webhookProblem } from "../../domain/people/notifications.ts";
import { populate } from "../browser/support/populate.ts";
import { everything, THINGS } from "./support/everything.ts";
import { NOW_MS } from "./support/states.ts";
import { cookiesOf, csrfOf, formBody, PASSWORD, signInAs, startWeb } from "./support/web.ts";
import type { Browser, TestWeb } from "./support/web.ts";

/** Runs when a browser takes it for markup, wherever it stands. */
const XSS = `"><script>alert(1)</script><img src=x onerror=alert(1)>'</textarea><svg onload=alert(1)>{{7*7}}`;
const RAW = /<script>alert|<img src=x|<svg onload/;

let web: TestWeb;
let home: string;
let admin: Browser;
beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "vesper-security-"));
  web = await startWeb({
    settings: {
      home,
      port: 3000,
      publicUrl: null,
      webhookSecret: null,
      temporalUiUrl: "http://127.0.0.1:8233",
      temporalNamespace: "default",
      icSecret: null,
      fscSecret: null,
      fscWebhookSecret: null,
    },
  });
  await populate(web.database, home, await hashPassword(PASSWORD));
  await everything(web.database, home);
  admin = await signInAs(web.app, "admin@vesper.example");
}, 120_000);
afterAll(async () => {
  await web.stop();
  await rm(home, { recursive: true, force: true });
});

test("CSRF: every form of the web is refused without the token of this browser, and changes nothing", async () => {
  const writes = [...web.app.guardedRoutes]
    .filter(([route, access]) => /^(POST|PUT|PATCH|DELETE) /.test(route) && access !== "signed")
    .map(([route]) => route.split(" ") as [string, string]);
  expect(writes.length).toBeGreaterThan(40);
  const before = web.gateway.commands.length;
  for (const [method, route] of writes) {
    const url = route
      .replace(/:table/, "programme")
      .replace(/:page/, "home")
      .replace(/:\w+/g, "U0001");
    for (const token of ["", "x".repeat(32)]) {
      const answer = await web.app.inject({
        method: method as "POST",
        url: `${url}?key=U0001`,
        ...formBody({ _csrf: token, decision: "accept", days: "3" }, { cookie: admin.cookie }),
      });
      // Refused for the token, or before that for a body that is none, or a long form given back unsaved; never done.
      const refused = [400, 403, 404, 409, 415].includes(answer.statusCode);
      expect([method, url, refused ? "refused" : answer.statusCode]).toEqual([method, url, "refused"]);
    }
  }
  expect(web.gateway.commands).toHaveLength(before);
});

test("session fixation: a token set by somebody else is not the one that signing in gives", async () => {
  const planted = "planted-by-somebody-else-0123456789abcdefgh";
  const form = await web.app.inject({ url: "/sign-in", headers: { cookie: `vesper_session=${planted}` } });
  const answer = await web.app.inject({
    method: "POST",
    url: "/sign-in",
    ...formBody(
      { mail: "user@vesper.example", password: PASSWORD, _csrf: csrfOf(form.body) },
      { cookie: `${cookiesOf(form)}; vesper_session=${planted}` },
    ),
  });
  expect(answer.statusCode).toBe(303);
  const given = answer.cookies.filter(({ name }) => name === "vesper_session").at(-1);
  expect(given?.value).not.toBe(planted);
  expect(given).toMatchObject({ httpOnly: true, sameSite: "Lax" });
  const withPlanted = await web.app.inject({ url: "/", headers: { cookie: `vesper_session=${planted}` } });
  expect(withPlanted.statusCode).toBe(303);
});

test("open redirect: whatever is asked for, the way leads within this server", () => {
  const foreign = [
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example",
    "http:evil.example",
    "javascript:alert(1)",
    "/\t/evil.example",
    "/\n/evil.example",
    "/.//evil.example",
    "/..//evil.example/a",
    "///evil.example",
    "data:text/html,x",
    "",
    " /x",
  ];
  for (const next of foreign) {
    const target = new URL(localPath(next), "http://here.example");
    expect([next, target.host, target.protocol]).toEqual([next, "here.example", "http:"]);
    expect(localPath(next)).toMatch(/^\/(?!\/)/);
  }
  expect(localPath("/requests?status=draft&x=//y#z")).toBe("/requests?status=draft&x=//y#z");
});

test("XSS: in target, request, comment, journal, header, notice, device, name and programme it is text on every page", async () => {
  const em = web.database.orm.em.fork();
  await em.execute(`update request set name = ?, comment = ?`, [XSS, XSS]);
  await em.execute("update sequence set target_name = ?, status_reason = ?", [XSS, XSS]);
  await em.execute("update scheduled_sequence set reason = ? where status = 'refused'", [XSS]);
  await em.execute("update image set filter = ?, header = ?::jsonb, statistics = ?::jsonb", [
    XSS,
    JSON.stringify({ OBJECT: XSS, [XSS]: XSS }),
    JSON.stringify({ note: XSS }),
  ]);
  await em.execute(`update "user" set name = ? where mail <> 'admin@vesper.example'`, [XSS]);
  await em.execute("update programme set name = ?, description = ?", [XSS, XSS]);
  await web.database.journal.append({
    atWallMs: NOW_MS,
    atMs: NOW_MS,
    level: "info",
    module: XSS,
    text: XSS,
  });
  await web.database.audits.append({
    atWallMs: NOW_MS,
    userId: "U0001",
    action: XSS,
    subject: XSS,
    address: XSS,
    details: { x: XSS },
  });
  await em.execute(
    `insert into alert (key, site, stream, status, decision, slew, rule, reason, rank, generation, workflow_id, state, closed, stages, created_wall_at, updated_wall_at)
     values ('xss', 'colibri', ?, ?, ?, false, ?, ?, 1, 0, 'w', '{}'::jsonb, false, '{}'::jsonb, now(), now())`,
    [XSS, XSS, XSS, XSS, XSS],
  );
  const parsed = JSON.stringify({ ivorn: XSS, stream: XSS, role: XSS, author: XSS });
  await em.execute(
    `insert into notice (site, ivorn, digest, raw, door, received_at, received_wall_at, parsed, alert_key, needs_delivery, decision, reason)
     values ('colibri', ?, 'd', ?, ?, now(), now(), ?::jsonb, null, false, ?, ?)`,
    [XSS, Buffer.from(XSS), XSS, parsed, XSS, XSS],
  );
  // Whatever else people or machines write in words, wherever a check of the database lets it in.
  const columns = await em.execute<{ table: string; column: string }[]>(
    `select table_name as "table", column_name as "column" from information_schema.columns
     where table_schema = 'public' and data_type = 'text' and table_name <> 'user'
       and column_name ~ '^(name|comment|text|note|why|who|reason|guidance|detail|command|description|motive|subject|action|last_problem|started_by|ivorn|door|rule|page|status_reason|end_reason|user_agent|lifted_by|acknowledged_by|decided_by|module|grant_name|readout_mode|saved_by)$'`,
  );
  let filled = 0;
  for (const { table, column } of columns) {
    const done = await em
      .execute(`update "${table}" set "${column}" = ?`, [XSS])
      .then(() => 1)
      .catch(() => 0);
    filled += done;
  }
  expect(filled).toBeGreaterThan(40);
  await em.execute("update request_draft set document = jsonb_set(document, '{name}', to_jsonb(?::text))", [
    XSS,
  ]);
  await em.execute("update master set header = ?::jsonb, warnings = ?::jsonb", [
    JSON.stringify({ OBJECT: XSS, [XSS]: XSS }),
    JSON.stringify([XSS]),
  ]);
  await mkdir(path.join(home, "mail"), { recursive: true });
  await writeFile(
    path.join(home, "mail", `${"a".repeat(32)}.txt`),
    `Date: ${new Date().toISOString()}\nTo: ${XSS}\nSubject: ${XSS}\n\n${XSS}`,
  );
  const [request] = (await web.database.requests.list({ limit: 1 })).items;
  const [image] = (await web.database.images.list({ limit: 1 })).items;
  const pages = [
    ...[...web.app.guardedRoutes.keys()]
      .filter(
        (route) =>
          route.startsWith("GET /") &&
          !route.includes(":") &&
          !/^GET \/(api|events|public|metrics)/.test(route),
      )
      .map((route) => route.slice(4)),
    `/requests/${request?.id}`,
    `/images/${encodeURIComponent(image?.id ?? "")}`,
    "/alerts/xss",
    `/alerts/${THINGS.alert}`,
    `/calibrations/masters/${THINGS.master}`,
    "/devices/telescope",
    "/outbox/1",
    "/schedule/1",
    `/users/${THINGS.applicant}`,
    "/programmes/GALAXIES/edit",
    "/programmes/GALAXIES",
    "/users/U0002",
    "/users/U0001",
    ...["audit", "journal_entry", "notice", "request", "sequence", "image", "user", "programme"].map(
      (table) => `/admin/${table}?sort=-${table === "sequence" || table === "image" ? "id" : "id"}`,
    ),
    "/admin/programme/edit?key=GALAXIES",
    `/system?text=${encodeURIComponent(XSS)}&module=${encodeURIComponent(XSS)}`,
    `/requests?text=${encodeURIComponent(XSS)}`,
    `/users?text=${encodeURIComponent(XSS)}`,
    `/sign-in?next=${encodeURIComponent(XSS)}`,
    `/nothing/${encodeURIComponent(XSS)}`,
  ];
  let carried = 0;
  for (const url of pages) {
    const page = await admin.get(url);
    expect([url, page.statusCode < 500]).toEqual([url, true]);
    expect([url, RAW.exec(page.body)?.[0] ?? ""]).toEqual([url, ""]);
    // Handlebars runs once: what was stored is not a template.
    expect([url, page.body.includes("</textarea><svg")]).toEqual([url, false]);
    if (page.body.includes("&lt;script&gt;alert(1)")) carried += 1;
    if (String(page.headers["content-type"]).startsWith("text/html"))
      expect(page.headers["content-security-policy"]).toContain("script-src 'self'");
  }
  expect(carried).toBeGreaterThan(10);
});

test("SQL injection: in every filter, search, order and name of table it is a value or refused", async () => {
  const before = await web.database.users.list();
  for (const evil of [
    "' or 1=1 --",
    '\'; drop table "user"; --',
    '%\' union select password_hash from "user" --',
    "\\",
  ]) {
    const value = encodeURIComponent(evil);
    for (const url of [
      `/users?text=${value}`,
      `/requests?text=${value}`,
      `/system?text=${value}&module=${value}&night=${value}`,
      `/images?night=${value}&camera=${value}&filter=${value}&sequence=${value}`,
      `/programmes?text=${value}`,
      `/programmes/${value}`,
      `/admin/user?text=${value}&column=${value}&value=${value}&sort=${value}`,
      `/admin/user?column=mail&value=${value}&sort=-mail`,
      `/admin/user/row?key=${value}`,
      `/admin/${value}`,
      `/api/admin/tables/user/${value}`,
      `/api/journal?text=${value}&module=${value}`,
    ]) {
      const answer = await admin.get(url);
      expect([url, answer.statusCode < 500]).toEqual([url, true]);
      expect(answer.body).not.toContain("scrypt$");
    }
  }
  expect((await web.database.users.list()).total).toBe(before.total);
});

test("path traversal: nothing outside is served, whatever a name or a stored path says", async () => {
  await writeFile(path.join(home, "secret.txt"), "the secret");
  for (const name of [
    "../secret.txt",
    "..%2fsecret.txt",
    "%2e%2e/secret.txt",
    "....//secret.txt",
    "/etc/passwd",
    "..\\secret.txt",
  ]) {
    for (const url of [
      `/public/${name}`,
      `/public/${encodeURIComponent(name)}`,
      `/api/images/${name}.fits`,
      `/api/images/${encodeURIComponent(name)}.png`,
      `/help/${encodeURIComponent(name)}`,
    ]) {
      const answer = await admin.get(url);
      expect([url, answer.statusCode]).toEqual([url, expect.any(Number)]);
      expect([url, answer.statusCode >= 400 && answer.statusCode < 500]).toEqual([url, true]);
      expect(answer.body).not.toMatch(/the secret|root:/);
    }
  }
  const [image] = (await web.database.images.list({ limit: 1 })).items;
  const em = web.database.orm.em.fork();
  const outside = async (): Promise<unknown> =>
    em.execute("update image set path = '../../../../etc/passwd' where id = ?", [image?.id]);
  await expect(outside()).rejects.toThrow(/image_path_check/);
  // The pages do not rely on what the database forbids.
  await em.execute("alter table image drop constraint image_path_check");
  await outside();
  const answer = await admin.get(`/api/images/${encodeURIComponent(image?.id ?? "")}.fits`);
  expect(answer.statusCode).toBeGreaterThanOrEqual(400);
  expect(answer.body).not.toContain("root:");
});

test("oversized forms and fields are refused in words", async () => {
  const huge = await admin.post("/profile", { name: "x".repeat(300_000) });
  expect([huge.statusCode, huge.body]).toEqual([413, expect.stringContaining("too large")]);
  for (const [url, fields] of [
    ["/profile", { name: "x".repeat(200) }],
    ["/profile/tokens", { tokenName: "x".repeat(499), tokenProfile: "user" }],
    ["/programmes", { id: "A".repeat(400), name: "n", kind: "routine", priority: "1", description: "" }],
    ["/sign-in", { mail: "x".repeat(2_000), password: "y" }],
    ["/sign-in", { mail: "a@b.c", password: "y".repeat(5_000) }],
  ] as const) {
    expect([url, (await admin.post(url, fields)).statusCode]).toEqual([url, 400]);
  }
  const many = Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`c.f${i}`, "x"]));
  expect((await admin.post("/admin/programme/new", many)).statusCode).toBeLessThan(500);
});

test("no page shows one person what is another's alone: sessions, tokens, settings, mail addresses", async () => {
  const user = await signInAs(web.app, "user@vesper.example");
  const token = await web.token("user");
  const { items } = await web.database.users.list();
  const others = items.filter(({ mail }) => mail !== "user@vesper.example");
  const routes = [...web.app.guardedRoutes].filter(
    ([route, access]) =>
      route.startsWith("GET /") &&
      ["read", "account", "requests.own"].includes(access) &&
      !/events|openapi/.test(route),
  );
  expect(routes.length).toBeGreaterThan(20);
  for (const [route] of routes) {
    const url = route
      .slice(4)
      .replace(/:table/, "user")
      .replace(/:page/, "home")
      .replace("/programmes/:id", "/programmes/GALAXIES")
      .replace(/:\w+/g, "1");
    const answer = url.startsWith("/api/")
      ? await web.app.inject({ url, headers: { authorization: `Bearer ${token}` } })
      : await user.get(url);
    for (const { mail } of others) expect([url, answer.body.includes(mail)]).toEqual([url, false]);
    expect(answer.body).not.toContain("scrypt$");
  }
  // Another's token: not even whether there is one.
  expect((await user.post("/profile/tokens/1/revoke")).statusCode).toBe(404);
});

test("by its id nobody gets at what is another's: drafts, requests, tokens, sessions, settings, mails", async () => {
  const SECRET = "Nobody knows of this target";
  const owner = await signInAs(web.app, "operator@vesper.example");
  const stranger = await signInAs(web.app, "user@vesper.example");
  const ownerId = (await web.database.users.byMail("operator@vesper.example"))?.id ?? "";
  const own = (browser: Browser, method: string, url: string, payload?: object) =>
    web.app.inject({
      method: method as "POST",
      url,
      headers: { cookie: browser.cookie, "x-csrf-token": browser.csrf, "if-match": "*" },
      ...(payload === undefined ? {} : { payload }),
    });
  const draft = (await own(owner, "POST", "/api/request-drafts", { name: SECRET, comment: SECRET })).json();
  const token = (await own(owner, "POST", "/api/tokens", { name: SECRET, days: 1, profile: "user" })).json();
  await own(owner, "PUT", "/api/notifications", {
    mailEvents: [],
    webhookEvents: ["alarm"],
    webhookUrl: "https://hooks.example.org/of-the-owner",
  });
  const routes = [...web.app.guardedRoutes.keys()].filter((route) =>
    /^\w+ (\/api)?\/(requests|request-drafts)\/:id/.test(route),
  );
  expect(routes.length).toBeGreaterThan(25);
  for (const route of routes) {
    const [method = "", path = ""] = route.split(" ");
    const answer = await own(
      stranger,
      method,
      path.replace(":id", draft.id),
      method === "GET" ? undefined : {},
    );
    // An address that leads to the editor says no more than the editor does; a form without its fields is refused before.
    const refused =
      [400, 403, 404, 409].includes(answer.statusCode) ||
      answer.headers.location === `/requests/${draft.id}/edit`;
    expect([route, refused ? "refused" : answer.statusCode]).toEqual([route, "refused"]);
    expect([route, answer.body.includes(SECRET)]).toEqual([route, false]);
  }
  expect((await own(owner, "GET", `/api/request-drafts/${draft.id}`)).json()).toMatchObject({
    version: draft.version,
    document: { name: SECRET },
  });
  // Another's token: not even whether there is one.
  const known = await own(stranger, "DELETE", `/api/tokens/${token.id}`);
  const unknown = await own(stranger, "DELETE", "/api/tokens/999999");
  expect([known.statusCode, known.json().detail.replace(token.id, "")]).toEqual([
    404,
    unknown.json().detail.replace("999999", ""),
  ]);
  for (const url of [
    "/api/tokens",
    "/api/sessions",
    "/api/notifications",
    "/api/profile",
    "/api/request-drafts",
    "/profile",
    "/requests",
  ]) {
    const { body } = await own(stranger, "GET", url);
    for (const others of [
      SECRET,
      "of-the-owner",
      ownerId === "" ? "?" : `"${ownerId}"`,
      "operator@vesper.example",
    ])
      expect([url, body.includes(others)]).toEqual([url, false]);
  }
  const [submitted] = (
    await web.database.requests.list({ kind: "routine", status: "submitted", limit: 500 })
  ).items.filter(({ userId }) => userId === ownerId);
  if (submitted !== undefined)
    expect((await own(stranger, "POST", `/api/requests/${submitted.id}/withdraw`)).statusCode).toBe(403);
  // The operator's token is still good.
  expect((await own(owner, "DELETE", `/api/tokens/${token.id}`)).statusCode).toBe(204);
});

test("a webhook of a person leads neither inside this network nor in the clear", () => {
  for (const url of [
    "http://example.org/x",
    "https://127.0.0.1/x",
    "https://localhost:3000",
    "https://[::1]/x",
    "https://10.0.0.1/",
    "https://169.254.169.254/latest",
    "https://192.168.1.4/",
    "https://2130706433/",
    "https://user:password@example.org/",
    "ftp://example.org",
    "https://example.org\\@127.0.0.1/",
    "x",
  ])
    expect([url, webhookProblem(url) === null]).toEqual([url, false]);
  expect(webhookProblem("https://hooks.example.org:8443/vesper?x=1")).toBeNull();
});
