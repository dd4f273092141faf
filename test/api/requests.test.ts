import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { stringify } from "yaml";
import { hashPassword } from "../../api/passwords.ts";
import { seed } from "../../db/seed.ts";
import { loadStrategies, strategyFolder } from "../../adapters/config/strategies.ts";
import { brokenFiles } from "../requests/broken-files.ts";
import { observatoryState, NOW_MS } from "./support/states.ts";
import { observatory, observatoryFile, PASSWORD, signInAs, startWeb } from "./support/web.ts";
import type { Browser, TestWeb } from "./support/web.ts";

const DAY_MS = 86_400_000;
let web: TestWeb;
let maria: Browser;
let operator: Browser;
let expert: Browser;

beforeAll(async () => {
  web = await startWeb();
  await seed(web.database, {
    observatory,
    nowMs: NOW_MS,
    wallMs: NOW_MS,
    strategies: loadStrategies(strategyFolder(observatoryFile)),
    demo: { passwordHash: await hashPassword(PASSWORD) },
  });
  maria = await signInAs(web.app, "user@vesper.example");
  operator = await signInAs(web.app, "operator@vesper.example");
  expert = await signInAs(web.app, "expert@vesper.example");
}, 120_000);
afterAll(async () => {
  await web.stop();
});
beforeEach(() => {
  web.gateway.commands.length = 0;
  web.gateway.state = observatoryState();
  web.clock.wallMs = NOW_MS;
});

/** Fields of the form on a page, as a browser would send them. */
function formOf(html: string): Record<string, string> {
  const fields: Record<string, string> = {};
  const form = /<form[^>]*id="editor"[\s\S]*?<\/form>/.exec(html)?.[0] ?? "";
  for (const [tag] of form.matchAll(/<input\b[^>]*>/g)) {
    const name = /name="([^"]*)"/.exec(tag)?.[1];
    if (name !== undefined) fields[unescaped(name)] = unescaped(/value="([^"]*)"/.exec(tag)?.[1] ?? "");
  }
  for (const [, name = "", text = ""] of form.matchAll(
    /<textarea[^>]*name="([^"]*)"[^>]*>([\s\S]*?)<\/textarea>/g,
  )) {
    fields[unescaped(name)] = unescaped(text);
  }
  for (const [, name = "", options = ""] of form.matchAll(
    /<select[^>]*name="([^"]*)"[^>]*>([\s\S]*?)<\/select>/g,
  )) {
    fields[unescaped(name)] = unescaped(/value="([^"]*)" selected/.exec(options)?.[1] ?? "");
  }
  return fields;
}

function unescaped(text: string): string {
  return text
    .replaceAll("&quot;", '"')
    .replaceAll("&#x27;", "'")
    .replaceAll("&#x3D;", "=")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}

/** Begins a request; gives its id. */
async function begin(browser: Browser): Promise<string> {
  const answer = await browser.post("/requests/new");
  expect(answer.statusCode).toBe(303);
  return /\/requests\/(R\d+)\/edit/.exec(String(answer.headers.location))?.[1] ?? "";
}

/** Fills in the whole form as it stands and presses a button. */
async function fill(
  browser: Browser,
  id: string,
  change: Readonly<Record<string, string>>,
  button = "save",
): Promise<{ status: number; location: string; body: string }> {
  const page = await browser.get(`/requests/${id}/edit?step=all`);
  expect(page.statusCode).toBe(200);
  const answer = await browser.post(`/requests/${id}/edit`, { ...formOf(page.body), ...change, do: button });
  return { status: answer.statusCode, location: answer.headers.location ?? "", body: answer.body };
}

const GOOD = {
  name: "Crab",
  programmeId: "CLUSTERS",
  "sequences[0].targetName": "M 1",
  "sequences[0].ra": "05:34:31.9",
  "sequences[0].dec": "+22:00:52",
  "sequences[0].windowStart": "2026-11-20 20:00",
  "sequences[0].windowEnd": "2026-12-20 20:00",
  "sequences[0].albums[0].plans[0].filter": "r",
  "sequences[0].albums[0].plans[0].exposureS": "60",
  "sequences[0].albums[0].plans[0].count": "5",
};

/** A request of Maria's, submitted by the pages. */
async function submitted(change: Readonly<Record<string, string>> = {}): Promise<string> {
  const id = await begin(maria);
  const done = await fill(maria, id, { ...GOOD, ...change }, "submit");
  expect(done.location).toBe(`/requests/${id}/submit`);
  const answer = await maria.post(`/requests/${id}/submit`);
  expect(answer.headers.location).toBe(`/requests/${id}?said=submitted`);
  return id;
}

test("a person writes, saves, submits and unsubmits a request without script; the night is told each time", async () => {
  const id = await begin(maria);
  await fill(maria, id, { name: "Crab", "sequences[0].dec": "-95" });
  const draft = await maria.get(`/requests/${id}/edit?step=all&checked=1`);
  expect(draft.body).toContain("<title>Error: Crab");
  expect(draft.body).toContain('href="#f-sequences-0-dec"');
  expect(draft.body).toContain("Declination:");
  expect((await maria.get("/requests")).body).toContain("Your drafts");
  expect(await web.database.requests.one(id)).toBeNull();

  const question = await fill(maria, id, GOOD, "submit");
  expect(question).toMatchObject({ status: 303, location: `/requests/${id}/submit` });
  const asked = await maria.get(question.location);
  expect(asked.body).toContain("It fits: from");
  expect((await maria.post(question.location)).statusCode).toBe(303);
  expect(web.gateway.commands).toEqual([`requestsChanged request ${id} submitted by user@vesper.example`]);
  const [sequence] = await web.database.sequences.ofRequest(id);
  expect(sequence).toMatchObject({
    id: `${id}-1`,
    status: "submitted",
    statusReason: null,
    durationS: 340,
    overheadS: 60,
    targetName: "M 1",
  });
  expect(sequence?.raDeg).toBeCloseTo(83.63292, 4);
  expect(await web.database.requestDrafts.one(id)).toBeNull();

  const shown = await maria.get(`/requests/${id}`);
  expect(shown.body).toContain("Unsubmit");
  expect((await maria.get(`/requests/${id}/unsubmit`)).body).toContain(
    "What is reserved returns to CLUSTERS",
  );
  expect((await maria.post(`/requests/${id}/unsubmit`)).headers.location).toBe(
    `/requests/${id}?said=withdrawn`,
  );
  expect((await web.database.requests.one(id))?.status).toBe("withdrawn");
  expect(web.gateway.commands.at(-1)).toBe(`requestsChanged request ${id} withdrawn by user@vesper.example`);
});

test("what is reserved returns when a request is taken back, and what is observed now cannot be", async () => {
  const id = await submitted({ name: "Reserved" });
  const before = await web.database.quota.balance("CLUSTERS");
  const attempt = { sequenceId: `${id}-1`, attempt: 1, atMs: NOW_MS, atWallMs: NOW_MS };
  await web.database.quota.reserve({ ...attempt, programmeId: "CLUSTERS", seconds: 400 });
  await web.database.sequences.setStatus({
    id: `${id}-1`,
    status: "executing",
    reason: null,
    wallMs: NOW_MS,
  });
  const refused = await maria.post(`/requests/${id}/unsubmit`);
  expect(refused.statusCode).toBe(409);
  expect(refused.body).toContain(`${id}-1 is being observed now`);
  expect((await maria.get(`/requests/${id}`)).body).toContain("It is being observed now");
  await web.database.sequences.setStatus({ id: `${id}-1`, status: "planned", reason: null, wallMs: NOW_MS });
  await maria.post(`/requests/${id}/unsubmit`);
  expect(await web.database.quota.balance("CLUSTERS")).toEqual(before);
});

test("a taken-back request is changed and submitted again: what changed is new, what did not is kept", async () => {
  const id = await submitted({ name: "Again" });
  await maria.post(`/requests/${id}/unsubmit`);
  expect((await maria.post(`/requests/${id}/revise`)).headers.location).toBe(`/requests/${id}/edit`);
  await fill(maria, id, {}, "double:sequences[0]");
  await fill(maria, id, { "sequences[1].albums[0].plans[0].count": "9" }, "submit");
  await maria.post(`/requests/${id}/submit`);
  const sequences = await web.database.sequences.ofRequest(id);
  expect(sequences.map((one) => [one.id, one.status])).toEqual([
    [`${id}-1`, "submitted"],
    [`${id}-2`, "submitted"],
  ]);
  expect(sequences[1]?.albums[0]?.plans[0]?.count).toBe(9);
});

test("two people at one draft: the second sees both versions and loses nothing", async () => {
  const id = await begin(maria);
  await fill(maria, id, GOOD);
  const page = await maria.get(`/requests/${id}/edit?step=all`);
  await fill(expert, id, { "sequences[0].priority": "10" });
  const late = await maria.post(`/requests/${id}/edit`, {
    ...formOf(page.body),
    name: "Crab, deep",
    do: "save",
  });
  expect(late.statusCode).toBe(409);
  expect(late.body).toContain("expert@vesper.example saved this");
  expect(late.body).toMatch(/Name<\/td>[^\n]*Crab<\/td>[^\n]*Crab, deep/);
  const again = await maria.post(`/requests/${id}/edit`, { ...formOf(late.body), do: "save" });
  expect(again.statusCode).toBe(303);
  const { document } = (await web.database.requestDrafts.one(id)) ?? { document: null };
  expect(document).toMatchObject({ name: "Crab, deep" });
});

test("another user may look at neither draft nor change a request; experts may", async () => {
  const id = await begin(maria);
  expect((await operator.get(`/requests/${id}/edit`)).statusCode).toBe(200);
  const other = await web.database.users.create({
    mail: "other@vesper.example",
    name: "Other",
    profile: "user",
    passwordHash: await hashPassword(PASSWORD),
    state: "active",
    createdWallMs: NOW_MS,
  });
  expect(other.user.profile).toBe("user");
  const stranger = await signInAs(web.app, "other@vesper.example");
  for (const url of [`/requests/${id}/edit`, `/requests/${id}/submit`, "/requests/R0001/unsubmit"]) {
    expect([url, (await stranger.get(url)).statusCode]).toEqual([url, 403]);
  }
  for (const url of [`/requests/${id}/edit`, `/requests/${id}/delete`, "/requests/R0001/unsubmit"]) {
    expect([url, (await stranger.post(url, { do: "save" })).statusCode]).toEqual([url, 403]);
  }
  // Copying is for everybody, but only own programmes are offered.
  const copied = await stranger.post("/requests/R0001/copy");
  const page = await stranger.get(String(copied.headers.location));
  expect(page.body).toContain("You are a member of no programme");
});

test("a submission while the camera is down or the dome is held says what it waits for", async () => {
  const state = observatoryState();
  const devices = {
    "camera-vis": { state: "DISABLED" as const, since: NOW_MS, blocking: true, detail: "no answer for 40 s" },
  };
  web.gateway.state = {
    ...state,
    watch: state.watch === null ? null : { ...state.watch, devices },
  } as typeof state;
  const id = await submitted({ name: "Waits" });
  const [sequence] = await web.database.sequences.ofRequest(id);
  expect(sequence?.statusReason).toBe("waits for Visible camera, which is DISABLED: no answer for 40 s");
  expect((await maria.get(`/requests/${id}`)).body).toContain("waits for Visible camera");
});

test("an observatory that does not answer keeps nobody from submitting", async () => {
  web.gateway.state = null;
  const id = await begin(maria);
  await fill(maria, id, GOOD);
  web.gateway.requestsChanged = async () => {
    throw new Error("nobody there");
  };
  try {
    const answer = await maria.post(`/requests/${id}/submit`);
    expect(answer.headers.location).toBe(`/requests/${id}?said=untold`);
    expect((await web.database.requests.one(id))?.status).toBe("submitted");
  } finally {
    Reflect.deleteProperty(web.gateway, "requestsChanged");
  }
});

test("a sequence that was not done in its night moves on, as often as it may", async () => {
  const id = await submitted({
    name: "Carried",
    "sequences[0].windowStart": "2026-11-20 20:00",
    "sequences[0].windowEnd": "2026-11-21 13:00",
    "sequences[0].carryOverNights": "2",
  });
  const { sequences } = web.database;
  const afterMs = Date.UTC(2026, 10, 21, 20);
  expect(await sequences.carryOver(afterMs, NOW_MS)).toEqual([`${id}-1`]);
  expect(await sequences.carryOver(afterMs, NOW_MS)).toEqual([]);
  const [moved] = await sequences.ofRequest(id);
  expect(moved).toMatchObject({
    status: "submitted",
    windowStartMs: Date.UTC(2026, 10, 21, 20),
    windowEndMs: Date.UTC(2026, 10, 22, 13),
    carryOverNights: 1,
  });
  expect(moved?.statusReason).toContain("moved on to the window from 2026-11-21 20:00 UTC");
  expect(await sequences.carryOver(afterMs + 3 * DAY_MS, NOW_MS)).toEqual([]);
  expect(await sequences.expire(afterMs + 3 * DAY_MS, NOW_MS)).toContain(`${id}-1`);
});

test("alert requests are in no routine list", async () => {
  const list = await maria.get("/requests");
  expect(list.body).toContain("M 33");
  expect((await maria.get("/requests?kind=alert")).body).toContain("No request matches these filters");
  expect((await maria.get("/requests?mine=1&programme=AGN")).body).toContain("yours");
});

test("the live check saves, and answers with cost, visibility and what is wrong", async () => {
  const id = await begin(maria);
  const page = await maria.get(`/requests/${id}/edit?step=all`);
  const fields = { ...formOf(page.body), ...GOOD, "sequences[0].ra": "12" };
  const live = await maria.post(`/requests/${id}/live`, fields);
  expect(live.statusCode).toBe(200);
  expect(live.body).toContain("could be hours or degrees");
  const right = await maria.post(`/requests/${id}/live`, { ...fields, "sequences[0].ra": "05 34 31.9" });
  expect(right.body).toContain("6");
  expect(right.body).toContain("/requests/altitude.svg?");
  expect(right.body).toContain("It fits");
  // The same form may save on, though its hidden version is old.
  const saved = await maria.post(`/requests/${id}/edit`, { ...fields, name: "From one form", do: "save" });
  expect(saved.statusCode).toBe(303);
  const svg = await maria.get(
    "/requests/altitude.svg?ra=83.6&dec=22&night=2026-11-20&width=720&minAlt=30&minMoon=20&maxSun=-12",
  );
  expect(svg.headers["content-type"]).toContain("image/svg+xml");
  expect(svg.body).toContain("airmass");
});

/* ---- Files ------------------------------------------------------------------------------------------------- */

/** What is in the database of requests and drafts. */
async function stock(): Promise<readonly [requests: number, drafts: number, audits: number]> {
  const [requests, drafts, audits] = await Promise.all([
    web.database.requests.list({ limit: 1 }),
    web.database.requestDrafts.list(null),
    web.database.audits.list({ limit: 1 }),
  ]);
  return [requests.total, drafts.length, audits.total];
}

async function importText(text: string) {
  const boundary = "----vesper";
  const part = (name: string, value: string): string =>
    `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  return web.app.inject({
    method: "POST",
    url: "/requests/import",
    headers: { cookie: maria.cookie, "content-type": `multipart/form-data; boundary=${boundary}` },
    payload: `${part("_csrf", maria.csrf)}${part("text", text)}--${boundary}--\r\n`,
  });
}

async function bring(text: string, type = "application/json", query = "") {
  return web.app.inject({
    method: "POST",
    url: `/api/requests${query}`,
    headers: { cookie: maria.cookie, "x-csrf-token": maria.csrf, "content-type": type },
    payload: text,
  });
}

test.each(["yaml", "json"])("a request exported as %s and imported is the same request", async (format) => {
  const file = await maria.get(`/api/requests/R0001/file.${format}`);
  expect(file.headers["content-disposition"]).toContain(`R0001.${format}`);
  const draft = await importText(file.body);
  const id = /R\d+/.exec(String(draft.headers.location))?.[0] ?? "";
  expect(draft.statusCode).toBe(303);
  expect((await maria.get(`/api/requests/${id}/file.${format}`)).body).toBe(file.body);
  const answer = await bring(file.body, `application/${format}`, "?submit=true");
  expect(answer.json()).toMatchObject({ status: "submitted" });
  const again = await maria.get(`/api/requests/${answer.json().id}/file.${format}`);
  expect(again.body).toBe(file.body);
});

test("200 broken files are refused, each with its errors by path and line, and nothing is saved", async () => {
  const one = (await maria.get("/api/requests/R0001/file.json")).json();
  const [sequence] = one.sequences;
  const nir = { instrumentId: "nir", plans: [{ filter: "J", exposureS: 20, count: 3 }] };
  const vis = sequence.albums.find((album: { instrumentId: string }) => album.instrumentId === "vis");
  const good = { ...one, sequences: [{ ...sequence, albums: [vis, nir] }, sequence] };
  const brought = await bring(JSON.stringify(good));
  expect([brought.statusCode, brought.body]).toEqual([201, expect.any(String)]);
  const written = brokenFiles(good);
  expect(written.length).toBeGreaterThanOrEqual(200);
  // Every other mistake in YAML, where the file is JSON at all.
  const files = written.map(({ name, text }, index) => {
    const json = { name, text, type: "application/json" };
    // Read as JavaScript does, the second key counts.
    if (index % 2 === 0 || name === "a key twice") return json;
    try {
      return { name: `${name}, YAML`, text: stringify(JSON.parse(text)), type: "application/yaml" };
    } catch {
      return json;
    }
  });
  expect(files.filter(({ type }) => type === "application/yaml").length).toBeGreaterThan(80);
  const before = await stock();
  const imprecise: string[] = [];
  for (const { name, text, type } of files) {
    const answer = await bring(text, type);
    const problem = answer.json();
    const precise =
      answer.statusCode === 422 &&
      problem.errors.length > 0 &&
      problem.errors.every(
        (error: { line?: number; rule: string; field: string }) =>
          (error.line ?? 0) >= 1 &&
          (error.line ?? 0) <= text.split("\n").length &&
          error.rule.length > 5 &&
          !/undefined|object Object|NaN/.test(error.rule),
      );
    if (!precise) imprecise.push(`${name}: ${answer.statusCode} ${answer.body.slice(0, 300)}`);
  }
  expect(imprecise).toEqual([]);
  for (const { text } of files.filter((_, index) => index % 12 === 0)) {
    const page = await importText(text);
    expect([page.statusCode, page.body.includes("Nothing was saved"), /Line \d+/.test(page.body)]).toEqual([
      422,
      true,
      true,
    ]);
  }
  expect(await stock()).toEqual(before);
}, 120_000);

test("an error names the line at which the value stands", async () => {
  const lines = (await maria.get("/api/requests/R0001/file.yaml")).body.split("\n");
  const at = lines.findIndex((line) => /^\s+dec:/.test(line));
  lines[at] = "    dec: -95";
  const answer = await bring(lines.join("\n"), "application/yaml");
  expect(answer.statusCode).toBe(422);
  expect(answer.json().errors).toEqual([
    expect.objectContaining({ field: "sequences[0].dec", line: at + 1 }),
  ]);
});

test("the schema is served at its address", async () => {
  const schema = await web.app.inject({ url: "/schemas/request-1.json" });
  expect(schema.headers["content-type"]).toContain("application/schema+json");
  expect(schema.json()).toMatchObject({ type: "object", additionalProperties: false });
});

test("the calculator answers people and programs, and gives its time to a plan", async () => {
  const api = await maria.get("/api/exposure-time?instrument=vis&mode=time&bandId=r&mag=20&snr=50");
  expect(api.json().result.exposureS).toBeGreaterThan(10);
  expect((await maria.get("/api/exposure-time?instrument=vis&mode=snr&airmass=0")).json().detail).toContain(
    "Airmass: 0 is not taken",
  );
  const id = await begin(maria);
  const plan = "sequences[0].albums[0].plans[0]";
  const page = await maria.get(
    `/requests/calculator?asked=1&mode=time&instrument=vis&bandId=r&mag=20&snr=50&draft=${id}&plan=${encodeURIComponent(plan)}`,
  );
  const seconds = /Use ([\d.]+) s in the plan/.exec(page.body)?.[1] ?? "";
  const version = /name="version" value="(\d+)"/.exec(page.body)?.[1] ?? "";
  await maria.post(`/requests/${id}/edit`, { version, [`${plan}.exposureS`]: seconds, do: "save" });
  const draft = await web.database.requestDrafts.one(id);
  expect(draft?.document.sequences[0]?.albums[0]?.plans[0]?.exposureS).toBe(seconds);
});

/* ---- Nights, and the API step by step ---------------------------------------------------------------------- */

test("a sequence is copied over nights, after its nights were shown with those in which it does not fit", async () => {
  const id = await begin(maria);
  await fill(maria, id, { ...GOOD, "sequences[0].minMoonSepDeg": "60" });
  const query = "sequence=0&from=2026-11-21&count=10&step=2&carryOver=1";
  const page = await maria.get(`/requests/${id}/nights?${query}`);
  expect(page.body).toContain("2026-12-09");
  expect(page.body).toContain("does not fit");
  expect((await web.database.requestDrafts.one(id))?.document.sequences).toHaveLength(1);
  const version = /name="version" value="(\d+)"/.exec(page.body)?.[1] ?? "";
  const fields = { ...Object.fromEntries(new URLSearchParams(query)), skip: "1", version };
  expect((await maria.post(`/requests/${id}/nights`, fields)).statusCode).toBe(303);
  const { sequences = [] } = (await web.database.requestDrafts.one(id))?.document ?? {};
  expect(sequences.length).toBeGreaterThan(3);
  expect(sequences.length).toBeLessThan(10);
  expect(new Set(sequences.map(({ windowStart }) => windowStart)).size).toBe(sequences.length);
  expect(sequences.every(({ carryOverNights }) => carryOverNights === "1")).toBe(true);
  const late = await maria.post(`/requests/${id}/nights`, fields);
  expect(late.statusCode).toBe(409);
  const wrong = await maria.get(`/requests/${id}/nights?sequence=0&from=2026-02-30&count=0`);
  expect(wrong.body).toContain("First night: write a day of the calendar");
  expect(wrong.body).toContain("How many: write a whole number from 1 to 60");
});

/** A program of Maria's. */
function api(method: "GET" | "POST" | "PUT" | "DELETE", url: string, body?: unknown, etag?: string) {
  return web.app.inject({
    method,
    url,
    headers: {
      cookie: maria.cookie,
      "x-csrf-token": maria.csrf,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(etag === undefined ? {} : { "if-match": etag }),
    },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  });
}

test("a program builds a request step by step: each step gives an id, and all is saved or nothing", async () => {
  const begun = await api("POST", "/api/request-drafts", { name: "By steps", programmeId: "GALAXIES" });
  expect(begun.statusCode).toBe(201);
  const url = String(begun.headers.location);
  const id = begun.json().id as string;
  let etag = String(begun.headers.etag);
  const step = async (part: string, body: unknown): Promise<string> => {
    const answer = await api("POST", `${url}/${part}`, body, etag);
    expect([part, answer.statusCode]).toEqual([part, 201]);
    etag = String(answer.headers.etag);
    return answer.json().id as string;
  };
  const sequenceId = await step("sequences", { targetName: "M 51", ra: 202.4696, dec: "+47:11:43" });
  const albumId = await step("albums", { sequenceId, instrumentId: "vis" });
  expect([sequenceId, albumId]).toEqual(["sequences[0]", "sequences[0].albums[0]"]);
  // Not whole yet: refused, and nothing is there.
  const early = await api("POST", `${url}/submit`, undefined, etag);
  expect(early.statusCode).toBe(422);
  expect(early.headers["content-type"]).toContain("application/problem+json");
  expect(early.json().errors[0].detail).toContain(
    "Sequence 1, album 1: Plans: an album needs at least one plan.",
  );
  expect(await web.database.requests.one(id)).toBeNull();
  expect(await step("plans", { albumId, filter: "r", exposureS: 120, count: 4 })).toBe(
    "sequences[0].albums[0].plans[0]",
  );
  expect((await api("GET", url)).json()).toMatchObject({ complete: true, totalS: 572, errors: [] });
  expect((await api("POST", `${url}/submit`)).statusCode).toBe(428);
  expect((await api("POST", `${url}/submit`, undefined, '"1"')).json().detail).toContain("its ETag is");
  expect(
    (
      await api(
        "POST",
        `${url}/plans`,
        { albumId: "sequences[7].albums[0]", filter: "r", exposureS: 1, count: 1 },
        etag,
      )
    ).statusCode,
  ).toBe(404);
  const done = await api("POST", `${url}/submit`, undefined, etag);
  expect(done.json()).toEqual({ id, status: "submitted", nightTold: true });
  expect((await api("POST", `/api/requests/${id}/withdraw`)).json()).toMatchObject({ status: "withdrawn" });
  const revised = await api("POST", `/api/requests/${id}/revise`);
  expect(revised.statusCode).toBe(201);
  const file = {
    name: "By steps, anew",
    programmeId: "GALAXIES",
    sequences: [
      {
        targetName: "M 51",
        ra: 202.4696,
        dec: 47.19,
        albums: [{ instrumentId: "nir", plans: [{ filter: "J", exposureS: 60, count: 2 }] }],
      },
    ],
  };
  const put = await api("PUT", url, file, String(revised.headers.etag));
  expect(put.json()).toMatchObject({ complete: true, version: 2 });
  expect(
    (await api("PUT", url, { ...file, owner: 1 }, String(put.headers.etag))).json().errors[0].field,
  ).toBe("owner");
  expect((await api("DELETE", url, undefined, String(put.headers.etag))).statusCode).toBe(204);
  expect((await web.database.requests.one(id))?.status).toBe("withdrawn");
});

test("a session that ends while a request is written loses nothing", async () => {
  const id = await begin(maria);
  const page = await maria.get(`/requests/${id}/edit?step=all`);
  const fields = { ...formOf(page.body), ...GOOD, name: 'Kept "through" <sign-in>', do: "save" };
  const post = (cookie: string, body: Readonly<Record<string, string>>, headers = {}) =>
    web.app.inject({
      method: "POST",
      url: `/requests/${id}/edit`,
      headers: { cookie, "content-type": "application/x-www-form-urlencoded", ...headers },
      payload: new URLSearchParams(body).toString(),
    });
  const ended = await post("", fields);
  expect(ended.statusCode).toBe(401);
  expect(ended.body).toContain("What you typed is not lost");
  expect(ended.body).not.toContain("<sign-in>");
  const live = await post("", fields, { "hx-request": "true" });
  expect([live.statusCode, live.headers["hx-retarget"]]).toEqual([200, "#saved"]);
  const again = await signInAs(web.app, "user@vesper.example");
  // The token on the page that was kept is of no session: it is asked once more, and not saved.
  const asked = await post(again.cookie, { ...fields, _csrf: "old" });
  expect(asked.statusCode).toBe(409);
  expect((await web.database.requestDrafts.one(id))?.document.name).toBe("");
  const kept = Object.fromEntries(
    [...asked.body.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)].map(
      ([, name = "", value = ""]) => [unescaped(name), unescaped(value)],
    ),
  );
  const { back: _back, ...form } = kept;
  expect((await post(again.cookie, { ...form, _csrf: again.csrf })).statusCode).toBe(303);
  expect((await web.database.requestDrafts.one(id))?.document.name).toBe('Kept "through" <sign-in>');
});
