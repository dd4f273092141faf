import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { cookiesOf, csrfOf, formBody, startWeb } from "./support/web.ts";
import type { TestWeb } from "./support/web.ts";

let web: TestWeb;
beforeAll(async () => {
  web = await startWeb();
}, 120_000);
afterAll(async () => {
  await web.stop();
});

async function attempt(mail: string, password: string) {
  const form = await web.app.inject({ url: "/sign-in" });
  return web.app.inject({
    method: "POST",
    url: "/sign-in",
    ...formBody({ mail, password, _csrf: csrfOf(form.body) }, { cookie: cookiesOf(form) }),
  });
}

test("a page asked for before signing in is reached afterwards, and nowhere else", async () => {
  const turned = await web.app.inject({ url: "/?a=1" });
  expect(turned.statusCode).toBe(303);
  expect(turned.headers.location).toBe("/sign-in?next=%2F%3Fa%3D1");
  const form = await web.app.inject({ url: "/sign-in?next=//evil.example/" });
  expect(form.body).toContain('name="next" value="/"');
});

test("the session cookie is HttpOnly and SameSite=Lax, and signing out ends it", async () => {
  const browser = await web.signIn("user");
  expect((await browser.get("/")).statusCode).toBe(200);
  const form = await web.app.inject({ url: "/sign-in" });
  const answer = await web.app.inject({
    method: "POST",
    url: "/sign-in",
    ...formBody(
      { mail: "USER@vesper.example ", password: "a long enough password", _csrf: csrfOf(form.body) },
      { cookie: cookiesOf(form) },
    ),
  });
  const [session] = answer.cookies;
  expect(session).toMatchObject({ name: "vesper_session", httpOnly: true, sameSite: "Lax", path: "/" });
  expect((await browser.post("/sign-out")).statusCode).toBe(303);
  expect((await browser.get("/")).statusCode).toBe(303);
});

test("an unknown address, a wrong password and a disabled account get the same words", async () => {
  await web.signIn("expert");
  const { user } = await web.database.users.create({
    mail: "gone@vesper.example",
    name: "gone",
    profile: "user",
    passwordHash: "scrypt$32768$8$3$AAAA$AAAA",
    state: "disabled",
    createdWallMs: 0,
  });
  expect(user.state).toBe("disabled");
  const answers = await Promise.all([
    attempt("expert@vesper.example", "wrong"),
    attempt("nobody@vesper.example", "wrong"),
    attempt("gone@vesper.example", "wrong"),
  ]);
  for (const answer of answers) {
    expect(answer.statusCode).toBe(401);
    expect(answer.body).toContain("do not belong together");
  }
});

test("after five failures of one address and mail the sixth is refused, even with the right password", async () => {
  await web.signIn("operator");
  for (let i = 0; i < 5; i += 1)
    expect((await attempt("operator@vesper.example", "wrong")).statusCode).toBe(401);
  const refused = await attempt("operator@vesper.example", "a long enough password");
  expect(refused.statusCode).toBe(429);
  expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
  web.clock.wallMs += 16 * 60_000;
  expect((await attempt("operator@vesper.example", "a long enough password")).statusCode).toBe(303);
});

test("a form without the token of this browser is refused and changes nothing", async () => {
  const browser = await web.signIn("admin");
  const answer = await web.app.inject({
    method: "POST",
    url: "/sign-out",
    ...formBody({ _csrf: "x".repeat(32) }, { cookie: browser.cookie }),
  });
  expect(answer.statusCode).toBe(403);
  expect((await browser.get("/")).statusCode).toBe(200);
});

test("a foreign host name is refused", async () => {
  expect((await web.app.inject({ url: "/healthz", headers: { host: "evil.example" } })).statusCode).toBe(421);
  expect((await web.app.inject({ url: "/healthz", headers: { host: "127.0.0.1:3000" } })).statusCode).toBe(
    200,
  );
});

test("pages run no inline script and no style of their own", async () => {
  const browser = await web.signIn("admin");
  const page = await browser.get("/");
  expect(page.headers["content-security-policy"]).toContain("script-src 'self'");
  expect(page.body).not.toMatch(/<script(?![^>]*src=)/);
  expect(page.body).not.toMatch(/\sstyle=|\son\w+=/);
});
