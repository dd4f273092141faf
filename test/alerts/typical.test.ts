import { describe, expect, test } from "@jest/globals";
import { decide } from "../../domain/alerts/decide.ts";
import { retime, typicalPacket } from "../../domain/alerts/typical.ts";
import type { TypicalStream } from "../../domain/alerts/typical.ts";
import { bytesOf, readNotice, STRATEGY } from "./packets.ts";

const T0 = Date.parse("2026-11-21T04:05:06.789Z");
const ALERT = { triggerId: "9000001", t0Ms: T0, noticeMs: T0 + 21_000, raDeg: 123.4567, decDeg: -5.4321 };
const encoder = new TextEncoder();
const read = (text: string) => readNotice(encoder.encode(text));

describe("a typical packet", () => {
  test.each<[TypicalStream, string, string, string]>([
    ["swift-bat", "9000001", "swift-bat-pos", "TRIGGER"],
    ["fermi-gbm", "9000001", "fermi-gbm-flight", "OPEN"],
    ["svom-eclairs", "sb26112101", "svom-eclairs", "TRIGGER"],
  ])("of %s takes the whole path and says that it is simulated", (stream, triggerId, name, word) => {
    const notice = read(typicalPacket(stream, { ...ALERT, triggerId }));
    expect(notice).toMatchObject({
      stream: name,
      role: "observation",
      simulated: true,
      test: false,
      triggerId,
      t0Ms: T0,
      noticeMs: T0 + 21_000,
      raDeg: 123.4567,
      decDeg: -5.4321,
    });
    expect(decide(notice, null, { strategy: STRATEGY, nowMs: T0 + 22_000 }).decision).toBe(word);
  });

  test("bad input is told by field, value and rule", () => {
    expect(() => typicalPacket("swift-bat", { ...ALERT, triggerId: '"><x' })).toThrow(
      /triggerId is ""><x": must be/,
    );
    expect(() => typicalPacket("swift-bat", { ...ALERT, raDeg: 360 })).toThrow("raDeg is 360");
    expect(() => typicalPacket("swift-bat", { ...ALERT, decDeg: Number.NaN })).toThrow("decDeg is NaN");
  });
});

describe("a real packet at another time and place", () => {
  const real = new TextDecoder().decode(bytesOf("seq_swift_full_GRB210112__SWIFT_XRT_Pos_1016881-259.xml"));

  test("keeps all but time, place, name", () => {
    const before = read(real);
    const after = read(retime(real, T0, T0 + 5_000, 10.5, 20.25));
    expect(after).toMatchObject({
      t0Ms: T0,
      noticeMs: T0 + 5_000,
      raDeg: 10.5,
      decDeg: 20.25,
      simulated: true,
    });
    expect(after.ivorn).not.toBe(before.ivorn);
    expect(after.ivorn.startsWith(before.ivorn)).toBe(true);
    expect(after).toMatchObject({
      stream: before.stream,
      errorDeg: before.errorDeg,
      triggerId: before.triggerId,
      citations: before.citations,
    });
    expect(after.triggerKeys).not.toEqual(before.triggerKeys);
  });

  test("with another trigger id is another event and cites nothing", () => {
    const after = read(retime(real, T0, T0 + 5_000, 10, 20, "9000002"));
    expect(after).toMatchObject({ triggerId: "9000002", citations: [] });
  });

  test("a text without the parts is refused", () => {
    expect(() => retime("<x/>", T0, T0)).toThrow("the packet has no ivorn to replace");
  });
});
