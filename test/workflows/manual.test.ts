import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { checkLease } from "../../activities/lease-check.ts";
import type { ManualOperation } from "../../domain/manual/operation.ts";
import type { Profile } from "../../domain/permissions/profiles.ts";
import {
  closeUpdate,
  leaveMaintenanceUpdate,
  preemptSignal,
  stateQuery,
  stopUpdate,
  type NightState,
  type PreemptRequest,
} from "../../workflows/messages.ts";
import { observatoryWorkflowId } from "../../workflows/names.ts";
import { startPostgres, type TestPostgres } from "../support/postgres.ts";
import { ANA, openHands, SITE, type HandsRig } from "./hands.ts";
import { duskAndDawn, MINUTE_MS, nightWorkflow, targetEastOf } from "./rig.ts";

/** The time-skipping server, which `npm test` finds or fetches; without it these tests are skipped, and said so. */
const server = process.env["VESPER_TIME_SKIPPING_SERVER"];
const whenSkipping = server === undefined ? describe.skip : describe;

const BEN = "ben@vesper.example";

whenSkipping("by hand, with time skipped", () => {
  let postgres: TestPostgres;
  let byHand: HandsRig;
  const { duskMs, dawnMs } = duskAndDawn();

  beforeAll(async () => {
    postgres = await startPostgres();
    byHand = await openHands(server ?? "", postgres, "hands");
  }, 180_000);
  afterAll(async () => {
    await byHand?.close();
    await postgres?.stop();
  }, 60_000);

  const noon = duskMs - 6 * 60 * MINUTE_MS;
  const slew: ManualOperation = { kind: "slew", target: { name: "M 33", ...targetEastOf(0) } };

  test("nothing moves without the hold, the right profile, the right person, or long after it was ordered", async () => {
    await byHand.run(duskMs, async (hands) => {
      expect(await hands.order(slew)).toMatch(/^Take the maintenance hold first/);
      expect(await hands.take(ANA, "ok", "expert")).toMatch(/"expert" may not move devices/);
      expect(await hands.take(ANA, " ")).toMatch(/^Reason "": write at least 3 characters/);
      expect(await hands.take(ANA)).toBe("done");
      expect(await hands.order(slew, ANA, { profile: "user" })).toMatch(/"user" may not move devices/);
      expect(await hands.order(slew, BEN)).toMatch(/^ana@vesper.example has the maintenance hold/);
      const late = (await hands.env.currentTimeMs()) - 60_000;
      expect(await hands.order(slew, ANA, { sentWallMs: late })).toMatch(
        /given 60 s ago and nothing has moved/,
      );
      const low = { ...slew, target: { name: "low", raDeg: targetEastOf(0).raDeg, decDeg: -80 } };
      expect(await hands.order(low)).toMatch(/low stands -\d+\.\d° high, the limit is 20\.0°/);
      expect(hands.acts()).toEqual([]);
      expect(await hands.order(slew)).toBe("done");
      await hands.settled();
      const { holder, generation } = (await hands.state()).lease;
      expect(hands.acts()).toEqual([`slew M 33 for ${holder}#${generation}`, "on target M 33"]);
      expect((await hands.state()).manual.runs[0]).toMatchObject({ state: "done", by: ANA });
    });
  }, 120_000);

  test("a hold is taken over with a reason; who had it can order nothing more", async () => {
    await byHand.run(noon, async (hands) => {
      await hands.take(ANA);
      expect(await hands.take(ANA)).toBe("You have the maintenance hold already.");
      expect(await hands.take(BEN, "rain is coming")).toBe("done");
      expect(await hands.order({ kind: "unpark" }, ANA)).toMatch(
        /^ben@vesper.example has the maintenance hold/,
      );
      expect(await hands.order({ kind: "unpark" }, BEN)).toBe("done");
      await hands.settled();
      expect(await hands.said("took the maintenance hold over")).toBe(
        `${BEN} took the maintenance hold over from ${ANA}: rain is coming`,
      );
    });
  }, 120_000);

  test("never opened while unsafe; a closing is announced a minute ahead, and close closes at once", async () => {
    await byHand.run(noon, async (hands) => {
      await hands.take(ANA);
      await hands.watched({ safe: false });
      expect(await hands.order({ kind: "openDome" })).toMatch(
        /^The dome stays closed: It rains\. This cannot be overridden/,
      );
      // After the safe time (1 min here) the holds lift, and the same order goes through.
      for (let steps = 0; steps < 3; steps += 1) {
        await hands.watched({});
        await hands.rig.skipTo((await hands.rig.nowMs()) + 30_000);
      }
      expect(await hands.order({ kind: "openDome" })).toBe("done");
      await hands.settled();
      expect(hands.acts()).toEqual(["dome open"]);

      await hands.watched({ shutter: "Open" });
      await hands.watched({ safe: false, shutter: "Open" });
      expect((await hands.state()).manual.closingAnnounced?.why).toContain("It rains.");
      expect((await hands.state()).allowsOpenDome).toBe(true);
      await hands.rig.skipTo((await hands.rig.nowMs()) + 55_000);
      expect(hands.acts().filter((what) => what.startsWith("dome closed"))).toEqual([]);
      await hands.rig.skipTo((await hands.rig.nowMs()) + 10_000);
      expect(hands.acts().filter((what) => what.startsWith("dome closed"))).toHaveLength(1);
      // The telescope is left to the person.
      expect(hands.acts()).not.toContain("park");
    });
  }, 120_000);

  test("stop and close are taken under any hold, without one, and from an operator only", async () => {
    await byHand.run(noon, async (hands) => {
      const { handle } = hands;
      const stop = (by: string, profile: Profile = "operator") =>
        handle.executeUpdate(stopUpdate, { args: [{ by, profile }] });
      await expect(stop(BEN, "user")).rejects.toThrow();
      await stop(BEN);
      expect((await hands.state()).holds).toMatchObject([{ kind: "operator", why: `Stopped by ${BEN}.` }]);
      await hands.watched({ safe: false, shutter: "Open" });
      await hands.take(ANA);
      await stop(BEN);
      await handle.executeUpdate(closeUpdate, { args: [{ by: BEN }] });
      await hands.rig.skipTo((await hands.rig.nowMs()) + 5_000);
      expect(hands.acts().filter((what) => what === "stop").length).toBeGreaterThanOrEqual(2);
      expect(hands.acts().some((what) => what.startsWith("dome closed"))).toBe(true);
    });
  }, 120_000);

  test("leaving without a night brings the hardware to rest", async () => {
    await byHand.run(noon, async (hands) => {
      await hands.take(ANA);
      await hands.order({ kind: "openDome" });
      await hands.settled();
      await hands.watched({ shutter: "Open" });
      await hands.handle.executeUpdate(leaveMaintenanceUpdate, { args: [{ by: ANA, profile: "operator" }] });
      await hands.rig.skipTo((await hands.rig.nowMs()) + 5_000);
      expect(hands.acts().some((what) => what.startsWith("dome closed: ana@vesper.example left"))).toBe(true);
      expect(hands.acts()).toContain("park");
      expect((await hands.state()).holds).toEqual([]);
    });
  }, 120_000);

  test("one exposure by hand has its rows, and its image hangs on them", async () => {
    await byHand.run(duskMs, async (hands) => {
      const { rig } = hands;
      await hands.take(ANA);
      const order: ManualOperation = {
        kind: "expose",
        instrumentId: "vis",
        filter: "r",
        exposureS: 5,
        light: true,
      };
      expect(await hands.order(order)).toBe("done");
      expect(await hands.order(order)).toMatch(/still has this under way: expose 5 s with vis/);
      await rig.skipTo((await rig.nowMs()) + 60_000);
      await hands.settled();
      const [run] = (await hands.state()).manual.runs;
      expect(run).toMatchObject({ state: "done", imageId: expect.stringMatching(/^manual-2026-11-/) });
      const image = await rig.database.images.one(run?.imageId ?? "");
      expect(image).toMatchObject({ nightId: null, filter: "r", exposureS: 5 });
      const sequence = await rig.database.sequences.detail(image?.sequenceId ?? "");
      expect(sequence).toMatchObject({ status: "executed", request: { kind: "manual" } });
      expect(await rig.database.sequences.candidates(0, Number.MAX_SAFE_INTEGER / 1_000)).toEqual([]);
    });
  }, 120_000);

  test("a night gives the telescope up and gets it back; meanwhile its own slews are refused", async () => {
    await byHand.run(
      duskMs - 5 * MINUTE_MS,
      async (hands) => {
        const { rig } = hands;
        await rig.addRequest("R9001", targetEastOf(1));
        const slews = () => hands.acts().filter((what) => what.startsWith("slew R9001"));
        for (let steps = 0; slews().length === 0 && steps < 60; steps += 1) {
          await rig.skipTo((await rig.nowMs()) + 30_000);
          await hands.watched({ shutter: "Open" });
        }
        const before = await hands.state();
        expect(before.lease.holder).toBe(nightWorkflow);

        expect(await hands.take(ANA)).toBe("done");
        const held = await hands.state();
        expect(held.mode).toBe("MANUAL");
        expect(held.lease).toMatchObject({
          holder: observatoryWorkflowId(SITE),
          generation: before.lease.generation + 1,
        });
        const readLease = (siteId: string) => rig.database.lease.read(siteId);
        await expect(checkLease(readLease, { siteId: SITE, ...before.lease })).rejects.toThrow(
          /no longer holds the lease/,
        );
        const taken = slews().length;
        await rig.skipTo((await rig.nowMs()) + 5 * MINUTE_MS);
        expect(slews()).toHaveLength(taken);
        expect(await hands.order({ kind: "slew", target: { name: "Vega", ...targetEastOf(0) } })).toBe(
          "done",
        );
        await hands.settled();
        expect(hands.acts()).toContain(`slew Vega for observatory/colibri#${before.lease.generation + 1}`);

        await hands.handle.executeUpdate(leaveMaintenanceUpdate, {
          args: [{ by: ANA, profile: "operator" }],
        });
        expect((await hands.state()).lease).toMatchObject({
          holder: nightWorkflow,
          generation: before.lease.generation + 2,
        });
        for (let steps = 0; slews().length === taken && steps < 60; steps += 1) {
          await rig.skipTo((await rig.nowMs()) + 30_000);
          await hands.watched({ shutter: "Open" });
        }
        expect(slews().at(-1)).toBe(`slew R9001 for ${nightWorkflow}#${before.lease.generation + 2}`);
      },
      { autoStart: true },
    );
  }, 180_000);

  test("the end of the night and a guard that trips close under maintenance too, announced; nothing else moves", async () => {
    await byHand.run(
      dawnMs - 10 * MINUTE_MS,
      async (hands) => {
        await hands.passUntil("the night is open", {}, async () => (await hands.state()).night !== null);
        await hands.passUntil("the dome is open", { shutter: "Open" }, () =>
          hands.acts().includes("dome open"),
        );
        expect(await hands.take(ANA)).toBe("done");
        await hands.passUntil("the dome is closed", { shutter: "Open" }, () =>
          hands.acts().some((what) => what.startsWith("dome closed: the night ends")),
        );
        await hands.passUntil("the night has ended", {}, async () => (await hands.state()).night === null);
        expect(await hands.said("The dome closes in 60 s")).toMatch(/the night ends/);
        // The telescope is the person's until they leave.
        expect(hands.acts()).not.toContain("park");
        expect((await hands.state()).mode).toBe("MANUAL");

        const before = hands.acts().length;
        const tripped = { tripped: true, silent: false, why: "Nobody answered for the open dome." };
        await hands.watched({ shutter: "Open", guard: tripped });
        expect((await hands.state()).manual.closingAnnounced?.why).toContain("Nobody answered");
        await hands.pass(50, { shutter: "Open", guard: tripped });
        expect(hands.acts().slice(before)).toEqual([]);
        await hands.pass(20, { shutter: "Open", guard: tripped });
        expect(
          hands
            .acts()
            .slice(before)
            .filter((what) => !what.startsWith("abort") && what !== "cover closed"),
        ).toEqual([expect.stringMatching(/^dome closed: guard hold/)]);
      },
      { autoStart: true },
    );
  }, 180_000);

  test("a burst under maintenance waits, moves nothing, and is told why", async () => {
    await byHand.run(
      duskMs - 5 * MINUTE_MS,
      async (hands) => {
        await hands.passUntil("the dome is open", { shutter: "Open" }, () =>
          hands.acts().includes("dome open"),
        );
        await hands.pass(10 * 60, { shutter: "Open" });
        const night = async (): Promise<NightState> =>
          (await hands.env.client.workflow.getHandle(nightWorkflow).query(stateQuery)) as NightState;
        await hands.take(ANA);
        // Then the frame that was exposing has been aborted.
        await hands.passUntil(
          "the night is held",
          { shutter: "Open" },
          async () => (await night()).phase === "held",
        );
        const before = hands.acts().length;
        await hands.handle.signal(preemptSignal, claimOf("swift-7", duskMs + 120 * MINUTE_MS));
        await hands.pass(5 * 60, { shutter: "Open" });
        expect(hands.acts().slice(before)).toEqual([]);
        expect((await night()).pendingAlerts.map(({ alertKey }) => alertKey)).toEqual(["swift-7"]);
        await hands.handle.executeUpdate(leaveMaintenanceUpdate, {
          args: [{ by: ANA, profile: "operator" }],
        });
        await hands.passUntil("the burst is slewed to", { shutter: "Open" }, () =>
          hands.acts().some((what) => what.startsWith("slew swift-7")),
        );
      },
      { autoStart: true },
    );
  }, 180_000);

  test("a mount that was left tracking too low is stopped under maintenance too: that is no motion", async () => {
    await byHand.run(noon, async (hands) => {
      await hands.take(ANA);
      await hands.watched({
        stray: "The field that the mount tracks stands 14.0° high, the limit is 15.0°.",
      });
      await hands.pass(1);
      expect(hands.acts()).toEqual(["stop tracking"]);
      expect(await hands.said("told to stop tracking")).toMatch(/stands 14\.0° high/);
    });
  }, 120_000);
});

function claimOf(alertKey: string, validUntilMs: number): PreemptRequest {
  const sequenceId = `${alertKey}-g1`;
  const plans = [{ planId: `${sequenceId}-vis-1`, filter: "r", exposureS: 30, count: 1, frames: [1] }];
  return {
    alertKey,
    alertWorkflowId: `alert/${SITE}/${alertKey}`,
    generation: 1,
    rank: 1,
    t0Ms: duskAndDawn().duskMs,
    plan: {
      sequenceId,
      requestId: alertKey,
      requestName: alertKey,
      programmeId: "ALERT",
      target: { name: alertKey, ...targetEastOf(1) },
      albums: [{ albumId: `${sequenceId}-vis`, instrumentId: "vis", plans }],
      alertKey,
      minAltDeg: 20,
    },
    validUntilMs,
    simulated: true,
  };
}
