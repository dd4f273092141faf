import { expect, test } from "@jest/globals";
import { waitFor } from "../../support/stack.ts";
import {
  alertWhere,
  burst,
  CAMERA_EXPOSING,
  letGo,
  closings,
  holdsAre,
  note,
  PATIENCE_MS,
  routineFrame,
  SHUTTER_CLOSED,
  SHUTTER_OPEN,
  shutterIs,
  skyNowMs,
  slewsTo,
  type TheStack,
} from "../kit.ts";

/** The pause button, rain, and a burst under a hold. */
export function holdChecks(the: TheStack): void {
  test(
    "pause aborts the frame and closes nothing",
    async () => {
      const stack = the();
      await routineFrame(stack);
      const since = Date.now();
      const pause = await stack.api("/api/observatory/pause", { method: "POST", body: { when: "now" } });
      expect(pause).toMatchObject({ status: 200, body: { mode: "PAUSED", paused: true } });
      await waitFor(
        "the camera is not exposing",
        10_000,
        async () => (await stack.device("camera", "camerastate")) !== CAMERA_EXPOSING,
      );
      const stopped = Date.now() - since;
      note("pause: from the press to a camera that does not expose", stopped);
      // 2 s on a quiet machine.
      expect(stopped).toBeLessThan(5_000);
      await waitFor(
        "the night is held",
        PATIENCE_MS,
        async () => (await stack.api("/api/observatory")).body.phase === "held",
      );
      expect(await stack.device("dome", "shutterstatus")).toBe(SHUTTER_OPEN);
      expect(closings(stack, since)).toEqual([]);
      expect(stack.commands(since).filter(({ command }) => command === "startexposure")).toEqual([]);
    },
    2 * PATIENCE_MS,
  );

  test(
    "rain does not lift the operator's hold, resume does not lift rain; both close nothing more than they should",
    async () => {
      const stack = the();
      const since = Date.now();
      await stack.act("observingconditions", "sim:weather", { kind: "rain" });
      await holdsAre(stack, ["operator", "safety", "weather"]);
      await shutterIs(stack, SHUTTER_CLOSED);
      note("rain under a pause: from the rain to the closed dome", Date.now() - since);
      const resumed = await stack.api("/api/observatory/resume", { method: "POST" });
      expect(resumed.status).toBe(200);
      const wet = await holdsAre(stack, ["safety", "weather"]);
      expect(wet).toMatchObject({ mode: "CLOSED", paused: false });
      expect(JSON.stringify(wet.holds)).toMatch(/rain/i);
      const nothing = await stack.api("/api/observatory/resume", { method: "POST" });
      expect(nothing.status).toBe(409);
      expect(JSON.stringify(nothing.body)).toMatch(/rain/i);
      const again = await stack.api("/api/observatory/pause", { method: "POST", body: { when: "now" } });
      expect(again.status).toBe(200);
      const clearMs = await skyNowMs(stack);
      await stack.act("observingconditions", "sim:weather", { kind: "clear" });
      await holdsAre(stack, ["operator"]);
      // 15 min of uninterrupted safe readings, on the sky's clock.
      expect((await skyNowMs(stack)) - clearMs).toBeGreaterThanOrEqual(15 * 60_000);
      expect(await stack.device("dome", "shutterstatus")).toBe(SHUTTER_CLOSED);
    },
    3 * PATIENCE_MS,
  );

  test(
    "a burst under the pause is taken and waits; after resume the dome opens and it is observed",
    async () => {
      const stack = the();
      const { xml, key, place } = await burst(stack, "9100005");
      const since = Date.now();
      expect(await stack.postPacket(xml)).toMatchObject({ status: 202, body: { alertId: key } });
      const waiting = await alertWhere(stack, key, "is queued", ({ status }) => status === "queued");
      expect(waiting.reason).toMatch(/operator/);
      expect(slewsTo(stack, place, since)).toEqual([]);
      const resumed = await stack.api("/api/observatory/resume", { method: "POST" });
      expect(resumed.status).toBe(200);
      await alertWhere(stack, key, "has an image", ({ images }) => images?.length >= 1);
      expect(slewsTo(stack, place, since)).toHaveLength(1);
      await letGo(stack, key);
      await routineFrame(stack);
    },
    4 * PATIENCE_MS,
  );
}
