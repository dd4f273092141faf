import { request as httpRequest } from "node:http";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { newSchedule, openNight, plannedRow, storeRequest } from "../db/fixtures.ts";
import { NOW_MS, observatoryState } from "./support/states.ts";
import { startWeb } from "./support/web.ts";
import type { Browser, TestWeb } from "./support/web.ts";

let web: TestWeb;
let browser: Browser;
let port: number;
beforeAll(async () => {
  web = await startWeb();
  browser = await web.signIn("user");
  await web.app.listen({ host: "127.0.0.1", port: 0 });
  ({ port } = web.app.server.address() as AddressInfo);
}, 120_000);
afterAll(async () => {
  await web.stop();
});
beforeEach(() => {
  web.gateway.state = observatoryState();
});

interface Stream {
  readonly events: { readonly event: string; readonly data: string; readonly id: string }[];
  until(condition: () => boolean): Promise<void>;
  close(): void;
}

/** Opens an event stream and gathers its messages. */
async function open(query: string, headers: Record<string, string> = {}): Promise<Stream> {
  const events: Stream["events"] = [];
  let rest = "";
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const asked = httpRequest(
      { host: "127.0.0.1", port, path: `/events?${query}`, headers: { cookie: browser.cookie, ...headers } },
      resolve,
    );
    asked.on("error", reject);
    asked.end();
  });
  expect(response.statusCode).toBe(200);
  expect(response.headers["content-type"]).toBe("text/event-stream");
  response.setEncoding("utf8");
  response.on("data", (chunk: string) => {
    const messages = (rest + chunk).split("\n\n");
    rest = messages.pop() ?? "";
    for (const message of messages) {
      const fields = (name: string) =>
        message
          .split("\n")
          .filter((line) => line.startsWith(`${name}: `))
          .map((line) => line.slice(name.length + 2))
          .join("\n");
      events.push({ event: fields("event"), data: fields("data"), id: fields("id") });
    }
  });
  return {
    events,
    until: async (condition) => {
      const limit = Date.now() + 5_000;
      while (!condition()) {
        if (Date.now() > limit)
          throw new Error(`not within 5 s; came: ${events.map(({ event }) => event).join(" ")}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    close: () => response.destroy(),
  };
}

test("a page gets the clock at once, the status, and each change of it", async () => {
  const stream = await open("topics=status,night,home");
  await stream.until(() =>
    ["heartbeat", "status", "night", "home"].every((name) =>
      stream.events.some(({ event }) => event === name),
    ),
  );
  expect(JSON.parse(stream.events.find(({ event }) => event === "heartbeat")?.data ?? "{}")).toMatchObject({
    rate: 1,
  });
  expect(stream.events.find(({ event }) => event === "night")?.data).toContain("M 33");
  web.gateway.state = observatoryState({
    mode: "PAUSED",
    holds: [
      {
        kind: "operator",
        who: "operator@vesper.example",
        why: "Paused by hand.",
        sinceMs: 0,
        sinceWallMs: 0,
      },
    ],
  });
  web.clock.wallMs += 2_000;
  web.notify("hold", "1");
  await stream.until(() =>
    stream.events.some(({ event, data }) => event === "status" && data.includes("PAUSED")),
  );
  await stream.until(() =>
    stream.events.some(({ event, data }) => event === "night" && data.includes("Paused by hand.")),
  );
  stream.close();
});

test("a journal line reaches open pages that filter for it, once, and not the others", async () => {
  const line = (text: string, module = "night") => ({
    atWallMs: 0,
    atMs: 0,
    level: "info" as const,
    module,
    text,
  });
  await web.database.journal.append(line("before"));
  const [before] = (await web.database.journal.list({ limit: 1 })).items;
  const all = await open(`topics=journal&after=${before?.id}`);
  const dome = await open(`topics=journal&module=dome&after=${before?.id}`);
  await web.database.journal.append(line("first"), line("second", "dome"));
  web.notify("journal_entry", "2");
  await all.until(() => all.events.some(({ data }) => data.includes("second")));
  await dome.until(() => dome.events.some(({ data }) => data.includes("second")));
  web.notify("journal_entry", "3");
  await web.database.journal.append(line("third"));
  web.notify("journal_entry", "4");
  await all.until(() => all.events.some(({ data }) => data.includes("third")));
  const lines = all.events
    .filter(({ event }) => event === "journal")
    .map(({ data }) => data)
    .join("");
  for (const text of ["first", "second", "third"]) expect(lines.split(text)).toHaveLength(2);
  expect(lines).not.toContain("before");
  expect(dome.events.map(({ data }) => data).join("")).not.toContain("first");

  const lastId = all.events.filter(({ event }) => event === "journal").at(-1)?.id ?? "";
  all.close();
  dome.close();
  await web.database.journal.append(line("while away"));
  const back = await open(`topics=journal&after=${before?.id}`, { "last-event-id": lastId });
  await back.until(() => back.events.some(({ data }) => data.includes("while away")));
  expect(back.events.map(({ data }) => data).join("")).not.toContain("third");
  back.close();
});

test("many open pages make one query a second", async () => {
  const streams = await Promise.all(Array.from({ length: 10 }, async () => open("topics=status,home,night")));
  const { queries } = web.gateway;
  const began = Date.now();
  // The test's wall clock stands still: it is moved as real time goes.
  while (Date.now() - began < 3_000) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    web.clock.wallMs += 100;
  }
  expect(web.gateway.queries - queries).toBeGreaterThanOrEqual(1);
  expect(web.gateway.queries - queries).toBeLessThanOrEqual(5);
  for (const stream of streams) stream.close();
});

test("a schedule that was made while no page was open is what the next page gets", async () => {
  const { database } = web;
  const nightId = await openNight(database);
  await storeRequest(database);
  const store = (order: number, startMs: number) =>
    database.schedules.store(newSchedule(nightId, NOW_MS + order, [plannedRow("R0001-1", 1, startMs)]));
  const shown = (stream: Stream, time: string) =>
    stream.events.some(({ event, data }) => event === "home" && data.includes(time));
  const comingHourMs = (hours: number) => (Math.floor(NOW_MS / 3_600_000) + hours) * 3_600_000;
  const hourMinute = (ms: number) => new Date(ms).toISOString().slice(11, 16);

  await store(1, comingHourMs(2));
  web.notify("schedule", "1");
  const first = await open("topics=home");
  await first.until(() => shown(first, hourMinute(comingHourMs(2))));
  first.close();
  // The server notices that nobody listens any more.
  await new Promise((resolve) => setTimeout(resolve, 200));
  await store(2, comingHourMs(4));
  web.notify("schedule", "2");
  const second = await open("topics=home");
  await second.until(() => shown(second, hourMinute(comingHourMs(4))));
  expect(shown(second, hourMinute(comingHourMs(2)))).toBe(false);
  second.close();
});

test("nobody listens without signing in", async () => {
  expect((await web.app.inject({ url: "/events?topics=status" })).statusCode).toBe(401);
});
