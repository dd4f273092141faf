import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { ENTITIES } from "../../db/entities/entities.ts";
import { builtSequence } from "../db/fixtures.ts";
import { startWeb } from "./support/web.ts";
import type { Browser, TestWeb } from "./support/web.ts";

let web: TestWeb;
let admin: Browser;
beforeAll(async () => {
  web = await startWeb();
  admin = await web.signIn("admin");
}, 120_000);
afterAll(async () => {
  await web.stop();
});

/** The text of a field of a page of the back office. */
function valueIn(html: string, name: string): string | undefined {
  return new RegExp(`name="${name.replace(".", String.raw`\.`)}"[^>]*value="([^"]*)"`).exec(html)?.[1];
}

test("every table of the entities is there: list, form or the reason why not, also when it is empty", async () => {
  const tables = (await admin.get("/api/admin/tables")).json<{ items: { name: string; why: string }[] }>();
  expect(tables.items.map(({ name }) => name)).toEqual(
    ENTITIES.map((entity) => entity.meta.tableName ?? "").toSorted(),
  );
  for (const { name, why } of tables.items) {
    const list = await admin.get(`/admin/${name}`);
    expect([name, list.statusCode]).toEqual([name, 200]);
    const form = await admin.get(`/admin/${name}/new`);
    expect([name, form.statusCode]).toEqual([name, why === "" ? 200 : expect.any(Number)]);
    if (why === "") expect(form.body).toContain('name="_version"');
    else expect(list.body).toContain(why.slice(0, 30).replaceAll("'", "&#x27;"));
  }
});

test("no secret is in any list or row, whatever the table", async () => {
  await web.token("expert");
  const secrets = await web.database.orm.em.fork().execute<{ secret: string }[]>(
    `select password_hash as secret from "user" union select hash from api_token
     union select id from session union select csrf from session`,
  );
  expect(secrets.length).toBeGreaterThan(3);
  for (const table of ["user", "api_token", "session", "outbox", "account_link", "notification_settings"]) {
    const list = await admin.get(`/admin/${table}`);
    const json = (await admin.get(`/api/admin/tables/${table}`)).json<{ items: { key: string }[] }>();
    const rows = await Promise.all(
      json.items.map(({ key }) => admin.get(`/admin/${table}/row?key=${encodeURIComponent(key)}`)),
    );
    // The administrator's own forms carry the token of this very session.
    for (const { secret } of secrets.filter((each) => each.secret !== admin.csrf)) {
      expect(list.body).not.toContain(secret);
      expect(JSON.stringify(json)).not.toContain(secret);
      for (const row of rows) expect(row.body).not.toContain(secret);
    }
    for (const row of rows) expect(row.statusCode).toBe(200);
  }
  expect((await admin.get("/admin/user?column=password_hash&value=x")).body).toContain("row");
  expect((await admin.get("/admin/user?sort=password_hash")).statusCode).toBe(200);
});

test("create, see, edit, delete a row; each step is in the audit with what changed", async () => {
  const fields = {
    "c.id": "NEW",
    "c.name": "A new one",
    "c.kind": "routine",
    "c.priority": "2",
    "c.description": "<b>bold</b>",
    "c.active": "true",
  };
  expect((await admin.post("/admin/programme/new", fields)).headers.location).toBe(
    "/admin/programme/row?key=NEW",
  );
  const row = await admin.get("/admin/programme/row?key=NEW");
  expect(row.body).toContain("&lt;b&gt;bold&lt;/b&gt;");

  const form = await admin.get("/admin/programme/edit?key=NEW");
  const version = valueIn(form.body, "_version") ?? "";
  const changed = { ...fields, "c.priority": "5", _version: version };
  expect((await admin.post("/admin/programme/edit?key=NEW", changed)).statusCode).toBe(303);
  expect(await web.database.programmes.byId("NEW")).toMatchObject({ priority: 5, active: true });
  const late = await admin.post("/admin/programme/edit?key=NEW", { ...changed, "c.priority": "7" });
  expect([late.statusCode, late.body]).toEqual([
    400,
    expect.stringContaining("Somebody has changed this row"),
  ]);
  expect(late.body).toContain('value="7"');

  const ask = await admin.get("/admin/programme/delete?key=NEW");
  const gone = await admin.post("/admin/programme/delete?key=NEW", {
    _version: valueIn(ask.body, "_version") ?? "",
  });
  expect([gone.statusCode, await web.database.programmes.byId("NEW")]).toEqual([303, null]);
  const audits = await web.database.audits.ofSubject("programme/NEW", 10);
  expect(audits.map(({ action, details }) => [action, details])).toEqual([
    ["admin.delete", { from: expect.objectContaining({ priority: "5" }) }],
    ["admin.change", { from: { priority: "2" }, to: { priority: "5" } }],
    ["admin.create", { to: expect.objectContaining({ id: "NEW" }) }],
  ]);
});

test("wrong values are told by column, value and rule, and nothing is stored", async () => {
  const base = {
    "c.id": "BAD",
    "c.name": "x",
    "c.kind": "routine",
    "c.priority": "1",
    "c.description": "",
    "c.active": "true",
  };
  for (const [change, words] of [
    [{ "c.priority": "many" }, "priority: &quot;many&quot; is not a whole number."],
    [{ "c.kind": "other" }, "kind: &quot;other&quot; is none of routine, alert."],
    [{ "c.active": "perhaps" }, "active: &quot;perhaps&quot; is neither true nor false."],
    [{ "c.priority": "-1" }, "The values break the rule &quot;programme_priority_check&quot;."],
    [{ "c.priority": "99999999999" }, "A value is not of its column"],
    [{ "c.id": "ALERT" }, "There is such a row already"],
  ] as const) {
    const answer = await admin.post("/admin/programme/new", { ...base, ...change });
    expect([answer.statusCode, answer.body]).toEqual([400, expect.stringContaining(words)]);
  }
  expect(await web.database.programmes.byId("BAD")).toBeNull();
  const orphan = await admin.post("/admin/membership/new", {
    "c.user_id": "U9999",
    "c.programme_id": "ALERT",
    "c.role": "member",
  });
  expect(orphan.body).toContain("what is named must exist");
});

test("what others point at cannot be deleted, and the page says what does", async () => {
  const { user } = await web.database.users.create({
    mail: "author@vesper.example",
    name: "author",
    profile: "user",
    passwordHash: "x",
    state: "active",
    createdWallMs: 0,
  });
  await web.database.requests.create({
    name: "kept",
    comment: "",
    programmeId: "ALERT",
    userId: user.id,
    sequences: [builtSequence()],
    submit: false,
    wallMs: 0,
  });
  const ask = await admin.get("/admin/programme/delete?key=ALERT");
  expect(ask.body).toContain("1 row of request (programme_id) points at it");
  expect(ask.body).not.toContain("Delete the row");
  const forced = await admin.post("/admin/programme/delete?key=ALERT", {
    _version: valueIn((await admin.get("/admin/programme/edit?key=ALERT")).body, "_version") ?? "",
  });
  expect([forced.statusCode, await web.database.programmes.byId("ALERT")]).toEqual([409, expect.anything()]);
});

test("tables that are only added to say so and refuse, on pages and by API", async () => {
  const [line] = (await web.database.quota.list({ limit: 1 })).items;
  for (const table of ["quota_entry", "audit", "notice", "journal_entry", "lease", "clock"]) {
    expect((await admin.post(`/admin/${table}/new`, { "c.id": "1" })).statusCode).toBe(409);
    expect((await admin.post(`/admin/${table}/edit?key=1`, { "c.note": "x" })).statusCode).toBe(409);
    expect((await admin.post(`/admin/${table}/delete?key=1`)).statusCode).toBe(409);
  }
  const token = await web.token("admin");
  const headers = { authorization: `Bearer ${token}` };
  const url = `/api/admin/tables/quota_entry/${line?.id}`;
  expect((await web.app.inject({ method: "DELETE", url, headers })).statusCode).toBe(409);
});

test("by API: an ETag guards changes, search, filter and order work", async () => {
  const headers = { authorization: `Bearer ${await web.token("admin")}`, "content-type": "application/json" };
  const url = "/api/admin/tables/programme";
  const made = await web.app.inject({
    method: "POST",
    url,
    headers,
    payload: { id: "API", name: "By API", kind: "routine", priority: "3", description: "", active: "true" },
  });
  expect(made.statusCode).toBe(201);
  const etag = String(made.headers["etag"]);
  const patch = (ifMatch?: string) =>
    web.app.inject({
      method: "PATCH",
      url: `${url}/API`,
      headers: { ...headers, ...(ifMatch === undefined ? {} : { "if-match": ifMatch }) },
      payload: { name: "Changed" },
    });
  expect((await patch()).statusCode).toBe(428);
  expect((await patch('"other"')).statusCode).toBe(412);
  expect((await patch(etag)).json()).toMatchObject({ key: "API", values: { name: "Changed" } });
  const found = await web.app.inject({ url: `${url}?text=chang&sort=-priority`, headers });
  expect(found.json()).toMatchObject({ total: 1, items: [{ key: "API" }] });
  const filtered = await web.app.inject({ url: `${url}?column=kind&value=alert`, headers });
  expect(filtered.json()).toMatchObject({ total: 1, items: [{ key: "ALERT" }] });
  // By value and not as text: 9 before 10.
  for (let i = 0; i < 12; i += 1) {
    const line = { level: "info" as const, module: "test", text: `line ${i}` };
    await web.database.journal.append({ atWallMs: 1_000 * i, atMs: 1_000 * i, ...line });
  }
  const lines = await web.app.inject({ url: "/api/admin/tables/journal_entry?sort=id&limit=500", headers });
  const ids = lines.json<{ items: { key: string }[] }>().items.map(({ key }) => Number(key));
  expect(ids.length).toBeGreaterThan(11);
  expect(ids).toEqual(ids.toSorted((a, b) => a - b));
  const secret = await web.app.inject({
    method: "PATCH",
    url: "/api/admin/tables/user/U0001",
    headers: { ...headers, "if-match": '"x"' },
    payload: { password_hash: "mine" },
  });
  expect([400, 412]).toContain(secret.statusCode);
});
