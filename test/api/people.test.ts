import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { hashPassword } from "../../api/passwords.ts";
import { tokenHash } from "../../api/plugins/identity.ts";
import { LOCK_OUT, lockedForMs } from "../../domain/people/lock-out.ts";
import { builtSequence } from "../db/fixtures.ts";
import { NOW_MS } from "./support/states.ts";
import { cookiesOf, csrfOf, formBody, PASSWORD, signInAs, startWeb } from "./support/web.ts";
import type { TestWeb } from "./support/web.ts";

let web: TestWeb;
beforeAll(async () => {
  web = await startWeb();
}, 120_000);
afterAll(async () => {
  await web.stop();
});

const GOOD = "correct horse battery staple";

/** Posts a form of a page that needs no sign-in. */
async function submit(url: string, fields: Readonly<Record<string, string>>) {
  const form = await web.app.inject({ url });
  return web.app.inject({
    method: "POST",
    url,
    ...formBody({ ...fields, _csrf: csrfOf(form.body) }, { cookie: cookiesOf(form) }),
  });
}

/** Mails of the outbox to one person, newest first. */
async function mailsTo(mail: string): Promise<{ subject: string; text: string }[]> {
  const { items } = await web.database.outbox.list({ topic: "mail", limit: 500 });
  return items
    .filter((message) => message.destination === mail)
    .map((message) => message.payload as unknown as { subject: string; text: string });
}

/** The path of the link in a mail. */
function linkIn(text: string | undefined): string {
  const link = /http:\/\/127\.0\.0\.1:3000(\/\S+\/[A-Za-z0-9_-]{32})/.exec(text ?? "")?.[1];
  if (link === undefined) throw new Error(`no link in the mail: ${text}`);
  return link;
}

test("sign up, confirm the address, be accepted by an administrator, sign in", async () => {
  const admin = await web.signIn("admin");
  const mail = "vera@example.org";
  const answer = await submit("/sign-up", {
    name: "Vera Rubin",
    mail: " Vera@Example.org ",
    motive: "Rotation of galaxies <b>now</b>",
    password: GOOD,
  });
  expect(answer.statusCode).toBe(200);
  const early = await submit("/sign-in", { mail, password: GOOD });
  expect([early.statusCode, early.body]).toEqual([403, expect.stringContaining("is not confirmed yet")]);

  const link = linkIn((await mailsTo(mail))[0]?.text);
  expect((await web.app.inject({ url: link })).statusCode).toBe(200);
  expect((await submit(link, { password: "of somebody else" })).statusCode).toBe(401);
  expect((await submit(link, { password: GOOD })).statusCode).toBe(200);
  expect((await web.app.inject({ url: link })).statusCode).toBe(410);
  expect((await submit("/sign-in", { mail, password: GOOD })).body).toContain(
    "An administrator has not yet accepted your account, asked",
  );

  expect((await mailsTo("admin@vesper.example"))[0]?.subject).toContain("Vera Rubin asks for an account");
  const page = await admin.get("/applications");
  expect(page.body).toContain("Rotation of galaxies &lt;b&gt;now&lt;/b&gt;");
  const { id } = (await web.database.users.byMail(mail)) ?? { id: "" };
  const decided = await admin.post(`/users/${id}/decision`, {
    decision: "accept",
    profile: "user",
    reason: "Welcome.",
  });
  expect([decided.statusCode, decided.headers.location]).toEqual([303, `/users/${id}`]);
  expect((await mailsTo(mail))[0]).toMatchObject({
    subject: expect.stringContaining("Your account is active"),
    text: expect.stringContaining("Welcome."),
  });
  const vera = await signInAs(web.app, mail, GOOD);
  expect((await vera.get("/")).statusCode).toBe(200);
  expect((await vera.get("/users")).statusCode).toBe(403);
  expect((await admin.post(`/users/${id}/decision`, { decision: "refuse" })).statusCode).toBe(409);
  const { items } = await web.database.audits.list({ limit: 100 });
  expect(items.map(({ action }) => action)).toEqual(
    expect.arrayContaining(["account.signUp", "account.confirm", "user.accept", "session.start"]),
  );
  expect((await admin.get(`/users/${id}`)).body).toContain("accepted by");
});

test("a known address gets the same answer and another mail; nothing is changed", async () => {
  await web.signIn("expert");
  const before = await web.database.users.byMail("expert@vesper.example");
  const known = await submit("/sign-up", {
    name: "Mallory",
    mail: "expert@vesper.example",
    motive: "",
    password: GOOD,
  });
  const fresh = await submit("/sign-up", {
    name: "Mallory",
    mail: "fresh@example.org",
    motive: "",
    password: GOOD,
  });
  const same = (body: string, mail: string) => body.replaceAll(mail, "M").replaceAll(/value="[^"]*"/g, "");
  expect(known.statusCode).toBe(200);
  expect(same(known.body, "expert@vesper.example")).toBe(same(fresh.body, "fresh@example.org"));
  expect(await web.database.users.byMail("expert@vesper.example")).toEqual(before);
  expect((await mailsTo("expert@vesper.example"))[0]?.subject).toContain("You have an account already");
  await expect(signInAs(web.app, "expert@vesper.example", PASSWORD)).resolves.toBeDefined();
});

test("wrong fields are named with their rule, and what was typed is kept", async () => {
  const answer = await submit("/sign-up", {
    name: "",
    mail: "a@b, c@d",
    motive: "x <script>",
    password: "short",
  });
  expect(answer.statusCode).toBe(400);
  expect(answer.body).toContain("<title>Error: ");
  for (const words of ["Name: enter the name", "is not one. It looks like", "5 characters are too few"])
    expect(answer.body).toContain(words);
  expect(answer.body).toContain("x &lt;script&gt;</textarea>");
  expect(answer.body).not.toContain('value="short"');
});

test("a forgotten password: the same answer for everybody, a link that works once, all sessions end", async () => {
  const operator = await web.signIn("operator");
  const known = await submit("/recover", { mail: "operator@vesper.example" });
  const unknown = await submit("/recover", { mail: "nobody@example.org" });
  const same = (body: string, mail: string) => body.replaceAll(mail, "M").replaceAll(/value="[^"]*"/g, "");
  expect(same(known.body, "operator@vesper.example")).toBe(same(unknown.body, "nobody@example.org"));
  // The answer does not wait for the mail.
  for (let tries = 0; tries < 100 && (await mailsTo("operator@vesper.example")).length === 0; tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 100));
  expect(await mailsTo("nobody@example.org")).toEqual([]);
  const link = linkIn((await mailsTo("operator@vesper.example"))[0]?.text);
  expect((await submit(link, { password: "operator@vesper" })).statusCode).toBe(400);
  expect((await submit(link, { password: GOOD })).statusCode).toBe(200);
  expect((await web.app.inject({ url: link })).statusCode).toBe(410);
  expect((await operator.get("/")).statusCode).toBe(303);
  await expect(signInAs(web.app, "operator@vesper.example", GOOD)).resolves.toBeDefined();
  expect((await mailsTo("operator@vesper.example"))[0]?.subject).toContain("Your password was changed");
});

test("profile: name, password, other sessions signed out, tokens shown once and bounded by the profile", async () => {
  const browser = await web.signIn("user");
  const other = await web.signIn("user");
  expect((await browser.post("/profile", { name: "<i>Maria</i>" })).statusCode).toBe(303);
  expect((await browser.get("/profile")).body).toContain("&lt;i&gt;Maria&lt;/i&gt;");
  expect((await browser.post("/profile", { name: "" })).statusCode).toBe(400);

  const wrong = await browser.post("/profile/password", { current: "wrong", password: GOOD });
  expect([wrong.statusCode, wrong.body]).toEqual([
    400,
    expect.stringContaining("it is not the one of this account"),
  ]);
  const changed = await browser.post("/profile/password", { current: PASSWORD, password: GOOD });
  expect(changed.statusCode).toBe(200);
  expect((await browser.get("/")).statusCode).toBe(200);
  expect((await other.get("/")).statusCode).toBe(303);

  const made = await browser.post("/profile/tokens", {
    tokenName: "script",
    tokenDays: "30",
    tokenProfile: "user",
  });
  const token = /vesper_[A-Za-z0-9_-]{43}/.exec(made.body)?.[0] ?? "";
  expect((await browser.get("/profile")).body).not.toContain(token);
  const headers = { authorization: `Bearer ${token}` };
  expect((await web.app.inject({ url: "/api/requests", headers })).statusCode).toBe(200);
  expect((await web.app.inject({ url: "/api/users", headers })).statusCode).toBe(403);
  // What changes an account is not for tokens.
  expect(
    (await web.app.inject({ method: "POST", url: "/profile/sign-out-everywhere", headers })).statusCode,
  ).toBe(409);
  const greedy = { tokenName: "x", tokenDays: "1", tokenProfile: "admin" };
  expect((await browser.post("/profile/tokens", greedy)).statusCode).toBe(403);
  const { items } = (await web.app.inject({ url: "/api/tokens", headers })).json<{
    items: { id: number }[];
  }>();
  expect(JSON.stringify(items)).not.toContain("hash");
  const stranger = await web.signIn("admin");
  expect((await stranger.post(`/profile/tokens/${items[0]?.id}/revoke`)).statusCode).toBe(404);
  expect((await browser.post(`/profile/tokens/${items[0]?.id}/revoke`)).statusCode).toBe(200);
  expect((await web.app.inject({ url: "/api/requests", headers })).statusCode).toBe(401);
});

test("a demoted person's token may no more than the person, a disabled one's nothing", async () => {
  const admin = await web.signIn("admin");
  const { user } = await web.database.users.create({
    mail: "was@example.org",
    name: "Was Admin",
    profile: "admin",
    passwordHash: "x",
    state: "active",
    createdWallMs: web.clock.wallMs,
  });
  const token = "token-of-one-who-was-admin";
  await web.database.tokens.create({
    hash: tokenHash(token),
    name: "t",
    profile: "admin",
    userId: user.id,
    createdWallMs: 0,
    expiresWallMs: null,
  });
  const ask = async (url: string) =>
    (await web.app.inject({ url, headers: { authorization: `Bearer ${token}` } })).statusCode;
  expect(await ask("/api/users")).toBe(200);
  expect((await admin.post(`/users/${user.id}`, { profile: "user" })).statusCode).toBe(303);
  expect([await ask("/api/users"), await ask("/api/requests")]).toEqual([403, 200]);
  expect((await admin.post(`/users/${user.id}`, { state: "disabled" })).statusCode).toBe(303);
  expect(await ask("/api/requests")).toBe(401);
});

test("the last administrator stays one", async () => {
  const admin = await web.signIn("admin");
  const me = await web.database.users.byMail("admin@vesper.example");
  for (const change of [{ profile: "user" }, { state: "disabled" }])
    expect((await admin.post(`/users/${me?.id}`, change)).statusCode).toBe(409);
  expect((await admin.post("/profile/delete", { deletePassword: PASSWORD })).statusCode).toBe(409);
  expect((await admin.get("/users")).statusCode).toBe(200);
});

test("a deleted account: personal data is gone everywhere, requests stay under the number", async () => {
  const { user } = await web.database.users.create({
    mail: "leaver@example.org",
    name: "Lea Leaver",
    profile: "user",
    passwordHash: await hashPassword(PASSWORD),
    state: "active",
    createdWallMs: web.clock.wallMs,
  });
  const browser = await signInAs(web.app, "leaver@example.org");
  const request = await web.database.requests.create({
    name: "stays",
    comment: "",
    programmeId: "ALERT",
    userId: user.id,
    sequences: [builtSequence()],
    submit: false,
    wallMs: 0,
  });
  await web.database.journal.append({
    atWallMs: 0,
    atMs: 0,
    level: "info",
    module: "night",
    text: "Paused by leaver@example.org.",
  });
  expect((await browser.post("/profile/delete", { deletePassword: "wrong" })).statusCode).toBe(400);
  expect((await browser.post("/profile/delete", { deletePassword: PASSWORD })).statusCode).toBe(200);
  expect((await browser.get("/")).statusCode).toBe(303);
  expect(await web.database.users.byId(user.id)).toMatchObject({
    state: "deleted",
    name: `former user ${user.id}`,
    passwordHash: "",
  });
  expect(await web.database.requests.one(request.id)).toMatchObject({ userId: user.id });
  const tables = await web.database.backOffice.tables();
  for (const { name } of tables.filter((each) => each.name !== "outbox")) {
    const rows = await web.database.orm.em
      .fork()
      .execute<{ n: number }[]>(
        `select count(*)::int as n from "${name}" t where t::text ilike '%leaver@example%' or t::text ilike '%Lea Leaver%'`,
      );
    expect([name, rows[0]?.n]).toEqual([name, 0]);
  }
  expect((await submit("/sign-in", { mail: "leaver@example.org", password: PASSWORD })).statusCode).toBe(401);
});

test("strangers lock themselves out, not the owner at a known address", async () => {
  const mail = "expert@vesper.example";
  await web.signIn("expert");
  const wallMs = web.clock.wallMs;
  for (let i = 0; i < LOCK_OUT.perAccount; i += 1)
    await web.database.signInFailures.add(mail, `198.51.100.${i}`, wallMs);
  const of = async (address: string) =>
    lockedForMs(await web.database.signInFailures.of(mail, address, wallMs), wallMs);
  expect(await of("203.0.113.9")).toBeGreaterThan(0);
  expect(await of("127.0.0.1")).toBe(0);
  await expect(signInAs(web.app, mail)).resolves.toBeDefined();
  web.clock.wallMs += LOCK_OUT.windowMs + 1;
  expect(
    lockedForMs(
      await web.database.signInFailures.of(mail, "203.0.113.9", web.clock.wallMs),
      web.clock.wallMs,
    ),
  ).toBe(0);
});

test("programmes: created, granted time, members; the table adds up to the balance shown", async () => {
  const admin = await web.signIn("admin");
  const entry = { id: "col-12", name: "Cosmic <i>dawn</i>", kind: "routine", priority: "2", description: "" };
  const bad = await admin.post("/programmes", { ...entry, isNew: "1", priority: "-1", name: "" });
  expect([bad.statusCode, bad.body]).toEqual([400, expect.stringContaining("Priority: -1 is not")]);
  expect((await admin.post("/programmes", { ...entry, isNew: "1", active: "on" })).headers.location).toBe(
    "/programmes/COL-12",
  );
  expect((await admin.post("/programmes", { ...entry, isNew: "1" })).body).toContain(
    "there is a programme COL-12",
  );
  const grant = { grantName: "2027A", hours: "12.5", note: "" };
  expect((await admin.post("/programmes/COL-12/grants", grant)).statusCode).toBe(303);
  expect((await admin.post("/programmes/COL-12/grants", grant)).statusCode).toBe(409);
  expect((await admin.post("/programmes/COL-12/grants", { ...grant, hours: "-1" })).statusCode).toBe(400);
  const head = { member: "expert@vesper.example", role: "pi" };
  expect((await admin.post("/programmes/COL-12/members", head)).statusCode).toBe(303);
  expect((await admin.post("/programmes/COL-12/members", { ...head, member: "x" })).statusCode).toBe(400);

  const { id } = await web.database.requests.create({
    name: "r",
    comment: "",
    programmeId: "COL-12",
    userId: (await web.database.users.byMail("expert@vesper.example"))?.id ?? "",
    sequences: [builtSequence()],
    submit: true,
    wallMs: 0,
  });
  const attempt = { sequenceId: `${id}-1`, attempt: 1, atMs: NOW_MS, atWallMs: NOW_MS };
  await web.database.quota.reserve({ ...attempt, programmeId: "COL-12", seconds: 273.6 });
  await web.database.quota.settle({
    ...attempt,
    outcome: "interrupted",
    storedExposureS: 60.5,
    note: "rain",
  });
  const user = await web
    .signIn("operator")
    .catch(async () => signInAs(web.app, "operator@vesper.example", GOOD));
  const page = await user.get("/programmes/COL-12");
  expect(page.body).toContain("Cosmic &lt;i&gt;dawn&lt;/i&gt;");
  expect(page.body).toContain("head</td>");
  expect(page.body).not.toContain("expert@vesper.example");
  const effects = [...page.body.matchAll(/data-label="Changes" class="n">([^<]*)</g)].map(([, text]) =>
    Number((text ?? "").replace("\u2212", "-").replace("&#x2212;", "-")),
  );
  const left = /id="balance"><strong>([\d.]+)</.exec(page.body)?.[1];
  expect(effects).toHaveLength(4);
  expect(effects.reduce((sum, effect) => sum + effect, 0)).toBeCloseTo(Number(left), 6);
  expect((await web.database.quota.balance("COL-12")).availableS).toBeCloseTo(Number(left), 6);
  const chart = await user.get("/programmes/COL-12/quota.svg?width=343");
  expect([chart.statusCode, chart.headers["content-type"]]).toEqual([200, "image/svg+xml"]);
  expect((await user.get("/programmes/COL-12/edit")).statusCode).toBe(403);
  expect((await user.get("/programmes/NONE")).statusCode).toBe(404);
});

test("two administrators at one programme, one account, one name: the second sees what the first saved, and loses nothing", async () => {
  const admin = await web.signIn("admin");
  const entry = { id: "TWO", name: "Two", kind: "routine", priority: "2", description: "", active: "on" };
  await admin.post("/programmes", { ...entry, isNew: "1" });
  const version = versionIn((await admin.get("/programmes/TWO/edit")).body);
  expect((await admin.post("/programmes", { ...entry, priority: "5", version })).statusCode).toBe(303);
  const late = await admin.post("/programmes", { ...entry, name: "Late", version });
  expect([late.statusCode, late.body]).toEqual([
    409,
    expect.stringContaining("Priority: somebody else saved &quot;5&quot; meanwhile"),
  ]);
  expect(late.body).toContain('value="Late"');
  expect(await web.database.programmes.byId("TWO")).toMatchObject({ name: "Two", priority: 5 });
  // Saved again, knowing it.
  const again = versionIn(late.body);
  expect((await admin.post("/programmes", { ...entry, name: "Late", version: again })).statusCode).toBe(303);
  expect(await web.database.programmes.byId("TWO")).toMatchObject({ name: "Late", priority: 2 });

  const { user } = await web.database.users.create({
    mail: "edited@example.org",
    name: "Edited",
    profile: "user",
    passwordHash: await hashPassword(PASSWORD),
    state: "active",
    createdWallMs: web.clock.wallMs,
  });
  const page = `/users/${user.id}`;
  const seen = versionIn((await admin.get(page)).body);
  expect((await admin.post(page, { profile: "expert", version: seen })).statusCode).toBe(303);
  const lost = await admin.post(page, { profile: "operator", version: seen });
  expect([lost.statusCode, lost.body]).toEqual([
    409,
    expect.stringContaining("changed by somebody else meanwhile"),
  ]);
  expect(await web.database.users.byId(user.id)).toMatchObject({ profile: "expert" });

  const own = await signInAs(web.app, "edited@example.org");
  const before = versionIn((await own.get("/profile")).body);
  expect((await own.post("/profile", { name: "First", version: before })).statusCode).toBe(303);
  const second = await own.post("/profile", { name: "Second", version: before });
  expect([second.statusCode, second.body]).toEqual([
    400,
    expect.stringContaining("its name is &quot;First&quot; now"),
  ]);
});

test("programs edit programmes, users and their own name by ETag: 428 without, 412 with an old one", async () => {
  const admin = await web.signIn("admin");
  const ask = async (
    method: "GET" | "PUT" | "PATCH" | "DELETE",
    url: string,
    payload?: object,
    match?: string,
  ) =>
    web.app.inject({
      method,
      url,
      headers: {
        cookie: admin.cookie,
        "x-csrf-token": admin.csrf,
        ...(match === undefined ? {} : { "if-match": match }),
      },
      ...(payload === undefined ? {} : { payload }),
    });
  const programme = { name: "By API", kind: "routine", priority: 3, description: "", active: true };
  const created = await ask("PUT", "/api/programmes/ETAG", programme);
  expect(created.statusCode).toBe(201);
  expect((await ask("PUT", "/api/programmes/NOT-THERE", programme, '"x"')).statusCode).toBe(412);
  const me = await web.database.users.byMail("admin@vesper.example");
  const { user } = await web.database.users.create({
    mail: "patched@example.org",
    name: "Patched",
    profile: "user",
    passwordHash: "x",
    state: "active",
    createdWallMs: web.clock.wallMs,
  });
  for (const [method, url, change] of [
    ["PUT", "/api/programmes/ETAG", (n: number) => ({ ...programme, priority: n })],
    ["PATCH", `/api/users/${user.id}`, (n: number) => ({ profile: n % 2 === 0 ? "expert" : "operator" })],
    ["PATCH", "/api/profile", (n: number) => ({ name: `Name ${n}` })],
  ] as const) {
    const first = String((await ask("GET", url)).headers["etag"]);
    const without = await ask(method, url, change(4));
    expect([url, without.statusCode, without.json().detail]).toEqual([
      url,
      428,
      expect.stringContaining(first),
    ]);
    const done = await ask(method, url, change(4), first);
    expect([url, done.statusCode, done.headers["etag"]]).toEqual([
      url,
      200,
      expect.not.stringMatching(first),
    ]);
    const stale = await ask(method, url, change(5), first);
    expect([url, stale.statusCode, stale.headers["etag"]]).toEqual([url, 412, done.headers["etag"]]);
    expect(stale.json().detail).toContain("was changed meanwhile");
    expect((await ask("GET", url)).headers["etag"]).toBe(done.headers["etag"]);
  }
  expect(await web.database.users.byId(me?.id ?? "")).toMatchObject({ name: "Name 4" });
  const gone = { mail: "patched@example.org", reason: "asked for it" };
  expect((await ask("DELETE", `/api/users/${user.id}`, gone)).statusCode).toBe(428);
  expect((await ask("DELETE", `/api/users/${user.id}`, gone, '"old"')).statusCode).toBe(412);
  expect(await web.database.users.byId(user.id)).toMatchObject({ state: "active" });
});

/** The version that the first form of a page was made from. */
function versionIn(html: string): string {
  const version = /name="version" value="([^"]+)"/.exec(html)?.[1];
  if (version === undefined) throw new Error("the page has no version");
  return version;
}
