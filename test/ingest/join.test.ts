import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { parseNotice } from "../../domain/alerts/parse.ts";
import { type TypicalAlert, typicalPacket, type TypicalStream } from "../../domain/alerts/typical.ts";
import type { Strategy } from "../../domain/strategies/strategy.ts";
import type { AlertWithNotices } from "../../db/repositories/intake.ts";
import { joinNotice } from "../../ingest/join.ts";

const strategy = JSON.parse(
  readFileSync(new URL("../../observatories/strategies/default.json", import.meta.url), "utf8"),
) as Strategy;
const T0 = Date.UTC(2026, 10, 20, 4);
const context = (receivedMs: number) => ({
  siteId: "colibri",
  strategy,
  clock: { startMs: T0, anchorMs: T0 + 5_000_000, rate: 60, epoch: 0 },
  receivedMs,
  receivedWallMs: T0 + 5_000_000 + Math.round((receivedMs - T0) / 60),
});

function notice(stream: TypicalStream, change: Partial<TypicalAlert> = {}) {
  const alert = { triggerId: "9100001", t0Ms: T0, noticeMs: T0 + 15_000, raDeg: 120, decDeg: 30, ...change };
  return parseNotice(typicalPacket(stream, alert), "xml");
}

/** The alert that a first notice makes, as it is stored. */
function stored(first: ReturnType<typeof notice>, receivedMs: number): AlertWithNotices {
  const { newAlert } = joinNotice(first, [], context(receivedMs));
  if (newAlert === null) throw new Error("no alert was made");
  return { alert: newAlert, notices: [{ parsed: { ...first }, receivedMs }] };
}

test("a first notice makes an alert; its T0 is stamped in wall time", () => {
  const { newAlert } = joinNotice(notice("swift-bat"), [], context(T0 + 20_000));
  expect(newAlert).toMatchObject({
    key: "swift-sim-9100001",
    workflowId: "alert/colibri/swift-sim-9100001",
    status: "active",
    slew: false,
    t0Ms: T0,
    generation: 0,
    closed: false,
    stages: { T0: T0 + 5_000_000, receivedAt: context(T0 + 20_000).receivedWallMs },
  });
  expect(JSON.parse(JSON.stringify(newAlert))).toEqual(newAlert);
});

test("another satellite that sees the burst joins its alert", () => {
  const fermi = stored(notice("fermi-gbm", { triggerId: "800000001", raDeg: 123, decDeg: 31 }), T0 + 16_000);
  const joined = joinNotice(notice("swift-bat"), [fermi], context(T0 + 20_000));
  expect(joined).toMatchObject({
    alertKey: fermi.alert.key,
    newAlert: null,
    decision: "JOIN",
    needsDelivery: true,
  });
});

test("a burst elsewhere in the sky at the same time does not", () => {
  const fermi = stored(notice("fermi-gbm", { triggerId: "800000001", raDeg: 240, decDeg: -40 }), T0 + 16_000);
  const joined = joinNotice(notice("swift-bat"), [fermi], context(T0 + 20_000));
  expect(joined.alertKey).toBe("swift-sim-9100001");
  expect(joined.newAlert).not.toBeNull();
});

test("a T0 more than a minute ahead makes no alert, and says so", () => {
  const joined = joinNotice(notice("swift-bat"), [], context(T0 - 61_000));
  expect(joined).toMatchObject({ alertKey: null, newAlert: null, decision: "IGNORE", needsDelivery: false });
  expect(joined.reason).toMatch(/ahead|future/);
});

test("after its alert is closed a notice is only recorded", () => {
  const first = stored(notice("swift-bat"), T0 + 20_000);
  const closed = { ...first, alert: { ...first.alert, closed: true } };
  const joined = joinNotice(notice("swift-bat", { raDeg: 120.01 }), [closed], context(T0 + 90_000));
  expect(joined).toMatchObject({ alertKey: first.alert.key, decision: "RECORD", needsDelivery: false });
});

test("the same content in other bytes is a duplicate", () => {
  const first = stored(notice("swift-bat"), T0 + 20_000);
  const joined = joinNotice(notice("swift-bat"), [first], context(T0 + 30_000));
  expect(joined).toMatchObject({ alertKey: first.alert.key, decision: "RECORD", needsDelivery: false });
  expect(joined.reason).toMatch(/^the same notice is already in/);
});

test("a trigger stays in its alert when a later position looks like another event", () => {
  const fermi = stored(notice("fermi-gbm", { triggerId: "800000001", raDeg: 240, decDeg: -40 }), T0 + 16_000);
  const swift = stored(notice("swift-bat"), T0 + 20_000);
  const moved = notice("swift-bat", { raDeg: 240.1, decDeg: -40.1, noticeMs: T0 + 60_000 });
  const joined = joinNotice(moved, [fermi, swift], context(T0 + 61_000));
  expect(joined).toMatchObject({ alertKey: swift.alert.key, newAlert: null, needsDelivery: true });
  expect(joined.reason).toMatch(/stays in swift-sim-9100001 although/);
});
