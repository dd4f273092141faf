import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { messageId } from "../../adapters/webhooks/sign.ts";
import type { OutboxTopic } from "../../db/entities/outbox-message.ts";
import { type Database, openDatabase } from "../../db/orm.ts";
import type { Observatory } from "../../domain/observatory.ts";
import {
  createPartnerReceiver,
  type PartnerReceiver,
  readBack,
  type TakenMessage,
} from "../../simulators/partners/receiver.ts";
import { type OutboxLine, createDeliverer, type SendMessage } from "../../workers/outbox/deliverer.ts";
import { enqueueStatuses } from "../../workers/outbox/statuses.ts";
import { enqueueVersions } from "../../workers/outbox/versions.ts";
import { softwareVersions } from "../../workers/versions.ts";
import { partnerSenders } from "../../workers/outbox/senders.ts";
import { startPostgres, type TestPostgres } from "../support/postgres.ts";

const SECRET = `whsec_${Buffer.alloc(24, "partner").toString("base64")}`;
const START_WALL_MS = Date.UTC(2026, 10, 20, 3);
const NEVER_MS = 3_600_000;

let postgres: TestPostgres;
let database: Database;
let server: Server;
let receiver: PartnerReceiver;
let folder: string;
let observatory: Observatory;
/** The deliverer's own clock, so that ten minutes pass at once; signatures are of now. */
let wallMs: number;
let told: OutboxLine[];

beforeAll(async () => {
  postgres = await startPostgres();
  database = await openDatabase(await postgres.createMigrated("delivery"));
  server = createServer((request, response) => void receiver.answer(request, response, below(request.url)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/partners/ic`;
  observatory = { site: { id: "colibri" }, partners: { ic: address } } as unknown as Observatory;
}, 120_000);

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "vesper-partner-"));
  receiver = createPartnerReceiver({ name: "ic", folder, secret: SECRET, nowWallMs: Date.now });
  wallMs = START_WALL_MS;
  told = [];
});

afterEach(async () => {
  await database.orm.em.fork().execute("truncate outbox");
  rmSync(folder, { recursive: true, force: true });
});

afterAll(async () => {
  server?.closeAllConnections();
  server?.close();
  await database?.close();
  await postgres?.stop();
});

function below(url = ""): string {
  return url.split("/")[3] ?? "";
}

async function mode(wanted: string): Promise<void> {
  const address = `${observatory.partners?.ic}/mode`;
  expect((await fetch(address, { method: "PUT", body: wanted })).status).toBe(200);
}

function deliverer(senders: Readonly<Record<string, SendMessage>> = realSenders()) {
  return createDeliverer({
    outbox: database.outbox,
    senders,
    wallMs: () => wallMs,
    random: () => 0.5,
    tell: async (line) => {
      told.push(line);
    },
  });
}

function realSenders() {
  return partnerSenders(observatory, { icSecret: SECRET, fscSecret: null }, Date.now);
}

async function enqueue(topic: OutboxTopic, ...keys: string[]): Promise<void> {
  for (const key of keys) await database.outbox.add({ topic, key, payload: { key }, createdWallMs: wallMs });
}

function taken(): TakenMessage[] {
  return readBack(path.join(folder, "ic.jsonl"));
}

function keysTaken(type: string): unknown[] {
  return taken()
    .filter((message) => message.type === type)
    .map(({ body }) => (body as { key: unknown }).key);
}

/** Looks until nothing more is delivered at this instant. */
async function settle(round: ReturnType<typeof deliverer>): Promise<void> {
  while ((await round()) > 0);
}

test("messages arrive signed, in order per topic, once each, and say what they are of", async () => {
  await enqueue("ic.schedule", "1", "2", "3");
  await enqueue("ic.status", "a");
  const running = deliverer();
  await settle(running);
  expect(keysTaken("ic.schedule")).toEqual(["1", "2", "3"]);
  expect(taken().find(({ type }) => type === "ic.status")).toMatchObject({
    id: messageId("ic.status", "a"),
    body: {
      type: "ic.status",
      site: "colibri",
      key: "a",
      data: { key: "a" },
      timestamp: "2026-11-20T03:00:00.000Z",
    },
  });
  expect((await database.outbox.list({ state: "delivered" })).total).toBe(4);
});

test("down for ten minutes, the process killed in the middle: nothing lost, nothing twice, in order", async () => {
  await enqueue("ic.schedule", "1");
  let running = deliverer();
  await settle(running);
  await mode("down");
  for (let minute = 0; minute < 10; minute += 1) {
    await enqueue("ic.schedule", `down-${minute}`);
    await enqueue("ic.status", `down-${minute}`);
    for (let second = 0; second < 60; second += 15) {
      wallMs += 15_000;
      await settle(running);
    }
    if (minute === 5) {
      // It dies with messages in hand: claimed, never settled.
      await database.outbox.claim(["ic.schedule", "ic.status"], wallMs + NEVER_MS, 30_000, 10);
      await database.orm.em
        .fork()
        .execute("update outbox set claimed_until_wall_at = ? where claimed_until_wall_at is not null", [
          new Date(wallMs + 30_000).toISOString(),
        ]);
      running = deliverer();
    }
  }
  expect(keysTaken("ic.schedule")).toEqual(["1"]);
  expect((await database.outbox.lanes())[0]).toMatchObject({ topic: "ic.schedule", waiting: 10, failed: 0 });
  const [newest] = (
    await database.outbox.list({ state: "waiting", topic: "ic.schedule", limit: 500 })
  ).items.slice(-1);
  expect(newest?.lastProblem).toBe("It answered 503: ic is down for maintenance.");
  expect(told.map(({ level, text }) => [level, text])).toContainEqual([
    "warning",
    expect.stringContaining(
      "does not reach ic: It answered 503: ic is down for maintenance. It is tried again",
    ),
  ]);

  await mode("up");
  wallMs += 60_000;
  await settle(running);
  const expected = Array.from({ length: 10 }, (_, minute) => `down-${minute}`);
  expect(keysTaken("ic.schedule")).toEqual(["1", ...expected]);
  expect(keysTaken("ic.status")).toEqual(expected);
  expect(await database.outbox.lanes()).toEqual([]);
  expect(receiver.state()).toMatchObject({ taken: 21, duplicates: 0 });
});

test("killed between the receiver's yes and our note of it: sent again, taken once", async () => {
  await enqueue("ic.schedule", "1", "2");
  const { ic } = realSenders();
  const dying = deliverer({
    ic: async (message, limitMs) => {
      await ic?.(message, limitMs);
      throw new Error("the process is gone");
    },
  });
  await dying().catch(() => undefined);
  expect(keysTaken("ic.schedule")).toEqual(["1"]);
  expect((await database.outbox.list({ state: "waiting" })).total).toBe(2);

  wallMs += 31_000;
  const next = deliverer();
  await settle(next);
  expect(keysTaken("ic.schedule")).toEqual(["1", "2"]);
  expect(receiver.state()).toMatchObject({ taken: 2, duplicates: 1 });
});

test("a message that is refused for good stands aside, with the reason, until it is retried", async () => {
  await enqueue("ic.schedule", "bad");
  await mode("refuse");
  const running = deliverer();
  await settle(running);
  const [bad] = (await database.outbox.list({ state: "failed" })).items;
  expect(bad).toMatchObject({ key: "bad", lastProblem: "It answered 422: ic refuses everything today." });
  await mode("up");
  await enqueue("ic.schedule", "good");
  await settle(running);
  expect(keysTaken("ic.schedule")).toEqual(["good"]);
  await database.outbox.retry(bad?.id ?? 0, wallMs);
  await settle(running);
  expect(keysTaken("ic.schedule")).toEqual(["good", "bad"]);
});

test("a receiver that hangs is given up in time; one with another secret takes nothing", async () => {
  await enqueue("ic.schedule", "1");
  await mode("hang");
  const { ic } = realSenders();
  const [claimed] = await database.outbox.claim(["ic.schedule"], wallMs, 1, 1);
  if (claimed === undefined || ic === undefined) throw new Error("nothing to send");
  expect(await ic(claimed, 200)).toEqual({
    kind: "later",
    problem: "It did not answer within 0.2 s.",
    retryAfterMs: null,
  });
  await mode("up");
  const other = `whsec_${Buffer.alloc(24, "other").toString("base64")}`;
  const stranger = partnerSenders(observatory, { icSecret: other, fscSecret: null }, Date.now);
  expect(await stranger["ic"]?.(claimed, 5_000)).toMatchObject({
    kind: "later",
    problem: expect.stringMatching(/^It answered 401: the signature does not hold/),
  });
  expect(taken()).toEqual([]);
});

test("IC is told how all devices are, once per ten minutes, and once of each start", async () => {
  expect(await enqueueStatuses(database, wallMs)).toBe(false);
  await database.devices.upsert({
    uniqueId: "u",
    deviceId: "dome",
    type: "dome",
    name: "Dome",
    blocking: true,
    state: "UP",
    sinceWallMs: wallMs,
    values: { shutter: "Open" },
    versions: null,
    seenWallMs: wallMs,
  });
  expect(await enqueueStatuses(database, wallMs)).toBe(true);
  expect(await enqueueStatuses(database, wallMs + 599_999)).toBe(false);
  expect(await enqueueStatuses(database, wallMs + 600_000)).toBe(true);
  for (let tries = 0; tries < 2; tries += 1)
    await enqueueVersions(database.outbox, softwareVersions(), START_WALL_MS);
  wallMs += 600_000;
  await settle(deliverer());
  expect(keysTaken("ic.status")).toEqual(["all/2026-11-20T03:00:00.000Z", "all/2026-11-20T03:10:00.000Z"]);
  expect(keysTaken("ic.versions")).toEqual(["start/2026-11-20T03:00:00.000Z"]);
  expect(taken().map(({ body }) => (body as { data: unknown }).data)).toContainEqual({
    startedAt: "2026-11-20T03:00:00.000Z",
    software: expect.objectContaining({ vesper: expect.any(String), temporalSdk: expect.any(String) }),
  });
});

test("a partner without address or secret is sent nothing, and its messages wait", async () => {
  expect(
    partnerSenders({ site: { id: "x" } } as Observatory, { icSecret: SECRET, fscSecret: SECRET }, Date.now),
  ).toEqual({});
  expect(partnerSenders(observatory, { icSecret: null, fscSecret: null }, Date.now)).toEqual({});
  await enqueue("fsc.report", "1");
  const running = deliverer();
  await settle(running);
  expect(await database.outbox.lanes()).toMatchObject([
    { topic: "fsc.report", destination: "fsc", waiting: 1 },
  ]);
});
