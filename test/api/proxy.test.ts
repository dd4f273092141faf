import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { cookiesOf, csrfOf, formBody, PASSWORD, startWeb } from "./support/web.ts";
import type { TestWeb } from "./support/web.ts";

const HOST = "vesper.example.org";

let web: TestWeb;
beforeAll(async () => {
  web = await startWeb({
    settings: {
      home: "/nonexistent",
      port: 3000,
      publicUrl: `https://${HOST}`,
      webhookSecret: null,
      icSecret: null,
      fscSecret: null,
      fscWebhookSecret: null,
      temporalUiUrl: "http://127.0.0.1:8233",
      temporalNamespace: "default",
    },
  });
  await web.signIn("user");
}, 120_000);
afterAll(async () => {
  await web.stop();
});

test("behind a proxy its name is taken, another is not, and cookies are Secure", async () => {
  const form = await web.app.inject({ url: "/sign-in", headers: { host: HOST } });
  expect(form.statusCode).toBe(200);
  const answer = await web.app.inject({
    method: "POST",
    url: "/sign-in",
    ...formBody(
      { mail: "user@vesper.example", password: PASSWORD, _csrf: csrfOf(form.body) },
      { host: HOST, cookie: cookiesOf(form) },
    ),
  });
  expect(answer.cookies.find(({ name }) => name === "vesper_session")).toMatchObject({
    secure: true,
    httpOnly: true,
    sameSite: "Lax",
  });
  const other = await web.app.inject({ url: "/sign-in", headers: { host: "other.example.org" } });
  expect(other.statusCode).toBe(421);
});

test("each person behind the proxy has an own count of failures", async () => {
  const attempt = async (address: string) => {
    const headers = { host: HOST, "x-forwarded-for": address };
    const form = await web.app.inject({ url: "/sign-in", headers });
    return web.app.inject({
      method: "POST",
      url: "/sign-in",
      ...formBody(
        { mail: "user@vesper.example", password: "wrong", _csrf: csrfOf(form.body) },
        { ...headers, cookie: cookiesOf(form) },
      ),
    });
  };
  for (let i = 0; i < 5; i += 1) expect((await attempt("192.0.2.1")).statusCode).toBe(401);
  expect((await attempt("192.0.2.1")).statusCode).toBe(429);
  expect((await attempt("192.0.2.2")).statusCode).toBe(401);
});
