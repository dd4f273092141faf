import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { storeAlert } from "../db/fixtures.ts";
import { observatoryState } from "./support/states.ts";
import { startWeb } from "./support/web.ts";
import type { TestWeb } from "./support/web.ts";

let web: TestWeb;
beforeAll(async () => {
  web = await startWeb();
}, 120_000);
afterAll(async () => {
  await web.stop();
});

async function scrape(): Promise<Map<string, number>> {
  const token = await web.token("admin");
  const answer = await web.app.inject({
    url: "/api/metrics",
    headers: { authorization: `Bearer ${token}` },
  });
  expect(answer.statusCode).toBe(200);
  expect(answer.headers["content-type"]).toMatch(/^text\/plain; version=0\.0\.4/);
  const lines = answer.body.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(" ");
      return [
        line
          .slice(0, end)
          .replace(/,?part="api"/, "")
          .replace("{}", ""),
        Number(line.slice(end + 1)),
      ];
    }),
  );
}

test("the figures that matter are there, as the database and the observatory have them", async () => {
  web.gateway.state = observatoryState();
  const { database, clock } = web;
  await storeAlert(database);
  const receivedAt = clock.wallMs - 60_000;
  await database.alerts.stamp("swift-1016881", {
    receivedAt,
    decidedAt: receivedAt + 40,
    slewStartedAt: receivedAt + 1_500,
    shutterOpenedAt: receivedAt + 700_000,
  });
  await database.outbox.add({
    topic: "ic.schedule",
    key: "1",
    payload: {},
    createdWallMs: clock.wallMs - 90_000,
  });
  await database.devices.upsert({
    uniqueId: "u",
    deviceId: "dome",
    type: "dome",
    name: "Dome",
    blocking: true,
    state: "DISABLED",
    sinceWallMs: clock.wallMs,
    values: {},
    versions: null,
    seenWallMs: clock.wallMs - 5_000,
  });
  const lines = await scrape();
  expect(Object.fromEntries(lines)).toMatchObject({
    'vesper_answers{asked="database"}': 1,
    'vesper_answers{asked="observatory"}': 1,
    'vesper_exposures{state="lost"}': 0,
    'vesper_outbox_messages{topic="ic.schedule",state="waiting"}': 1,
    'vesper_outbox_oldest_age_seconds{topic="ic.schedule"}': 90,
    'vesper_device_state{device="dome",state="DISABLED",blocking="true"}': 1,
    'vesper_device_seen_age_seconds{device="dome"}': 5,
    'vesper_alert_stage_seconds_bucket{stage="decidedAt",le="0.1"}': 1,
    'vesper_alert_stage_seconds_bucket{stage="slewStartedAt",le="1"}': 0,
    'vesper_alert_stage_seconds_bucket{stage="slewStartedAt",le="2"}': 1,
    'vesper_alert_stage_seconds_bucket{stage="shutterOpenedAt",le="600"}': 0,
    'vesper_alert_stage_seconds_bucket{stage="shutterOpenedAt",le="+Inf"}': 1,
    'vesper_alert_stage_seconds_count{stage="slewStartedAt"}': 1,
    'vesper_alert_stage_seconds_sum{stage="slewStartedAt"}': 1.5,
  });
  expect(lines.has("nodejs_eventloop_lag_p99_seconds")).toBe(true);
});

test("an observatory that does not answer is said, and the rest is shown", async () => {
  web.gateway.state = null;
  web.clock.wallMs += 60_000;
  const lines = await scrape();
  expect(lines.get('vesper_answers{asked="observatory"}')).toBe(0);
  expect(lines.get('vesper_answers{asked="database"}')).toBe(1);
  expect([...lines.keys()].filter((name) => name.startsWith("vesper_mode"))).toEqual([]);
});
