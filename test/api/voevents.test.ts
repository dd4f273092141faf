import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { Webhook } from "standardwebhooks";
import { typicalPacket } from "../../domain/alerts/typical.ts";
import type { Intake } from "../../ingest/intake.ts";
import { createIntake } from "../../ingest/intake.ts";
import type { Database } from "../../db/orm.ts";
import { observatory, startWeb } from "./support/web.ts";
import type { TestWeb } from "./support/web.ts";
import { freeze, thaw, withDescendants } from "../support/processes.ts";

const SECRET = `whsec_${Buffer.from("a secret of at least 24 bytes").toString("base64")}`;
const SETTINGS = {
  home: "/nonexistent",
  port: 3000,
  publicUrl: null,
  webhookSecret: SECRET,
  icSecret: null,
  fscSecret: null,
  fscWebhookSecret: null,
  temporalUiUrl: "http://127.0.0.1:8233",
  temporalNamespace: "default",
};

let web: TestWeb;
let unsigned: TestWeb;
let feed: string;
/** Built when the database is there. */
let intake: Intake;

beforeAll(async () => {
  web = await startWeb({
    settings: SETTINGS,
    intake: { take: async (...args) => intake.take(...args) },
    nowWallMs: () => Date.now(),
  });
  intake = intakeOf(web.database);
  unsigned = await startWeb();
  feed = await web.token("feed");
}, 120_000);
afterAll(async () => {
  await web.stop();
  await unsigned.stop();
});

/** The real intake, with a Temporal that takes everything. */
function intakeOf(database: Database): Intake {
  return createIntake({
    database,
    client: {
      withDeadline: async (_deadline: unknown, call: () => Promise<unknown>) => call(),
      workflow: { signalWithStart: async () => ({}) },
    } as never,
    observatory,
    clock: () => ({ startMs: 0, anchorMs: 0, rate: 1, epoch: 0 }),
    wallMs: () => Date.now(),
    onProblem: () => undefined,
  });
}

function packet(triggerId: string): string {
  return typicalPacket("swift-bat", {
    triggerId,
    t0Ms: Date.now() - 30_000,
    noticeMs: Date.now() - 10_000,
    raDeg: 83.6,
    decDeg: 22,
  });
}

function post(payload: string | Buffer, headers: Record<string, string>, to: TestWeb = web) {
  return to.app.inject({
    method: "POST",
    url: "/api/voevents",
    payload,
    headers: { "content-type": "application/xml", ...headers },
  });
}

function signed(payload: string, at = new Date(), secret = SECRET): Record<string, string> {
  return {
    "webhook-id": "msg_1",
    "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
    "webhook-signature": new Webhook(secret).sign("msg_1", at, payload),
  };
}

test("a signed notice is stored and named; the same again is a duplicate", async () => {
  const body = packet("9000001");
  const first = await post(body, signed(body));
  expect(first.statusCode).toBe(202);
  expect(first.json()).toMatchObject({
    alertId: "swift-sim-9000001",
    workflowId: "alert/colibri/swift-sim-9000001",
    duplicate: false,
    queued: false,
  });
  const again = await post(body, signed(body));
  expect(again.json()).toMatchObject({ alertId: "swift-sim-9000001", duplicate: true });
  const alert = await web.app.inject({
    url: "/api/alerts/swift-sim-9000001",
    headers: { authorization: `Bearer ${await web.token("user")}` },
  });
  expect(alert.json()).toMatchObject({ id: "swift-sim-9000001", notices: [{ door: "webhook" }] });
  expect(alert.json().stages.receivedAt).toBeGreaterThan(Date.now() - 60_000);
});

test("a token of profile feed may post, others may not, nobody is asked to sign", async () => {
  const body = packet("9000002");
  expect((await post(body, { authorization: `Bearer ${feed}` })).statusCode).toBe(202);
  const operator = await web.token("operator");
  expect((await post(body, { authorization: `Bearer ${operator}` })).statusCode).toBe(403);
  expect((await post(body, {})).statusCode).toBe(401);
});

test("a wrong, old or foreign signature is 401, and without a secret every one is", async () => {
  const body = packet("9000003");
  const other = `whsec_${Buffer.from("another secret of 24 bytes!").toString("base64")}`;
  expect((await post(body, signed(body, new Date(), other))).statusCode).toBe(401);
  expect((await post(body, signed(body, new Date(Date.now() - 6 * 60_000)))).statusCode).toBe(401);
  expect((await post(`${body} `, signed(body))).statusCode).toBe(401);
  const none = await post(body, signed(body), unsigned);
  expect(none.statusCode).toBe(401);
  expect(none.json().detail).toContain("VESPER_WEBHOOK_SECRET");
});

const DOCTYPE = '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">]><voe:VOEvent>&lol;</voe:VOEvent>';
const BOMB = `<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "${"x".repeat(1_000)}">${Array.from({ length: 10 }, (_, i) => `<!ENTITY a${i} "${`&a${i === 0 ? "" : i - 1};`.repeat(10)}">`).join("")}]><v>&a9;</v>`;

test.each([
  ["an oversized body", "x".repeat(70_000), 413],
  ["a huge body", "x".repeat(20_000_000), 413],
  ["no XML", "not xml at all", 400],
  ["JSON that is no notice", "{}", 400],
  ["an empty body", "", 400],
  ["a DOCTYPE", DOCTYPE, 400],
  ["an entity bomb", BOMB, 400],
  ["a deep document", "<a>".repeat(10_000), 400],
  ["a VOEvent without an ivorn", "<VOEvent></VOEvent>", 400],
])("%s is refused at once with a reason and flat memory", async (_name, body, status) => {
  const before = process.memoryUsage().rss;
  const began = performance.now();
  const answer = await post(body, { authorization: `Bearer ${feed}` });
  expect(answer.statusCode).toBe(status);
  expect(answer.json().detail.length).toBeGreaterThan(10);
  expect(performance.now() - began).toBeLessThan(5_000);
  expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
});

test("the button makes an alert where it can be observed, through the same intake", async () => {
  const admin = await web.token("admin");
  const answer = await web.app.inject({
    method: "POST",
    url: "/api/alerts/simulate",
    headers: { authorization: `Bearer ${admin}` },
  });
  expect(answer.statusCode).toBe(202);
  const { alertId } = answer.json();
  const browser = await web.signIn("admin");
  const page = await browser.get(`/alerts/${alertId}`);
  expect(page.body).toContain("TEST");
  expect(page.body).toContain("Notice received and stored");
  const raw = /href="([^"]+\.xml)"/.exec(page.body)?.[1] ?? "";
  const packetAsItCame = await browser.get(raw);
  expect(packetAsItCame.headers["content-type"]).toContain("text/plain");
  expect(packetAsItCame.body).toContain("<voe:VOEvent");
  // On the page it is asked for first, and pressing twice fires once.
  expect((await browser.post("/alerts/simulate", { stream: "fermi-gbm" })).statusCode).toBe(400);
  const question = await browser.get("/alerts/simulate?stream=fermi-gbm");
  expect(question.body).toContain("Fire a test alert like Fermi GBM?");
  const event = /name="event" value="(\d+)"/.exec(question.body)?.[1] ?? "";
  const pressed = await browser.post("/alerts/simulate", { stream: "fermi-gbm", event });
  expect(pressed.statusCode).toBe(303);
  expect((await browser.get(String(pressed.headers.location))).body).toContain("fermi");
  const twice = await browser.post("/alerts/simulate", { stream: "fermi-gbm", event });
  expect(twice.headers.location).toBe(pressed.headers.location);
  const key = decodeURIComponent(/\/alerts\/([^?]+)/.exec(String(pressed.headers.location))?.[1] ?? "");
  // It may have been joined to the alert before: both are of the same moment, and may be of the same place.
  const notices = (await web.database.alerts.chain(key))?.notices ?? [];
  expect(notices.some(({ ivorn }) => ivorn.includes(event))).toBe(true);
});

test("with the database frozen the answer is 503 in less than 3 s", async () => {
  const body = packet("9000004");
  const server = withDescendants(web.postgres.pid);
  try {
    await freeze(server);
    const began = performance.now();
    const answer = await post(body, signed(body));
    expect(performance.now() - began).toBeLessThan(8_000);
    expect(answer.statusCode).toBe(503);
    expect(answer.json().detail).toContain("database");
  } finally {
    thaw(server);
  }
});
