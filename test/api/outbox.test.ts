import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { Webhook } from "standardwebhooks";
import { observatory, startWeb } from "./support/web.ts";
import type { Browser, TestWeb } from "./support/web.ts";

const SECRET = `whsec_${Buffer.alloc(24, "fsc").toString("base64")}`;
const webhook = new Webhook(SECRET);
let web: TestWeb;
let operator: Browser;
let user: Browser;
let admin: Browser;
let wallMs: number;

beforeAll(async () => {
  web = await startWeb({
    observatory: { ...observatory, partners: { ic: "http://127.0.0.1:1/ic" } },
    settings: {
      home: "/nonexistent",
      port: 3000,
      publicUrl: null,
      webhookSecret: null,
      icSecret: null,
      fscSecret: null,
      fscWebhookSecret: SECRET,
      temporalUiUrl: "http://127.0.0.1:8233",
      temporalNamespace: "default",
    },
  });
  operator = await web.signIn("operator");
  user = await web.signIn("user");
  admin = await web.signIn("admin");
}, 120_000);
afterAll(async () => {
  await web.stop();
});
beforeEach(async () => {
  wallMs = web.clock.wallMs;
  await web.database.orm.em.fork().execute("truncate outbox; truncate fsc_message; truncate journal_entry");
});

async function failedMessage(): Promise<number> {
  await web.database.outbox.add({
    topic: "ic.schedule",
    key: "schedule/7",
    payload: { scheduleId: 7 },
    createdWallMs: wallMs - 90_000,
  });
  const [message] = await web.database.outbox.claim(["ic.schedule"], wallMs, 30_000, 1);
  await web.database.outbox.failed(message?.id ?? 0, 1, "It answered 422: no such night.");
  return message?.id ?? 0;
}

test("the page says what waits, what was refused and why, and that a partner without address or secret gets nothing", async () => {
  const id = await failedMessage();
  await web.database.outbox.add({
    topic: "fsc.report",
    key: "a",
    payload: {},
    createdWallMs: wallMs - 30_000,
  });
  const page = await operator.get("/outbox");
  expect(page.body).toContain("1\u00a0message waits, the oldest for 30\u00a0s; 1\u00a0message refused.");
  expect(page.body).toContain("It answered 422: no such night.");
  expect(page.body).toContain("Nothing is sent to FSC: the observatory file has no partners.fsc.");
  expect(page.body).toContain("Nothing is sent to IC: VESPER_IC_SECRET is not set.");
  expect((await operator.get(`/outbox/${id}`)).body).toContain("&quot;scheduleId&quot;: 7");
  const list = (await operator.get("/api/outbox?state=failed")).json();
  expect(list).toMatchObject({
    total: 1,
    items: [{ id, topic: "ic.schedule", destination: "ic", state: "failed", nextAttemptWallMs: null }],
    lanes: [
      { topic: "fsc.report", waiting: 1, failed: 0 },
      { topic: "ic.schedule", waiting: 0, failed: 1 },
    ],
  });
});

test("an operator has a refused message sent again, once, and it is told who; a user has no such button", async () => {
  const id = await failedMessage();
  expect((await user.get("/outbox")).body).not.toContain(`/outbox/${id}/retry`);
  expect((await user.post(`/outbox/${id}/retry`)).statusCode).toBe(403);
  expect((await operator.get("/outbox")).body).toContain(`/outbox/${id}/retry`);
  const pressed = await operator.post(`/outbox/${id}/retry`);
  expect([pressed.statusCode, pressed.headers.location]).toEqual([303, `/outbox/${id}`]);
  expect(await web.database.outbox.one(id)).toMatchObject({ state: "waiting", nextAttemptWallMs: wallMs });
  expect((await web.database.journal.list()).items[0]?.text).toBe(
    `operator@vesper.example has message ${id} sent again.`,
  );
  await web.database.outbox.delivered(id, wallMs);
  const late = await operator.post(`/outbox/${id}/retry`);
  expect(late.statusCode).toBe(409);
  expect(late.body).toContain("was delivered already; it is not sent twice");
});

test("mail is for its reader alone: nobody sees its content, and only an admin its address", async () => {
  const mail = { to: "anna@example.org", text: "https://vesper/recover/secret" };
  await web.database.outbox.add({
    topic: "mail",
    destination: mail.to,
    key: "recover/1",
    payload: mail,
    createdWallMs: wallMs,
  });
  const [{ id } = { id: 0 }] = (await web.database.outbox.list()).items;
  for (const [browser, sees] of [
    [user, false],
    [operator, false],
    [admin, true],
  ] as const) {
    for (const url of ["/outbox", `/outbox/${id}`, "/api/outbox", `/api/outbox/${id}`]) {
      const { body, statusCode } = await browser.get(url);
      expect(statusCode).toBe(200);
      expect(body).not.toContain("recover/secret");
      expect(body.includes(mail.to)).toBe(sees);
    }
  }
});

test("the page hears of each change", async () => {
  const { app } = web;
  const paths = Object.keys((app.swagger() as { paths: object }).paths);
  expect(paths).toEqual(
    expect.arrayContaining(["/api/outbox", "/api/outbox/{id}/retry", "/api/fsc/messages"]),
  );
  expect((await operator.get("/outbox")).body).toMatch(/topics[^"]*status,outbox/);
});

const MESSAGE = {
  type: "strategy.default",
  timestamp: "2026-11-20T03:00:00Z",
  data: { strategyId: "default", reason: "SVOM commissioning" },
};

/** Posts as FSC does; the signature is of the real now. */
async function post(id: string, body: string, signed = webhook.sign(id, new Date(), body)) {
  return web.app.inject({
    method: "POST",
    url: "/api/fsc/messages",
    payload: body,
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(Math.floor(Date.now() / 1_000)),
      "webhook-signature": signed,
    },
  });
}

test("a signed message of FSC is stored once by its id and shown", async () => {
  const body = JSON.stringify(MESSAGE);
  const first = await post("msg_1", body);
  expect([first.statusCode, first.json()]).toEqual([202, { id: "msg_1", duplicate: false }]);
  expect((await post("msg_1", body)).json()).toEqual({ id: "msg_1", duplicate: true });
  const other = await post(
    "msg_1",
    JSON.stringify({
      ...MESSAGE,
      type: "strategy.change",
      data: { strategyId: "a", changes: {}, reason: "b" },
    }),
  );
  expect(other.statusCode).toBe(409);
  expect((await user.get("/api/fsc/messages")).json()).toMatchObject({
    total: 1,
    items: [{ id: "msg_1", type: "strategy.default", data: MESSAGE.data, receivedWallMs: wallMs }],
  });
  const page = (await user.get("/outbox")).body;
  expect(page).toContain("SVOM commissioning");
  const lines = (await web.database.journal.list({ module: "fsc" })).items;
  expect(lines.map(({ text }) => text)).toEqual([
    "FSC asks strategy.default: SVOM commissioning. It is stored and shown; a person must act on it.",
  ]);
});

test("what is unsigned, wrongly signed, too long or not a message is refused in words, and not stored", async () => {
  const body = JSON.stringify(MESSAGE);
  const wrong = new Webhook(`whsec_${Buffer.alloc(24, "x").toString("base64")}`).sign("m", new Date(), body);
  expect((await post("m", body, wrong)).json().detail).toMatch(/^The signature does not hold/);
  const unsigned = await web.app.inject({ method: "POST", url: "/api/fsc/messages", payload: body });
  expect(unsigned.statusCode).toBe(401);
  expect((await post("m", "x".repeat(70_000))).statusCode).toBe(413);
  const refused: readonly [body: unknown, words: RegExp][] = [
    ["no json", /^The body is no JSON object/],
    [{ ...MESSAGE, type: "dome.open" }, /^type is "dome\.open": must be one of strategy\.default, /],
    [{ ...MESSAGE, data: { strategyId: "x" } }, /^data\.reason is missing: must be a text of 1 to 2000/],
    [{ ...MESSAGE, data: { ...MESSAGE.data, more: 1 } }, /^data\.more is not a known field/],
    [{ ...MESSAGE, timestamp: "2026-99-99T00:00:00Z" }, /there is no such instant/],
  ];
  for (const [content, words] of refused) {
    const answer = await post("m", JSON.stringify(content));
    expect([answer.statusCode, answer.json().detail]).toEqual([400, expect.stringMatching(words)]);
  }
  expect((await web.database.fscMessages.list()).total).toBe(0);
});
