import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { observatoryState } from "./support/states.ts";
import { startWeb } from "./support/web.ts";
import type { Browser, TestWeb } from "./support/web.ts";

let web: TestWeb;
let admin: Browser;
beforeAll(async () => {
  web = await startWeb();
  admin = await web.signIn("admin");
}, 120_000);
afterAll(async () => {
  await web.stop();
});
beforeEach(() => {
  web.gateway.state = observatoryState();
  web.gateway.outcome = null;
  web.clock.wallMs += 10_000;
});

/** Each page and the sentence it has on an empty, migrated database. */
const EMPTY_PAGES: readonly [url: string, sentence: string][] = [
  ["/", "No image yet"],
  ["/night", "No night yet"],
  ["/schedule", "No schedule yet"],
  ["/schedules", "No schedule"],
  ["/schedules?night=2026-11-20", "No schedule of the night 2026-11-20"],
  ["/requests", "No request yet"],
  ["/requests?text=x", "No request matches these filters"],
  ["/alerts", "No alert has come yet"],
  ["/alerts?state=live", "No alert matches these filters"],
  ["/images", "No image yet"],
  ["/images?night=2026-11-20", "No image matches these filters"],
  ["/outbox", "No message yet"],
  ["/outbox?state=failed&topic=", "No message matches these filters"],
  ["/system", "The journal is empty"],
  ["/system?module=night", "No line matches these filters"],
  ["/system?first=1", "The journal is empty"],
  ["/night/resume", "Resume observing?"],
  ["/night/end", "End the night?"],
  ["/weather", "No reading yet"],
  ["/devices", "not seen yet"],
  ["/devices/camera-vis", "Nothing to draw yet"],
  ["/alerts/simulate", "Fire a test alert like Swift BAT?"],
];

test.each(EMPTY_PAGES)("%s renders on an empty database", async (url, sentence) => {
  const page = await admin.get(url);
  expect(page.statusCode).toBe(200);
  expect(page.body).toContain(sentence);
  expect(page.body).not.toMatch(/undefined|NaN|\[object|>null<|>true<|>false</);
});

const EMPTY_LISTS = [
  "schedules",
  "requests",
  "alerts",
  "images",
  "journal",
  "devices",
  "weather",
  "outbox",
  "fsc/messages",
];

test.each(EMPTY_LISTS)("/api/%s is an empty list", async (noun) => {
  const answer = await admin.get(`/api/${noun}`);
  expect(answer.statusCode).toBe(200);
  expect(answer.json()).toMatchObject({ items: [], total: 0 });
});

test.each([
  "/api/schedules/current",
  "/api/schedules/1",
  "/api/requests/R0001",
  "/api/alerts/swift-1",
  "/api/images/x",
  "/api/images/x.fits",
  "/api/images/x.png",
  "/api/outbox/1",
  "/api/nothing",
])("%s is 404 in words", async (url) => {
  const answer = await admin.get(url);
  expect(answer.statusCode).toBe(404);
  expect(answer.json()).toMatchObject({ status: 404, title: "Not Found" });
  expect(answer.json().detail).toMatch(/^There is no/);
});

test.each(["/nothing", "/requests/R9", "/alerts/swift-1", "/images/x", "/schedule/7"])(
  "%s is a page that says what is not there",
  async (url) => {
    const page = await admin.get(url);
    expect(page.statusCode).toBe(404);
    expect(page.headers["content-type"]).toContain("text/html");
    expect(page.body).toContain("<h1>Not found</h1>");
    expect(page.body).toContain("There is no");
  },
);

test("with the control worker silent every page still renders, marked as last known", async () => {
  await admin.get("/");
  web.gateway.state = null;
  web.clock.wallMs += 5_000;
  for (const [url] of EMPTY_PAGES) {
    const page = await admin.get(url);
    expect(page.statusCode).toBe(200);
    expect(page.body).toContain("Last known state.");
    expect(page.body).toContain("did not answer within 2 s");
  }
});

test("the Home page says when the night ended wrongly, and what to do", async () => {
  web.gateway.state = observatoryState({
    mode: "WAITING",
    night: null,
    lastNight: { date: "2026-11-19", run: 1, outcome: "the night was terminated", wrongEnd: true },
  });
  const page = await admin.get("/");
  expect(page.body).toContain("ended wrongly");
  expect(page.body).toContain("start the night again");
  expect(page.body).toContain("as run 2");
});

test("holds are shown with who, since and why; a refused button says so under it", async () => {
  web.gateway.state = observatoryState({
    mode: "CLOSED",
    holds: [
      {
        kind: "weather",
        who: "weather station",
        why: "Humidity is 91 %, limit 85 %.",
        sinceMs: web.clock.wallMs - 600_000,
        sinceWallMs: 0,
      },
    ],
  });
  const night = await admin.get("/night");
  expect(night.body).toContain("Humidity is 91 %, limit 85 %.");
  expect(night.body).toContain("weather station");
  expect(night.body).toContain("Lifts by itself after 15 min of safe readings");
  web.gateway.outcome = { kind: "refused", reason: "The weather holds; only it lifts its hold." };
  const refused = await admin.post("/night/resume");
  expect(refused.statusCode).toBe(409);
  expect(refused.body).toContain("The weather holds; only it lifts its hold.");
  web.gateway.outcome = { kind: "unconfirmed", reason: "Temporal cannot be reached." };
  const late = await admin.post("/night/close");
  expect(late.statusCode).toBe(202);
  expect(late.body).toContain("applied when the control worker is back");
});

test("the theme is a cookie, chosen by a plain form, and comes back to the page", async () => {
  const chosen = await admin.post("/theme", { theme: "red", back: "/images" });
  expect(chosen.headers.location).toBe("/images");
  expect(chosen.cookies).toContainEqual(expect.objectContaining({ name: "vesper_theme", value: "red" }));
  const page = await web.app.inject({ url: "/", headers: { cookie: `${admin.cookie}; vesper_theme=red` } });
  expect(page.body).toContain('data-theme="red"');
});

test("the buttons stand only on the pages of those who may press them", async () => {
  const user = await web.signIn("user");
  expect((await user.get("/night")).body).not.toContain("Close dome");
  expect((await user.get("/alerts")).body).not.toContain("Fire a test alert");
  expect((await admin.get("/")).body).toContain("Close dome");
  expect((await admin.get("/alerts")).body).toContain("Fire a test alert");
});

test("the dialog of a question is the same words without a frame", async () => {
  const answer = await web.app.inject({
    url: "/night/end",
    headers: { cookie: admin.cookie, "x-dialog": "1" },
  });
  expect(answer.body).toContain("End the night?");
  expect(answer.body).not.toContain("<html");
});

test("OpenAPI describes every JSON route", async () => {
  const document = (await web.app.inject({ url: "/api/openapi.json" })).json();
  expect(document.openapi).toMatch(/^3\./);
  expect(Object.keys(document.paths)).toEqual(
    expect.arrayContaining([
      "/api/observatory",
      "/api/voevents",
      "/api/alerts/{id}",
      "/api/images/{id}.fits",
    ]),
  );
  expect(Object.keys(document.paths).filter((path) => !path.startsWith("/api/"))).toEqual([
    "/healthz",
    "/readyz",
  ]);
});

test("the journal filters, and its pages lead back to the first line", async () => {
  await web.database.journal.append(
    ...Array.from({ length: 230 }, (_, i) => ({
      atWallMs: web.clock.wallMs + i,
      atMs: web.clock.wallMs + i,
      level: i % 10 === 0 ? ("warning" as const) : ("info" as const),
      module: i % 2 === 0 ? "night" : "dome",
      text: `line ${i} <b>`,
    })),
  );
  const newest = await admin.get("/system");
  expect(newest.body).toContain("line 229 &lt;b&gt;");
  expect(newest.body).not.toContain("line 100 ");
  const older = /href="(\/system\?before=\d+)"/.exec(newest.body.replaceAll("&#x3D;", "="))?.[1] ?? "";
  expect((await admin.get(older)).body).toContain("line 100 ");
  expect((await admin.get("/system?first=1")).body).toContain("line 0 ");
  const warnings = await admin.get("/system?level=warning&module=dome");
  expect(warnings.body).toContain("No line matches these filters");
  const api = await admin.get("/api/journal?module=night&text=line%2012&limit=3");
  expect(api.json().items.map(({ text }: { text: string }) => text)).toEqual([
    "line 128 <b>",
    "line 126 <b>",
    "line 124 <b>",
  ]);
});

test("Home says what the weather did in the last half hour", async () => {
  await web.database.weather.insert({
    site: "colibri",
    atMs: web.clock.wallMs - 31 * 60_000,
    atWallMs: web.clock.wallMs,
    temperatureC: 8.4,
    humidityPct: 30,
    dewPointC: -2.1,
    pressureHPa: null,
    windMS: 9.5,
    gustMS: 6.9,
    windDirectionDeg: null,
    rainMmH: null,
    cloudPct: 3,
    skyTemperatureC: null,
    skyQualityMag: null,
    seeingArcsec: null,
    safe: true,
    reasons: [],
  });
  const rows = [...(await admin.get("/")).body.matchAll(/<tr><td data-label="Quantity">.*?<\/tr>/gs)].map(
    ([row]) =>
      row
        .replaceAll(/<[^>]+>/g, " ")
        .replaceAll(/[\s\u00a0]+/g, " ")
        .trim(),
  );
  expect(rows).toEqual([
    "Humidity 42 % ↗ rising +12 % at most 85 % within",
    "Wind 4.2 m/s ↘ falling −5.3 m/s at most 15.0 m/s within",
    "Gust 6.8 m/s → steady at most 20.0 m/s within",
    // Nothing was read then.
    "Rain 0.0 mm/h not known — at most 0.0 mm/h within",
    "Cloud 3 % → steady at most 90 % within",
    "Above dew point 10.5 °C → steady at least 2.0 °C within",
  ]);
});
