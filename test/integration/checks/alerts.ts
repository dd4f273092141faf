import { expect, test } from "@jest/globals";
import { waitFor } from "../../support/stack.ts";
import {
  alertWhere,
  burst,
  letGo,
  note,
  PATIENCE_MS,
  routineFrame,
  slewsTo,
  SWIFT_KNOWN_SOURCE,
  SWIFT_LOST_LOCK,
  type TheStack,
} from "../kit.ts";
import { ledgerOf, storedExposureS } from "../records.ts";

/** A burst comes in while a frame is exposing; what is no burst, and what comes a hundred times. */
export function alertChecks(the: TheStack): void {
  test(
    "a real Swift packet aborts the frame, is slewed to and imaged; the interrupted sequence keeps its frames and its quota is exact",
    async () => {
      const stack = the();
      const { sequenceId } = await routineFrame(stack);
      const { xml, key, place } = await burst(stack, "9100001");
      const postedWallMs = Date.now();
      const posted = await stack.postPacket(xml);
      expect(posted).toMatchObject({
        status: 202,
        body: { alertId: key, duplicate: false, queued: false },
      });
      const alert = await alertWhere(
        stack,
        key,
        "has two images",
        ({ images, stages }) => images?.length >= 2 && stages.firstImageAt !== undefined,
      );
      const commands = stack.commands(postedWallMs);
      const aborted = commands.find(({ command }) => command === "abortexposure");
      const [slew] = slewsTo(stack, place, postedWallMs);
      expect(slew).toBeDefined();
      // The frame that was exposing was stopped, unless it had come to its end by then.
      if (aborted !== undefined) expect(aborted.wallMs).toBeLessThan(slew!.wallMs);
      note("alert: from the POST to the slew in the mount's log", slew!.wallMs - postedWallMs);
      note("alert: from the POST to the first image", alert.stages.firstImageAt - postedWallMs);
      const order = [
        "receivedAt",
        "decidedAt",
        "preemptedAt",
        "slewStartedAt",
        "shutterOpenedAt",
        "firstImageAt",
      ];
      const stamps = order.map((stage) => alert.stages[stage]);
      expect(stamps.every((stamp) => typeof stamp === "number")).toBe(true);
      expect(stamps).toEqual([...stamps].sort((a, b) => a - b));
      for (const image of alert.images) {
        expect(Math.abs(image.raDeg - place.raDeg)).toBeLessThan(0.02);
        expect(Math.abs(image.decDeg - place.decDeg)).toBeLessThan(0.02);
      }
      const interrupted = await stack.query<{ status: string; status_reason: string; attempt: number }>(
        "select status, status_reason, attempt from sequence where id = $1",
        [sequenceId],
      );
      // By now it may be planned anew, which keeps the reason until it runs again.
      expect(interrupted[0]?.status).toMatch(/^(interrupted|planned|submitted)$/);
      const { reserved, spent, returned } = await ledgerOf(stack, sequenceId, 1);
      expect(spent).toBe(await storedExposureS(stack, sequenceId, 1));
      expect(spent + returned).toBe(reserved);
      await letGo(stack, key);
      const schedule = await waitFor(
        "the interrupted sequence is planned again or refused with a reason",
        PATIENCE_MS,
        async () => {
          const { body } = await stack.api("/api/schedules/current");
          const row = body.items?.find((each: any) => each.sequenceId === sequenceId);
          return row !== undefined && body.madeWallMs > slew!.wallMs ? row : null;
        },
        async () => (await stack.api("/api/schedules/current")).body,
      );
      expect(["planned", "executing", "done", "interrupted", "refused"]).toContain(schedule.status);
      if (schedule.status === "refused") expect(schedule.reason).toMatch(/\d/);
    },
    4 * PATIENCE_MS,
  );

  test(
    "a packet without star lock and one of a catalogue source are taken and shown with their reason, and nothing slews",
    async () => {
      const stack = the();
      for (const [packet, triggerId, why] of [
        [SWIFT_LOST_LOCK, "9100002", /star/i],
        [SWIFT_KNOWN_SOURCE, "9100003", /catalog|known/i],
      ] as const) {
        const { xml, key, place } = await burst(stack, triggerId, { packet });
        const since = Date.now();
        expect((await stack.postPacket(xml)).status).toBe(202);
        const alert = await alertWhere(
          stack,
          key,
          "is decided, with its reason",
          ({ stages, reason }) => stages.decidedAt !== undefined && reason !== "",
        );
        expect(alert.slew).toBe(false);
        expect(alert.reason).toMatch(why);
        expect(slewsTo(stack, place, since)).toEqual([]);
      }
    },
    2 * PATIENCE_MS,
  );

  test(
    "100 copies of one packet at once are one alert, one request, one slew",
    async () => {
      const stack = the();
      await routineFrame(stack);
      const { xml, key, place } = await burst(stack, "9100004");
      const since = Date.now();
      const answers = await Promise.all(Array.from({ length: 100 }, () => stack.postPacket(xml)));
      note("100 copies at once: the slowest answer", Math.max(...answers.map(({ tookMs }) => tookMs)));
      expect(answers.filter(({ status }) => status !== 202)).toEqual([]);
      expect(answers.filter(({ body }) => !body.duplicate)).toHaveLength(1);
      expect(new Set(answers.map(({ body }) => body.alertId))).toEqual(new Set([key]));
      await alertWhere(stack, key, "has an image", ({ images }) => images?.length >= 1);
      expect(slewsTo(stack, place, since)).toHaveLength(1);
      const [counted] = await stack.query<{ alerts: number; notices: number; requests: number }>(
        `select (select count(*)::int from alert where key = $1) as alerts,
                (select count(*)::int from notice where alert_key = $1) as notices,
                (select count(*)::int from request where alert_key = $1) as requests`,
        [key],
      );
      expect(counted).toEqual({ alerts: 1, notices: 1, requests: 1 });
      await letGo(stack, key);
    },
    3 * PATIENCE_MS,
  );

  test(
    "a notice of an alert that has closed is recorded, and no workflow is started for it",
    async () => {
      const stack = the();
      const key = "swift-sim-9100004";
      await alertWhere(stack, key, "is closed", ({ closed }) => closed === true);
      const { raDeg, decDeg } = (await stack.api(`/api/alerts/${key}`)).body;
      const { xml, place } = await burst(stack, "9100004", { place: { raDeg, decDeg } });
      const since = Date.now();
      const answer = await stack.postPacket(xml);
      expect(answer).toMatchObject({ status: 202, body: { alertId: key, duplicate: false } });
      const { ivorn } = answer.body;
      const alert = await alertWhere(stack, key, "has the notice as recorded", ({ notices }) =>
        notices.some((notice: any) => notice.ivorn === ivorn && notice.decision === "RECORD"),
      );
      expect(alert.closed).toBe(true);
      const { status } = await stack.temporal.client.workflow.getHandle(alert.workflowId).describe();
      expect(status.name).not.toBe("RUNNING");
      expect(slewsTo(stack, place, since)).toEqual([]);
    },
    2 * PATIENCE_MS,
  );
}
