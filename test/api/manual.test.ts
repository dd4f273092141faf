import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import type { Hold } from "../../domain/safety/holds.ts";
import type { ManualRun } from "../../workflows/messages.ts";
import { NOW_MS, observatoryState } from "./support/states.ts";
import { startWeb, type Browser, type TestWeb } from "./support/web.ts";

let web: TestWeb;
let operator: Browser;
beforeAll(async () => {
  web = await startWeb();
  operator = await web.signIn("operator");
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

const OPERATOR = "operator@vesper.example";
function heldBy(who: string): Hold {
  return {
    kind: "maintenance",
    who,
    why: `Maintenance by ${who}: grease the shutter`,
    sinceMs: NOW_MS - 600_000,
    sinceWallMs: NOW_MS - 600_000,
  };
}

test("without the hold the page offers the hold, stop and close, and no motion", async () => {
  const { body, statusCode } = await operator.get("/manual");
  expect(statusCode).toBe(200);
  expect(body).toContain("Take the telescope from Vesper");
  expect(body).toContain("The exposure of M 33 is aborted");
  expect(body).toContain('action="/manual/stop"');
  expect(body).toContain('action="/night/close"');
  expect(body).not.toContain('action="/manual/operations"');
});

test("taking needs a reason and the name typed; both go to the workflow", async () => {
  const unnamed = await operator.post("/manual/take", { reason: "grease the shutter", name: "dome" });
  expect(unnamed.statusCode).toBe(400);
  expect(unnamed.body).toContain("type colibri");
  expect(unnamed.body).toContain("grease the shutter");
  expect(web.gateway.commands).toEqual([]);
  const taken = await operator.post("/manual/take", { reason: "grease the shutter", name: "colibri" });
  expect(taken.statusCode).toBe(303);
  expect(web.gateway.commands).toEqual([`takeMaintenance ${OPERATOR}: grease the shutter`]);
});

test("stop and close need neither hold nor question", async () => {
  expect((await operator.post("/manual/stop")).statusCode).toBe(303);
  expect((await operator.post("/night/close")).statusCode).toBe(303);
  expect(web.gateway.commands).toEqual([`stop ${OPERATOR}`, `close ${OPERATOR}`]);
});

test("another's hold: no motion is offered, it can be taken over", async () => {
  web.gateway.state = observatoryState({ mode: "MANUAL", holds: [heldBy("ana@vesper.example")] });
  const { body } = await operator.get("/manual");
  expect(body).toContain("ana@vesper.example has the telescope by hand for");
  expect(body).toContain("Take the hold over");
  expect(body).not.toContain('action="/manual/operations"');
});

test("a slew is previewed with altitude, Sun and Moon, then ordered as it was understood", async () => {
  web.gateway.state = observatoryState({ mode: "MANUAL", holds: [heldBy(OPERATOR)] });
  const { body } = await operator.get("/manual?target=M33&ra=1h33m50.9s&dec=%2B30%3A39%3A36");
  expect(body).toMatch(/Altitude.*?\d+\.\d°.*?at least 20\.0°/s);
  expect(body).toMatch(/From the Sun.*?at least 30\.0°/s);
  expect(body).toMatch(/From the Moon.*?% lit/s);
  expect(body).toContain("Slew to M33");
  const ordered = await operator.post("/manual/operations", {
    kind: "slew",
    target: "M33",
    ra: "01:33:50.90",
    dec: "+30:39:36.0",
  });
  expect(ordered.statusCode).toBe(303);
  const [command = ""] = web.gateway.commands;
  expect(JSON.parse(command.slice(command.indexOf("{")))).toEqual({
    kind: "slew",
    target: { name: "M33", raDeg: expect.closeTo(23.46208, 4), decDeg: expect.closeTo(30.66, 4) },
  });
});

test("below the limit, near the Sun and ambiguous: said with numbers, no button", async () => {
  web.gateway.state = observatoryState({ mode: "MANUAL", holds: [heldBy(OPERATOR)] });
  const low = await operator.get("/manual?ra=1h33m50.9s&dec=-70");
  expect(low.body).toMatch(/No slew: .* stands −?-?\d+\.\d° high, the limit is 20\.0°/);
  expect(low.body).not.toContain(">Slew to");
  const bare = await operator.get("/manual?ra=12&dec=30");
  expect(bare.body).toContain("12 could be hours or degrees. Write 12h");
});

test("opening: the name is typed; while unsafe the reason stands in place of the button", async () => {
  web.gateway.state = observatoryState({ mode: "MANUAL", holds: [heldBy(OPERATOR)] });
  (web.gateway.state.watch as unknown as { dome: { shutter: string } }).dome.shutter = "Closed";
  expect((await operator.get("/manual")).body).toContain(">Open dome<");
  const unnamed = await operator.post("/manual/operations", { kind: "openDome", name: "" });
  expect(unnamed.statusCode).toBe(400);
  expect(unnamed.body).toContain("type dome to open");
  await operator.post("/manual/operations", { kind: "openDome", name: "dome" });
  expect(web.gateway.commands).toEqual([`manual ${OPERATOR} {"kind":"openDome"}`]);

  const rain: Hold = {
    ...heldBy("weather station"),
    kind: "weather",
    why: "The rain is 1.0 mm/h, the limit is 0 mm/h.",
  };
  web.gateway.state = observatoryState({ mode: "MANUAL", holds: [heldBy(OPERATOR), rain] });
  web.clock.wallMs += 2_000;
  const { body } = await operator.get("/manual");
  expect(body).toContain("The dome stays closed: The rain is 1.0 mm/h");
  expect(body).not.toContain(">Open dome<");
});

test("a refusal of the workflow stands beside its form, an order nobody answered is not repeated", async () => {
  web.gateway.state = observatoryState({ mode: "MANUAL", holds: [heldBy(OPERATOR)] });
  web.gateway.outcome = { kind: "refused", reason: "The night still hands the telescope over." };
  const refused = await operator.post("/manual/operations", { kind: "park" });
  expect(refused.statusCode).toBe(409);
  expect(refused.body).toContain("The night still hands the telescope over.");
  web.gateway.outcome = { kind: "unconfirmed", reason: "Temporal cannot be reached." };
  const late = await operator.post("/manual/operations", { kind: "unpark" });
  expect(late.statusCode).toBe(202);
  expect(late.body).toContain("Nothing moves unless it arrives within 20 s");
});

test("exposures, cooling: what cannot be read names the field", async () => {
  web.gateway.state = observatoryState({ mode: "MANUAL", holds: [heldBy(OPERATOR)] });
  const wrong = await operator.post("/manual/operations", {
    kind: "expose",
    instrument: "vis",
    exposure: "long",
  });
  expect(wrong.statusCode).toBe(400);
  expect(wrong.body).toContain("Exposure &quot;long&quot;: write seconds");
  await operator.post("/manual/operations", {
    kind: "expose",
    instrument: "vis",
    filter: "r",
    exposure: "2.5",
    frame: "dark",
  });
  await operator.post("/manual/operations", { kind: "cool", instrument: "vis", setPoint: "−55" });
  expect(web.gateway.commands).toEqual([
    `manual ${OPERATOR} {"kind":"expose","instrumentId":"vis","filter":"r","exposureS":2.5,"light":false}`,
    `manual ${OPERATOR} {"kind":"cool","instrumentId":"vis","setPointC":-55}`,
  ]);
});

test("what was done shows with its result and image; a closing that is announced comes first", async () => {
  const run: ManualRun = {
    id: "3fa9c1d2",
    deviceId: "camera-vis",
    operation: { kind: "expose", instrumentId: "vis", filter: "r", exposureS: 10, light: true },
    by: OPERATOR,
    startedMs: NOW_MS - 30_000,
    endedMs: NOW_MS - 15_000,
    state: "done",
    result: "Stored as manual-2026-11-20-3fa9c1d2-vis-1-001-1.",
    imageId: "manual-2026-11-20-3fa9c1d2-vis-1-001-1",
  };
  web.gateway.state = observatoryState({
    mode: "MANUAL",
    holds: [heldBy(OPERATOR)],
    manual: {
      runs: [run],
      closingAnnounced: { why: "It rains.", closesAtWallMs: web.clock.wallMs + 42_000 },
    },
  });
  const { body } = await operator.get("/manual");
  expect(body).toContain("The dome closes in 42");
  expect(body).toContain("Expose 10 s with vis, filter r");
  expect(body).toContain("/api/images/manual-2026-11-20-3fa9c1d2-vis-1-001-1.png");
  const json = await web.app.inject({
    url: "/api/manual",
    headers: { authorization: `Bearer ${await web.token("user")}` },
  });
  expect(json.json()).toMatchObject({ holder: OPERATOR, runs: [{ state: "done" }] });
});

test("an operation of a program is checked whole before it is sent", async () => {
  const headers = {
    authorization: `Bearer ${await web.token("operator")}`,
    "content-type": "application/json",
  };
  const url = "/api/manual/operations";
  const bad = await web.app.inject({
    method: "POST",
    url,
    headers,
    payload: { kind: "slew", target: { name: "x", raDeg: 400, decDeg: 0 } },
  });
  expect(bad.statusCode).toBe(400);
  expect(web.gateway.commands).toEqual([]);
  for (const payload of [
    { kind: "park" },
    { kind: "tracking", on: true },
    { kind: "expose", instrumentId: "vis", filter: "r", exposureS: 5, light: false },
  ]) {
    expect((await web.app.inject({ method: "POST", url, headers, payload })).statusCode).toBe(200);
    expect(web.gateway.commands.pop()).toMatch(JSON.stringify(payload));
  }
});
