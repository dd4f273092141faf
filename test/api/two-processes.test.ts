import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { App } from "../../api/context.ts";
import { cookiesOf, csrfOf, formBody, PASSWORD, startWeb, type TestWeb } from "./support/web.ts";

// Behind the proxy each request may go to another web process: what they share is in the database alone.
let web: TestWeb;
let one: App;
let other: App;
beforeAll(async () => {
  web = await startWeb({ settings: { publicUrl: "http://localhost:3000" } });
  one = web.app;
  other = await web.another();
}, 120_000);
afterAll(async () => {
  await web?.stop();
});

async function post(app: App, from: App, url: string, fields: Record<string, string>, cookie = "") {
  const form = await from.inject({ url, headers: { cookie } });
  const jar = [cookie, cookiesOf(form)].filter(Boolean).join("; ");
  return app.inject({
    method: "POST",
    url,
    ...formBody({ ...fields, _csrf: csrfOf(form.body) }, { cookie: jar }),
  });
}

test("who has signed in at one is signed in at the other; a form of one is taken by the other; signed out is out of both", async () => {
  await web.signIn("user");
  const signIn = { mail: "user@vesper.example", password: PASSWORD };
  const cookie = cookiesOf(await post(other, one, "/sign-in", signIn));
  for (const app of [one, other]) {
    expect((await app.inject({ url: "/profile", headers: { cookie } })).statusCode).toBe(200);
  }
  const profile = await one.inject({ url: "/profile", headers: { cookie } });
  const csrf = csrfOf(profile.body);
  const named = formBody({ name: "Vera Rubin", _csrf: csrf }, { cookie });
  expect((await other.inject({ method: "POST", url: "/profile", ...named })).statusCode).toBe(303);
  const out = formBody({ _csrf: csrf }, { cookie });
  expect((await other.inject({ method: "POST", url: "/sign-out", ...out })).statusCode).toBe(303);
  for (const app of [one, other]) {
    expect((await app.inject({ url: "/profile", headers: { cookie } })).statusCode).toBe(303);
  }
});

test("wrong passwords and askings count together", async () => {
  await web.signIn("expert");
  const wrong = { mail: "expert@vesper.example", password: "wrong" };
  const answers: number[] = [];
  for (let i = 0; i < 6; i += 1)
    answers.push((await post(i % 2 ? one : other, one, "/sign-in", wrong)).statusCode);
  expect(answers).toEqual([401, 401, 401, 401, 401, 429]);

  const asked: number[] = [];
  for (let i = 0; i < 21; i += 1) {
    const mail = `nobody${i}@example.org`;
    asked.push((await post(i % 2 ? one : other, one, "/recover", { mail })).statusCode);
  }
  expect(asked.filter((status) => status === 200)).toHaveLength(20);
  expect(asked.at(-1)).toBe(429);
  // An hour later nothing of it counts.
  web.clock.wallMs += 3_600_000;
  expect((await post(one, other, "/recover", { mail: "nobody@example.org" })).statusCode).toBe(200);
});

test("a command that one has not had confirmed is shown by the other, and given up when its process is silent", async () => {
  const cookie = (await web.signIn("operator")).cookie;
  const shown = async (): Promise<string> =>
    (await other.inject({ url: "/night", headers: { cookie } })).body.replaceAll(/<[^>]+>/g, " ");
  const kept = {
    id: "u1",
    site: "colibri",
    command: "pause",
    orderedBy: "operator@vesper.example",
    reason: "",
  };
  await web.database.lateCommands.keep({ ...kept, sentWallMs: web.clock.wallMs, outcome: "sending" });
  expect(await shown()).toMatch(/pause.*operator@vesper\.example/is);
  expect(await shown()).not.toMatch(/process that sent it has ended/);
  web.clock.wallMs += 700_000;
  expect(await shown()).toMatch(/process that sent it has ended/);
  await web.database.lateCommands.keep({ ...kept, sentWallMs: web.clock.wallMs, outcome: "applied" });
  expect(await shown()).not.toMatch(/process that sent it has ended/);
});

test("what one had begun with is not done by the other; what none had is; a notice may come twice", async () => {
  const visitor = await web.signIn("operator");
  const send = (app: App, number: string, name: string) =>
    app.inject({
      method: "POST",
      url: "/profile",
      ...formBody({ name, _csrf: visitor.csrf }, { cookie: visitor.cookie, "x-request-id": number }),
    });
  expect((await send(one, "first", "Taken")).statusCode).toBe(303);
  const again = await send(other, "first", "Not taken");
  expect(again.statusCode).toBe(409);
  expect(again.body).toContain("The server that had begun with this has ended");
  expect((await send(other, "second", "Taken too")).statusCode).toBe(303);
  const notice = (app: App) =>
    app.inject({ method: "POST", url: "/api/voevents", headers: { "x-request-id": "notice" }, payload: "" });
  expect((await notice(one)).statusCode).toBe((await notice(other)).statusCode);
});
