import { expect, test } from "@jest/globals";
import { waitFor, type Stack } from "../../support/stack.ts";
import { deviceOf } from "../../../domain/observatory.ts";
import {
  CAMERA_EXPOSING,
  holdsAre,
  note,
  observatory,
  PATIENCE_MS,
  routineFrame,
  state,
  type TheStack,
} from "../kit.ts";

/** A device lost in mid-sequence, blocking and not: what people see, what goes on, and that it comes back by itself. */
export function deviceChecks(the: TheStack): void {
  test(
    "the visible camera dies while it exposes: a hold within 3 s, on every page; back, it is set up and the night goes on",
    async () => {
      const stack = the();
      await routineFrame(stack);
      const since = Date.now();
      await stack.act("camera", "sim:fault", { kind: "dead" });
      await holdsAre(stack, ["device:camera-vis"]);
      const heldMs = Date.now() - since;
      note("visible camera dead: from its death to the hold", heldMs);
      // 3 s on a quiet machine.
      expect(heldMs).toBeLessThan(20_000);
      const held = await waitFor("the night is held", PATIENCE_MS, async () => {
        const now = await state(stack);
        return now.phase === "held" ? now : null;
      });
      expect(held).toMatchObject({ mode: "PAUSED", safety: { dome: "Open" } });
      expect(deviceIn(held, "camera-vis")).toMatchObject({
        state: "DISABLED",
        recovery: { step: expect.any(Number) },
      });
      await reasonOnPages(stack);

      await stack.act("camera", "sim:clear", {});
      const backMs = Date.now();
      await holdsAre(stack, []);
      note("visible camera dead: from its answer to the lifted hold", Date.now() - backMs);
      await waitFor("the journal says that it is back", PATIENCE_MS, async () => {
        const [journal] = await stack.query<{ text: string }>(
          "select text from journal_entry where device_id = 'camera-vis' order by id desc limit 1",
        );
        return journal?.text === "Visible camera is back: set up again and verified.";
      });
      expect(deviceIn(await state(stack), "camera-vis")).toMatchObject({ state: "UP", recovery: null });
      await routineFrame(stack);
    },
    5 * PATIENCE_MS,
  );

  test(
    "the near-infrared camera dies while both expose: its album is left out with the reason, the other arm goes on, it is taken back",
    async () => {
      const stack = the();
      const { number } = deviceOf(observatory, "camera-nir");
      const executing = await waitFor("both cameras expose", 3 * PATIENCE_MS, async () => {
        const now = await routineFrame(stack, 3 * PATIENCE_MS);
        const word = await stack.device("camera", "camerastate", number);
        return word === CAMERA_EXPOSING ? now : null;
      });
      await stack.act("camera", "sim:fault", { kind: "dead" }, number);
      const [album] = await waitFor("its album is left out", 2 * PATIENCE_MS, async () => {
        const rows = await stack.query<{ reason: string }>(
          `select skipped_reason as reason from album
           where sequence_id = $1 and instrument_id = 'nir' and skipped_reason is not null`,
          [executing.sequenceId],
        );
        return rows.length === 0 ? null : rows;
      });
      expect(album?.reason).toMatch(/Near-infrared camera/);
      expect((await state(stack)).holds).toEqual([]);
      const before = await framesOf(stack, "camera-vis");
      await waitFor(
        "the other arm stores a frame",
        2 * PATIENCE_MS,
        async () => (await framesOf(stack, "camera-vis")) > before,
      );
      await stack.act("camera", "sim:clear", {}, number);
      await waitFor(
        "the near-infrared camera is taken back",
        2 * PATIENCE_MS,
        async () => deviceIn(await state(stack), "camera-nir")?.state === "UP",
      );
      const gone = await framesOf(stack, "camera-nir");
      await waitFor(
        "it stores a frame again",
        3 * PATIENCE_MS,
        async () => (await framesOf(stack, "camera-nir")) > gone,
      );
    },
    10 * PATIENCE_MS,
  );

  test(
    "the focuser dies: noted, no hold, the night goes on, and it is taken back",
    async () => {
      const stack = the();
      await routineFrame(stack);
      await stack.act("focuser", "sim:fault", { kind: "dead" });
      await waitFor("the focuser is given up", PATIENCE_MS, async () => {
        const now = await state(stack);
        return deviceIn(now, "focuser")?.state === "DISABLED" ? now : null;
      });
      expect((await state(stack)).holds).toEqual([]);
      await routineFrame(stack);
      await stack.act("focuser", "sim:clear", {});
      await waitFor(
        "the focuser is taken back",
        PATIENCE_MS,
        async () => deviceIn(await state(stack), "focuser")?.state === "UP",
      );
    },
    4 * PATIENCE_MS,
  );

  test(
    "an alarm of the PLC is raised, acknowledged, over",
    async () => {
      const stack = the();
      await stack.act("switch", "sim:alarm", { name: "mains-lost", on: true });
      const raised = await alarmWhere(
        stack,
        "plc:plc/mains-lost",
        ({ returnedWallMs }) => returnedWallMs === null,
      );
      expect(raised).toMatchObject({ level: "HIGH", acknowledgedWallMs: null });
      const done = await stack.api(`/api/alarms/${raised.id}/acknowledge`, {
        method: "POST",
        body: { note: "the generator runs" },
      });
      expect(done).toMatchObject({ status: 200, body: { note: "the generator runs" } });
      // Acknowledging changes nothing of the cause.
      expect(await alarmWhere(stack, "plc:plc/mains-lost", () => true)).toMatchObject({
        returnedWallMs: null,
      });
      await stack.act("switch", "sim:alarm", { name: "mains-lost", on: false });
      await waitFor("the alarm is off the list", PATIENCE_MS, async () => {
        const { items } = (await stack.api("/api/alarms")).body;
        return !items.some(({ key }: { key: string }) => key === "plc:plc/mains-lost");
      });
    },
    2 * PATIENCE_MS,
  );
}

async function framesOf(stack: Stack, cameraId: string): Promise<number> {
  const [row] = await stack.query<{ frames: number }>(
    "select count(*)::int as frames from exposure where camera_id = $1 and state = 'stored'",
    [cameraId],
  );
  return row?.frames ?? 0;
}

function deviceIn(now: any, id: string): any {
  return now.devices.find((device: { id: string }) => device.id === id);
}

/** Every page answers under the hold, and says why nothing is observed. */
async function reasonOnPages(stack: Stack): Promise<void> {
  const alarm = await alarmWhere(stack, "device:camera-vis", ({ hiddenBy }) => hiddenBy === null);
  expect(alarm).toMatchObject({ level: "HIGH" });
  expect(alarm.text).toMatch(/Visible camera does not work/);
  for (const path of ["/", "/night", "/requests", "/alerts", "/images", "/system", "/alarms"]) {
    const { status, body } = await stack.api(path);
    expect([path, status]).toEqual([path, 200]);
    expect(body).toMatch(/Not observing<\/a>, device camera-vis: Visible camera cannot be reached/);
    expect(body).toMatch(/data-alarms/);
  }
}

/** Waits for the alarm of a key that satisfies `accept`. */
function alarmWhere(stack: Stack, key: string, accept: (alarm: any) => boolean): Promise<any> {
  return waitFor(
    `alarm ${key}`,
    PATIENCE_MS,
    async () => {
      const { items } = (await stack.api("/api/alarms")).body;
      return items.find((alarm: any) => alarm.key === key && accept(alarm)) ?? null;
    },
    async () => (await stack.api("/api/alarms")).body,
  );
}
