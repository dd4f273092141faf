/** What faults of devices end with, as docs/faults.md names it: holds that come and lift, failures that are told, nights that end. */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ApplicationFailure } from "@temporalio/common";
import { stateQuery, type NightState } from "../../workflows/messages.ts";
import { nightWorkflowId } from "../../workflows/names.ts";
import { startPostgres, type TestPostgres } from "../support/postgres.ts";
import { openHands, SITE, type Hands, type HandsRig, type Seen } from "./hands.ts";
import { duskAndDawn, MINUTE_MS, NIGHT_DATE, targetEastOf, type Activities } from "./rig.ts";

/** The time-skipping server, which `npm test` finds or fetches; without it these tests are skipped, and said so. */
const server = process.env["VESPER_TIME_SKIPPING_SERVER"];
const whenSkipping = server === undefined ? describe.skip : describe;

const OPEN: Seen = { shutter: "Open" };
/** Activities that fail now, with the type of their failure as the real ones were seen to fail. */
const failing = new Map<string, string>();

/** What the fake devices do, unless a test makes them fail. */
function faults(act: (what: string) => Promise<number>): Activities {
  const doing = (name: string, what: (input: never) => string, answer: object) => async (input: never) => {
    const type = failing.get(name);
    if (type !== undefined) throw ApplicationFailure.create({ type, message: `${name} fails: ${type}.` });
    const doneMs = await act(what(input));
    return { doneMs, doneWallMs: doneMs, onTargetMs: doneMs, parkedMs: doneMs, already: false, ...answer };
  };
  return {
    awaitOnTarget: doing("awaitOnTarget", () => "on target", { offsetArcsec: 1 }),
    closeDome: doing("closeDome", ({ why }: { why: string }) => `dome closed: ${why}`, {}),
    park: doing("park", () => "park", { alreadyParked: false }),
    openCover: doing("openCover", () => "cover open", {}),
    closeCover: doing("closeCover", () => "cover closed", {}),
    moveFocuser: doing("moveFocuser", () => "focus", { position: 25_000 }),
    coolCamera: doing("coolCamera", () => "cold", { temperatureC: -60, tookS: 0 }),
    recordAlarms: async () => undefined,
    recordDevice: async () => undefined,
  };
}

whenSkipping("what faults end with, with time skipped", () => {
  let postgres: TestPostgres;
  let majordome: HandsRig;
  const { duskMs, dawnMs } = duskAndDawn();

  beforeAll(async () => {
    postgres = await startPostgres();
    majordome = await openHands(server ?? "", postgres, "faults", faults);
  }, 180_000);
  afterAll(async () => {
    await majordome?.close();
    await postgres?.stop();
  }, 60_000);

  /** A night whose dome is open. */
  const inNight = (startMs: number, body: (hands: Hands) => Promise<void>): Promise<void> => {
    failing.clear();
    return majordome.run(
      startMs,
      async (hands) => {
        await addRequests(hands);
        await hands.passUntil("the dome opens", {}, () => hands.acts().includes("dome open"));
        await hands.watched(OPEN);
        await body(hands);
      },
      { autoStart: true },
    );
  };
  let requests = 0;
  const addRequests = async ({ rig }: Hands): Promise<void> => {
    for (let count = 0; count < 3; count += 1) {
      requests += 1;
      await rig.addRequest(`R70${String(requests).padStart(2, "0")}`, {
        ...targetEastOf(2),
        albums: [{ instrumentId: "vis", plans: [{ filter: "r", exposureS: 120, count: 4 }] }],
      });
    }
  };
  const exposures = (hands: Hands): number => hands.acts().filter((what) => what.startsWith("expose")).length;
  const observes = (hands: Hands, seen: Seen = OPEN): Promise<void> => {
    const before = exposures(hands);
    return hands.passUntil("it observes", seen, () => exposures(hands) > before);
  };
  const closings = (hands: Hands): string[] => hands.acts().filter((what) => what.startsWith("dome closed"));

  test("a blocking device that is lost holds; set up again, it lifts by itself and the night goes on", async () => {
    await inNight(duskMs, async (hands) => {
      await observes(hands);
      hands.rig.world.dead.add("camera-vis");
      const lost: Seen = { ...OPEN, devices: { "camera-vis": "DISABLED" } };
      await hands.watched(lost);
      expect(await hands.holds()).toEqual(["device:camera-vis"]);
      await hands.pass(30, lost);
      expect(hands.acts().some((what) => what.startsWith("abort: device:camera-vis hold"))).toBe(true);
      const taken = exposures(hands);
      await hands.pass(300, lost);
      expect(exposures(hands)).toBe(taken);
      // Nobody closes for it: the sky is fine.
      expect(closings(hands)).toEqual([]);
      expect(hands.acts()).toContain("power-cycle camera-vis");

      hands.rig.world.dead.clear();
      await hands.passUntil("it is taken back", OPEN, async () => (await hands.holds()).length === 0);
      expect(hands.acts()).toContain("set up camera-vis");
      await observes(hands);
    });
  }, 180_000);

  test("what the night goes on without: a focuser that fails, a cover that does not answer, a camera that stays warm", async () => {
    failing.clear();
    await majordome.run(
      duskMs - 10 * MINUTE_MS,
      async (hands) => {
        await addRequests(hands);
        failing.set("moveFocuser", "LimitExceeded");
        failing.set("openCover", "DeviceUnreachable");
        failing.set("coolCamera", "LimitExceeded");
        await observes(hands);
        expect(await hands.said("The telescope is not in focus")).toMatch(/LimitExceeded/);
        expect(await hands.said("The mirror cover did not open")).toMatch(/DeviceUnreachable/);
        expect(await hands.holds()).toEqual([]);
      },
      { autoStart: true },
    );
  }, 180_000);

  test("sequences that fail one after another raise an alarm; the first that works ends it", async () => {
    await inNight(duskMs, async (hands) => {
      failing.set("awaitOnTarget", "LimitExceeded");
      const failed = async () => (await hands.state()).night?.failing?.count ?? 0;
      await hands.passUntil("three have failed", OPEN, async () => (await failed()) >= 3);
      expect((await hands.state()).night?.failing?.why).toBe("awaitOnTarget fails: LimitExceeded.");
      // Two minutes of rest lie between them: a fault does not spin.
      const slews = hands.rig.world.acts.filter(({ what }) => what.startsWith("slew R70"));
      for (const [index, { atMs }] of slews.slice(1).entries()) {
        expect(atMs - (slews[index]?.atMs ?? 0)).toBeGreaterThanOrEqual(2 * MINUTE_MS);
      }
      failing.clear();
      await hands.passUntil("one has frames", OPEN, async () => (await failed()) === 0);
    });
  }, 180_000);

  test("a dome that reports an error is told to close, and opened again when it can be", async () => {
    await inNight(duskMs, async (hands) => {
      await observes(hands);
      await hands.watched({ shutter: "Error" });
      await hands.passUntil("it is told to close", { shutter: "Error" }, () =>
        closings(hands).some((what) => what.includes("its shutter reports an error")),
      );
      const opened = () => hands.acts().filter((what) => what === "dome open").length;
      await hands.passUntil("it opens again", {}, () => opened() >= 2);
      await observes(hands);
    });
  }, 180_000);

  test("a dome that never closes keeps no telescope from parking at dawn, and the guard is let in", async () => {
    await inNight(dawnMs - 10 * MINUTE_MS, async (hands) => {
      failing.set("closeDome", "LimitExceeded");
      await hands.passUntil("it parks", OPEN, () => hands.acts().includes("park"));
      const night = async () =>
        (await hands.env.client.workflow
          .getHandle(nightWorkflowId(SITE, NIGHT_DATE))
          .query(stateQuery)) as NightState;
      expect((await night()).allowsOpenDome).toBe(false);
      // The order to close stands for as long as it takes.
      await hands.pass(600, OPEN);
      expect((await night()).phase).toBe("parking");
      failing.clear();
      await hands.passUntil(
        "the night ends",
        {},
        async () => (await hands.state()).lastNight?.outcome === "ended",
      );
      expect(closings(hands)).toHaveLength(1);
    });
  }, 180_000);

  test("in rain without a night too: the telescope parks though the dome does not close, and the guard is let in", async () => {
    failing.clear();
    await majordome.run(duskMs - 6 * 60 * MINUTE_MS, async (hands) => {
      failing.set("closeDome", "DeviceFault");
      const wet: Seen = { shutter: "Open", safe: false };
      await hands.passUntil("it parks", wet, () => hands.acts().includes("park"));
      expect((await hands.state()).allowsOpenDome).toBe(false);
      failing.clear();
      await hands.passUntil("it is closed", {}, () => closings(hands).length > 0);
    });
  }, 180_000);
});
