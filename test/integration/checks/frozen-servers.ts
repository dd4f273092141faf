import { expect, test } from "@jest/globals";
import { waitFor } from "../../support/stack.ts";
import {
  alertWhere,
  burst,
  letGo,
  note,
  PATIENCE_MS,
  routineFrame,
  skyNowMs,
  slewsTo,
  type Burst,
  type TheStack,
} from "../kit.ts";

const PACKETS = 20;

/** Temporal or PostgreSQL hangs, as SIGSTOP makes them. */
export function frozenServerChecks(the: TheStack): void {
  test(
    "Temporal hangs: 20 packets are stored and answered at once; when it is back each is an alert within seconds",
    async () => {
      const stack = the();
      await routineFrame(stack);
      const bursts: Burst[] = [];
      const newestMs = (await skyNowMs(stack)) - 30_000;
      // The first is the newest: it gets the telescope, and none of the others may take it away.
      for (let i = 0; i < PACKETS; i += 1) {
        const t0Ms = newestMs - i * 60_000;
        bursts.push(await burst(stack, String(9_200_001 + i), { t0Ms }));
      }
      const since = Date.now();
      const answers = await stack.frozen(["temporal"], async () => {
        const taken = [];
        for (const { xml } of bursts) taken.push(await stack.postPacket(xml));
        return taken;
      });
      const thawedWallMs = Date.now();
      expect(answers.map(({ status }) => status)).toEqual(bursts.map(() => 202));
      expect(answers.filter(({ body }) => body.queued !== true)).toEqual([]);
      const slowest = Math.max(...answers.map(({ tookMs }) => tookMs));
      note("Temporal frozen: the slowest of 20 answers", slowest);
      // 1 s on a quiet machine.
      expect(slowest).toBeLessThan(5_000);
      const decided = await waitFor(
        "all 20 alerts are decided",
        PATIENCE_MS,
        async () => {
          const rows = await stack.query<{ key: string; stages: Record<string, number> }>(
            "select key, stages from alert where key = any($1)",
            [bursts.map(({ key }) => key)],
          );
          return rows.filter(({ stages }) => stages["decidedAt"] !== undefined).length === PACKETS
            ? rows
            : null;
        },
        async () => stack.query("select key, status, stages from alert where key like 'swift-sim-92%'"),
      );
      const lastDecidedMs = Math.max(...decided.map(({ stages }) => stages["decidedAt"] ?? 0));
      note("Temporal thawed: until all 20 alerts were decided", lastDecidedMs - thawedWallMs);
      // 15 s on a quiet machine.
      expect(lastDecidedMs - thawedWallMs).toBeLessThan(30_000);
      for (const { stages } of decided) {
        expect(stages["receivedAt"]).toBeLessThan(thawedWallMs);
        expect(stages["decidedAt"]).toBeGreaterThanOrEqual(thawedWallMs - 100);
      }
      const first = bursts[0]!;
      await alertWhere(stack, first.key, "slews", ({ stages }) => stages.slewStartedAt !== undefined);
      const [taken, ...more] = slewsTo(stack, first.place, since);
      expect([taken, more]).toEqual([expect.anything(), []]);
      // One that Temporal had sooner may have begun before it; behind it they wait.
      for (const { key, place } of bursts.slice(1)) {
        const slews = slewsTo(stack, place, since);
        expect([key, slews.length <= 1, slews.filter(({ wallMs }) => wallMs > taken!.wallMs)]).toEqual([
          key,
          true,
          [],
        ]);
      }
      for (const { key } of bursts.toReversed()) await letGo(stack, key);
      await routineFrame(stack);
    },
    5 * PATIENCE_MS,
  );

  test(
    "the api is killed after it has stored a packet and before Temporal has it: the packet is sent again",
    async () => {
      const stack = the();
      await routineFrame(stack);
      const { xml, key, place } = await burst(stack, "9400001");
      const api = stack.pid("api");
      const since = Date.now();
      await stack.frozen(["temporal"], async () => {
        const cut = stack.postPacket(xml).then(
          ({ status }) => `answered ${status}`,
          () => "cut",
        );
        await waitFor("the packet is stored", PATIENCE_MS, async () => {
          const [notice] = await stack.query("select id from notice where alert_key = $1", [key]);
          return notice;
        });
        process.kill(api, "SIGKILL");
        expect(await cut).toBe("cut");
        const [undelivered] = await stack.query<{ at: Date | null }>(
          "select delivered_wall_at as at from notice where alert_key = $1",
          [key],
        );
        expect(undelivered?.at ?? null).toBeNull();
      });
      const thawedWallMs = Date.now();
      await alertWhere(stack, key, "slews", ({ stages }) => stages?.slewStartedAt !== undefined);
      note("api killed before the hand-over: from the thaw to the slew", Date.now() - thawedWallMs);
      expect(slewsTo(stack, place, since)).toHaveLength(1);
      await letGo(stack, key);
    },
    3 * PATIENCE_MS,
  );

  test(
    "PostgreSQL hangs: a packet is answered 503 within 3 s and never half stored; sent again it is there once",
    async () => {
      const stack = the();
      const { xml } = await burst(stack, "9300001");
      const ivorn = /ivorn=["']([^"']+)/.exec(xml)?.[1];
      const refused = await stack.frozen(["postgres"], () => stack.postPacket(xml));
      note("PostgreSQL frozen: the 503", refused.tookMs);
      expect(refused.status).toBe(503);
      // 3 s on a quiet machine.
      expect(refused.tookMs).toBeLessThan(5_000);
      // What was refused may still come to be stored when the database goes on, but whole: with its alert.
      const halves = await stack.query(
        "select id from notice where ivorn = $1 and (alert_key is null or alert_key not in (select key from alert))",
        [ivorn],
      );
      expect(halves).toEqual([]);
      const taken = await waitFor("the packet is taken", PATIENCE_MS, async () => {
        const answer = await stack.postPacket(xml);
        return answer.status === 202 ? answer : null;
      });
      expect(taken.body).toMatchObject({ ivorn, alertId: expect.any(String) });
      const { alertId } = taken.body;
      await alertWhere(stack, alertId, "is decided", ({ stages }) => stages.decidedAt !== undefined);
      const stored = await stack.query("select alert_key from notice where ivorn = $1", [ivorn]);
      expect(stored).toEqual([{ alert_key: alertId }]);
      await letGo(stack, alertId);
      await routineFrame(stack);
    },
    3 * PATIENCE_MS,
  );
}
