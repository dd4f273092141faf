import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { SMTPServer } from "smtp-server";
import { Webhook } from "standardwebhooks";
import { createMailer, MailRefused } from "../../adapters/mail/mailer.ts";
import { createNotifier } from "../../workers/notifier.ts";
import { createDeliverer } from "../../workers/outbox/deliverer.ts";
import { mailSender, notificationSender } from "../../workers/outbox/senders.ts";
import { builtSequence } from "../db/fixtures.ts";
import { startWeb } from "./support/web.ts";
import type { TestWeb } from "./support/web.ts";

let web: TestWeb;
let smtp: SMTPServer;
let hook: Server;
let home: string;
const taken: { to: string[]; text: string }[] = [];
const posted: { headers: Record<string, string>; body: string }[] = [];
let smtpPort = 0;

beforeAll(async () => {
  web = await startWeb();
  home = await mkdtemp(path.join(tmpdir(), "vesper-mail-"));
  smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onRcptTo: ({ address }, _session, done) => {
      if (address.startsWith("gone@"))
        done(Object.assign(new Error("no such mailbox"), { responseCode: 550 }));
      else if (address.startsWith("later@")) done(Object.assign(new Error("busy"), { responseCode: 451 }));
      else done();
    },
    onData: (stream, session, done) => {
      let text = "";
      stream.on("data", (part: Buffer) => (text += part.toString("utf8")));
      stream.on("end", () => {
        taken.push({ to: session.envelope.rcptTo.map(({ address }) => address), text });
        done();
      });
    },
  });
  await new Promise<void>((resolve) => smtp.listen(0, "127.0.0.1", resolve));
  smtpPort = (smtp.server.address() as AddressInfo).port;
  hook = createServer((request, response) => {
    let body = "";
    request.on("data", (part: Buffer) => (body += part.toString("utf8")));
    request.on("end", () => {
      posted.push({ headers: request.headers as Record<string, string>, body });
      response.end("ok");
    });
  });
  await new Promise<void>((resolve) => hook.listen(0, "127.0.0.1", resolve));
}, 120_000);
afterAll(async () => {
  await new Promise<void>((resolve) => smtp.close(() => resolve()));
  hook.close();
  await web.stop();
  await rm(home, { recursive: true, force: true });
});

const mailer = () =>
  createMailer({
    smtpUrl: `smtp://127.0.0.1:${smtpPort}`,
    from: "Vesper <vesper@site.example>",
    home,
    nowWallMs: () => web.clock.wallMs,
  });

test("a mail by SMTP: to one person, marked as automatic, with a lasting id; refusals for good are told from others", async () => {
  const mail = { to: "vera@example.org", subject: "Grüße · COLIBRI", text: "Hello Vera,\n\n<b>text</b>" };
  await mailer().send("key/1", mail);
  await mailer().send("key/1", mail);
  expect(taken.map(({ to }) => to)).toEqual([["vera@example.org"], ["vera@example.org"]]);
  const ids = taken.map(({ text }) => /^Message-ID: (.*)$/im.exec(text)?.[1]);
  expect(ids[0]).toBe(ids[1]);
  expect(taken[0]?.text).toMatch(/Auto-Submitted: auto-generated/i);
  expect(taken[0]?.text).not.toMatch(/Content-Type: text\/html/i);
  await expect(mailer().send("key/2", { ...mail, to: "gone@example.org" })).rejects.toBeInstanceOf(
    MailRefused,
  );
  const later = mailer().send("key/3", { ...mail, to: "later@example.org" });
  await expect(later).rejects.toThrow(/did not take it/);
  await expect(later).rejects.not.toBeInstanceOf(MailRefused);
});

test("without a mail server a mail is a file, written once per key", async () => {
  const files = createMailer({ smtpUrl: null, from: "v@x.example", home, nowWallMs: () => 0 });
  await files.send("k", { to: "a@b.example\r\nBcc: c@d.example", subject: "S\nX: y", text: "T" });
  await files.send("k", { to: "a@b.example", subject: "S", text: "T" });
  const names = await readdir(path.join(home, "mail"));
  expect(names).toHaveLength(1);
  const text = await readFile(path.join(home, "mail", names[0] ?? ""), "utf8");
  expect(text.split("\n\n")[0]).toMatch(/^Date: .*\nFrom: v@x.example\nTo: a@b.example\nSubject: S$/);
});

test("each person is told what they chose, once, by mail and by signed webhook; nobody else's requests", async () => {
  const { database } = web;
  const wallMs = () => web.clock.wallMs;
  const people = await Promise.all(
    ["one", "two"].map(async (name) => {
      const { user } = await database.users.create({
        mail: `${name}@example.org`,
        name,
        profile: "user",
        passwordHash: "x",
        state: "active",
        createdWallMs: 0,
      });
      return user;
    }),
  );
  const [one, two] = people;
  const port = (hook.address() as AddressInfo).port;
  const secret = `whsec_${Buffer.from("0123456789abcdef01234567").toString("base64")}`;
  const webhookUrl = `http://127.0.0.1:${port}/hook`;
  const settings = { webhookUrl, webhookSecret: secret, sinceWallMs: wallMs() - 1_000 };
  const events = ["request.observed", "alarm"];
  await database.notifications.choose({
    ...settings,
    userId: one?.id ?? "",
    mailEvents: events,
    webhookEvents: events,
  });
  await database.notifications.choose({
    userId: two?.id ?? "",
    mailEvents: events,
    webhookEvents: [],
    webhookUrl: null,
    webhookSecret: null,
    sinceWallMs: settings.sinceWallMs,
  });
  const request = await database.requests.create({
    name: "M 33",
    comment: "",
    programmeId: "ALERT",
    userId: one?.id ?? "",
    sequences: [builtSequence()],
    submit: true,
    wallMs: wallMs(),
  });
  const now = new Date(wallMs()).toISOString();
  const em = database.orm.em.fork();
  await em.execute("update sequence set status = 'executed', updated_wall_at = ? where request_id = ?", [
    now,
    request.id,
  ]);
  await em.execute(
    `insert into alarm (site, key, level, text, guidance, page, raised_at, raised_wall_at, times, latched)
     values ('colibri', 'k', 'CRITICAL', 'The dome does not move.', 'Press Close again.', '/night', ?, ?, 1, true)`,
    [now, now],
  );
  const look = createNotifier({
    database,
    sender: { siteName: "COLIBRI", address: "http://127.0.0.1:3000" },
    wallMs,
  });
  expect(await look()).toBe(3);
  expect(await look()).toBe(0);
  // Another process that starts afresh tells nothing twice either.
  await createNotifier({ database, sender: { siteName: "COLIBRI", address: "x" }, wallMs })();
  const mails = (await database.outbox.list({ topic: "mail", limit: 100 })).items;
  const told = mails
    .map(({ destination, payload }) => `${destination} ${String(payload["subject"])}`)
    .toSorted();
  expect(told).toEqual([
    "one@example.org CRITICAL: The dome does not move. · COLIBRI",
    "one@example.org M 33 was observed · COLIBRI",
    "two@example.org CRITICAL: The dome does not move. · COLIBRI",
  ]);

  taken.length = 0;
  const round = createDeliverer({
    outbox: database.outbox,
    senders: {
      mail: mailSender(mailer()),
      webhook: notificationSender(database, "colibri", () => Date.now()),
    },
    wallMs,
    random: () => 0.5,
    tell: async () => undefined,
  });
  for (let i = 0; i < 10 && (await round()) > 0; i += 1);
  expect(taken.map(({ to }) => to.join()).toSorted()).toEqual([
    "one@example.org",
    "one@example.org",
    "two@example.org",
  ]);
  expect(posted).toHaveLength(2);
  for (const { headers, body } of posted) {
    const data = new Webhook(secret).verify(body, headers) as { type: string; data: Record<string, unknown> };
    expect(events).toContain(data.type);
    expect(JSON.stringify(data)).not.toContain("userId");
  }
});
