import { afterAll, beforeAll, expect, test } from "@jest/globals";
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
