import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { formBody, startWeb } from "./support/web.ts";
import type { TestWeb } from "./support/web.ts";
import { observatoryState } from "./support/states.ts";

let web: TestWeb;
let bearer: { authorization: string };
beforeAll(async () => {
  web = await startWeb();
  bearer = { authorization: `Bearer ${await web.token("operator")}` };
}, 120_000);
afterAll(async () => {
  await web.stop();
});
beforeEach(() => {
  web.gateway.state = observatoryState();
  web.gateway.outcome = null;
  web.gateway.commands.length = 0;
  web.clock.wallMs += 10_000;
});

test("the state has the fields that others rely on", async () => {
  const answer = await web.app.inject({ url: "/api/observatory", headers: bearer });
  expect(answer.statusCode).toBe(200);
  const body = answer.json();
  expect(body).toMatchObject({
    mode: "RUNNING",
    paused: false,
    holds: [],
    safety: { safe: true, dome: "Open" },
    night: { date: "2026-11-20", phase: "observing" },
    executing: {
      sequenceId: "R0012-1",
      target: "M 33",
      cameras: [{ cameraId: "camera-vis", phase: "exposing" }],
    },
    alertInProgress: null,
  });
  expect(body.devices).toHaveLength(11);
});

test("nobody answers: 503 with a sentence, and the next asker does not wait for the time-out again", async () => {
  web.gateway.state = null;
  const first = await web.app.inject({ url: "/api/observatory", headers: bearer });
  expect(first.statusCode).toBe(503);
  expect(first.headers["content-type"]).toContain("application/problem+json");
  expect(first.json()).toMatchObject({
    status: 503,
    detail: "The control worker or Temporal did not answer within 2 s.",
  });
  const { queries } = web.gateway;
  await web.app.inject({ url: "/api/observatory", headers: bearer });
  expect(web.gateway.queries).toBe(queries);
  web.clock.wallMs += 1_500;
  web.gateway.state = observatoryState();
  expect((await web.app.inject({ url: "/api/observatory", headers: bearer })).statusCode).toBe(200);
});

test("many askers at once make one query", async () => {
  const { queries } = web.gateway;
  await Promise.all(
    Array.from({ length: 20 }, async () => web.app.inject({ url: "/api/observatory", headers: bearer })),
  );
  expect(web.gateway.queries).toBe(queries + 1);
});

test("pause says when, and who pressed is in the journal", async () => {
  const headers = { ...bearer, "content-type": "application/json" };
  const url = "/api/observatory/pause";
  await web.app.inject({ method: "POST", url, headers, payload: { when: "frameEnd" } });
  await web.app.inject({ method: "POST", url, headers: bearer });
  expect(web.gateway.commands).toEqual(["pause frameEnd test operator", "pause now test operator"]);
  const wrong = await web.app.inject({ method: "POST", url, headers, payload: { when: "later" } });
  expect(wrong.statusCode).toBe(400);
  expect(wrong.json().detail).toContain("when");
  // The journal is written beside the answer, not before it.
  const texts: string[] = [];
  while (!texts.includes('test operator pressed "Pause now": done.')) {
    const { items } = await web.database.journal.list({ module: "web" });
    texts.splice(0, texts.length, ...items.map(({ text }) => text));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(texts).toContain('test operator pressed "Pause after this exposure": done.');
});

test("a refusal is 409 with the words of the workflow, an unanswered command 202", async () => {
  web.gateway.outcome = { kind: "refused", reason: "The night can be started from 23:33 UTC." };
  const refused = await web.app.inject({ method: "POST", url: "/api/nights/start", headers: bearer });
  expect(refused.statusCode).toBe(409);
  expect(refused.json().detail).toBe("The night can be started from 23:33 UTC.");
  web.gateway.outcome = { kind: "unconfirmed", reason: "Temporal cannot be reached." };
  const late = await web.app.inject({ method: "POST", url: "/api/observatory/close", headers: bearer });
  expect(late.statusCode).toBe(202);
  expect(late.json().detail).toContain("applied when the control worker is back");
});

test("a write by cookie needs the CSRF token, in a header", async () => {
  const browser = await web.signIn("operator");
  const url = "/api/observatory/resume";
  const without = await web.app.inject({ method: "POST", url, headers: { cookie: browser.cookie } });
  expect(without.statusCode).toBe(403);
  expect(web.gateway.commands).toEqual([]);
  const headers = { cookie: browser.cookie, "x-csrf-token": browser.csrf };
  expect((await web.app.inject({ method: "POST", url, headers })).statusCode).toBe(200);
  expect(web.gateway.commands).toEqual(["resume operator@vesper.example"]);
});

test("a token that is not ours is 401, nobody is 401, a form cannot reach the API", async () => {
  expect((await web.app.inject({ url: "/api/observatory" })).statusCode).toBe(401);
  const bad = await web.app.inject({ url: "/api/observatory", headers: { authorization: "Bearer nope" } });
  expect(bad.statusCode).toBe(401);
  const browser = await web.signIn("operator");
  const form = await web.app.inject({
    method: "POST",
    url: "/api/observatory/resume",
    ...formBody({}, { cookie: browser.cookie }),
  });
  expect(form.statusCode).toBe(403);
});
