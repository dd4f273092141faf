/** One sequence on two arms, with time skipped: in parallel, barriers, an arm that fails. */
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { Client } from "@temporalio/client";
import type { TestWorkflowEnvironment } from "@temporalio/testing";
import { sequencePlanOf } from "../../activities/planning/sequence-plan.ts";
import { loadObservatory } from "../../adapters/config/observatory.ts";
import { projectFolder } from "../../adapters/config/read-settings.ts";
import type { Observatory } from "../../domain/observatory.ts";
import type { SequenceDraft } from "../../domain/requests/request.ts";
import type { SequenceInput, SequenceResult } from "../../workflows/messages.ts";
import { sequenceWorkflowId, taskQueues } from "../../workflows/names.ts";
import { startPostgres, type TestPostgres } from "../support/postgres.ts";
import {
  duskAndDawn,
  NIGHT_DATE,
  nightId,
  nightWorkflow,
  observatory,
  openNightRig,
  registerSearchAttributes,
  startTimeSkipping,
  targetEastOf,
  type NightRig,
} from "./rig.ts";

/** The time-skipping server, which `npm test` finds or fetches; without it these tests are skipped, and said so. */
const server = process.env["VESPER_TIME_SKIPPING_SERVER"];
const whenSkipping = server === undefined ? describe.skip : describe;

/** Both arms look through one wheel, which sits on the telescope. */
const sharedWheel = loadObservatory(
  path.join(projectFolder, "test", "fixtures", "observatories", "shared-wheel.json"),
  {},
);

const STEP_MS = 15_000;

const plan = (filter: string, exposureS: number, count: number) => ({ filter, exposureS, count });

whenSkipping("a sequence on two arms", () => {
  let postgres: TestPostgres;
  let env: TestWorkflowEnvironment;
  let rig: NightRig;
  let requests = 0;
  const { duskMs, dawnMs } = duskAndDawn();

  beforeAll(async () => {
    postgres = await startPostgres();
    env = await startTimeSkipping(server ?? "");
    await registerSearchAttributes(env);
    rig = await openNightRig(env, postgres, "arms", duskMs + 3_600_000);
    await rig.database.nights.open({
      site: observatory.site.id,
      date: NIGHT_DATE,
      openedBy: nightWorkflow,
      phase: "observing",
      startedMs: duskMs,
      startedWallMs: Date.now(),
      almanac: {},
    });
  }, 120_000);
  beforeEach(() => {
    rig.world.acts.length = 0;
    rig.world.dead.clear();
    rig.world.slewsS = [0];
  });
  afterAll(async () => {
    await rig?.close();
    await env?.teardown();
    await postgres?.stop();
  }, 60_000);

  /** Takes a sequence of these albums and gives its result and its id. */
  async function take(
    draft: Pick<SequenceDraft, "albums" | "dither">,
    site: Observatory = observatory,
    unavailable: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly result: SequenceResult; readonly id: string }> {
    requests += 1;
    const id = `R${String(requests).padStart(4, "0")}`;
    await rig.addRequest(id, { ...targetEastOf(1), ...draft }, site);
    const stored = await rig.database.sequences.detail(`${id}-1`);
    if (stored === null) throw new Error("the request was not stored");
    const input: SequenceInput = {
      observatory: site,
      clock: rig.clock,
      nightId,
      nightWorkflowId: nightWorkflow,
      lease: { siteId: site.site.id, holder: nightWorkflow, generation: 1 },
      plan: sequencePlanOf(stored, site),
      attempt: 1,
      notAfterMs: dawnMs,
      unavailable,
    };
    const handle = await rig.env.client.workflow.start("sequence", {
      workflowId: sequenceWorkflowId(`${id}-1`, 1),
      taskQueue: taskQueues(site.site.id).control,
      args: [input],
    });
    // In steps: left to itself, the server would skip over the arms' work.
    while ((await handle.describe()).status.name === "RUNNING") {
      await rig.skipTo((await rig.nowMs()) + STEP_MS);
    }
    // Asked for by a client that skips no time: nothing is left to run, and the next timer is years away.
    const { workflow } = new Client({ connection: env.connection });
    return { result: (await workflow.result(handle.workflowId)) as SequenceResult, id };
  }

  const did = (): string[] => rig.world.acts.map(({ what }) => what);

  /** Stored exposures of an album, with the instants between which the shutter was open. */
  async function framesOf(sequenceId: string, instrumentId: string) {
    const detail = await rig.database.sequences.detail(sequenceId);
    const album = detail?.albums.find((candidate) => candidate.instrumentId === instrumentId);
    return (album?.plans ?? []).flatMap(({ filter, exposureS, exposures }) =>
      exposures
        .filter(({ state }) => state === "stored")
        .map(({ startMs }) => ({ filter, startMs: startMs ?? 0, endMs: (startMs ?? 0) + exposureS * 1_000 })),
    );
  }

  test("visible and infrared frames overlap in time, each arm at its own pace and with its own filters", async () => {
    const { result, id } = await take({
      albums: [
        { instrumentId: "vis", plans: [plan("g", 120, 2), plan("r", 120, 2)] },
        { instrumentId: "nir", plans: [plan("J", 60, 8)] },
      ],
    });
    expect(result).toMatchObject({ outcome: "completed", framesStored: 12, framesOfLongestArm: 8 });
    const [visible, infrared] = await Promise.all([framesOf(`${id}-1`, "vis"), framesOf(`${id}-1`, "nir")]);
    expect(visible).toHaveLength(4);
    expect(infrared).toHaveLength(8);
    for (const frame of visible) {
      expect(infrared.some((other) => other.startMs < frame.endMs && frame.startMs < other.endMs)).toBe(true);
    }
    // The first two turn at the same time, while the telescope slews.
    const turns = did().filter((what) => what.startsWith("wheel"));
    expect(turns.slice(0, 2).toSorted()).toEqual(["wheel-nir J", "wheel-vis g"]);
    expect(turns.slice(2)).toEqual(["wheel-vis r"]);
  }, 60_000);

  test("a wheel on the telescope turns once for both arms, and while none of them exposes", async () => {
    const { result, id } = await take(
      {
        albums: [
          { instrumentId: "vis", plans: [plan("g", 30, 2), plan("r", 120, 2)] },
          { instrumentId: "nir", plans: [plan("r", 60, 3), plan("J", 30, 1)] },
        ],
      },
      sharedWheel,
    );
    expect(result).toMatchObject({ outcome: "completed", framesStored: 8 });
    const turns = rig.world.acts.filter(({ what }) => what.startsWith("wheel"));
    expect(turns.map(({ what }) => what)).toEqual(["wheel r", "wheel J", "wheel g"]);
    const frames = [...(await framesOf(`${id}-1`, "vis")), ...(await framesOf(`${id}-1`, "nir"))];
    for (const { atMs, what } of turns) {
      expect(frames.filter(({ startMs, endMs }) => startMs < atMs && atMs < endMs)).toEqual([]);
      const after = frames.filter(({ startMs }) => startMs >= atMs).toSorted((a, b) => a.startMs - b.startMs);
      expect(`wheel ${after[0]?.filter}`).toBe(what);
    }
    const both = frames.filter(({ filter }) => filter === "r");
    expect(both).toHaveLength(5);
  }, 60_000);

  test("at a dither both arms are idle, and each frame is taken at its place in the pattern", async () => {
    rig.world.slewsS = [0, 0, 0];
    const { result, id } = await take({
      albums: [
        { instrumentId: "vis", plans: [plan("r", 100, 3)] },
        { instrumentId: "nir", plans: [plan("J", 20, 6)] },
      ],
      dither: { stepArcsec: 15, positions: 3 },
    });
    expect(result).toMatchObject({ outcome: "completed", framesStored: 9 });
    const moves = rig.world.acts.filter(({ what }) => what.startsWith("slew"));
    expect(moves).toHaveLength(3);
    const frames = [...(await framesOf(`${id}-1`, "vis")), ...(await framesOf(`${id}-1`, "nir"))];
    for (const [index, { atMs }] of moves.entries()) {
      expect(frames.filter(({ startMs, endMs }) => startMs < atMs && atMs < endMs)).toEqual([]);
      const untilMs = moves[index + 1]?.atMs ?? Number.POSITIVE_INFINITY;
      const between = frames.filter(({ startMs }) => startMs >= atMs && startMs < untilMs);
      expect(between.map(({ filter }) => filter).toSorted()).toEqual(["J", "J", "r"]);
    }
    const places = rig.world.offsets.map(({ eastArcsec, northArcsec }) => `${eastArcsec},${northArcsec}`);
    expect([...new Set(places)]).toEqual(["0,0", "15,15", "-15,-15"]);
  }, 60_000);

  test("without the infrared arm the visible one goes on; its album says why, and is not asked for again", async () => {
    rig.world.dead.add("camera-nir");
    const { result, id } = await take({
      albums: [
        { instrumentId: "vis", plans: [plan("r", 60, 4)] },
        { instrumentId: "nir", plans: [plan("J", 60, 4)] },
      ],
    });
    expect(result).toMatchObject({ outcome: "completed", framesStored: 4 });
    const detail = await rig.database.sequences.detail(`${id}-1`);
    const infrared = detail?.albums.find(({ instrumentId }) => instrumentId === "nir");
    expect(infrared?.skippedReason).toBe("camera-nir cannot be reached.");
    expect(infrared?.plans[0]?.remainingFrames).toEqual([]);
    expect(detail?.albums.find(({ instrumentId }) => instrumentId === "vis")?.skippedReason).toBeNull();
    const { items } = await rig.database.journal.list();
    expect(items.map(({ text }) => text)).toContain(
      `${id} goes on without the Near-infrared imager: camera-nir cannot be reached.`,
    );
  }, 60_000);

  test("a device that is known to be away is not even tried", async () => {
    const albums = [
      { instrumentId: "vis", plans: [plan("r", 60, 2)] },
      { instrumentId: "nir", plans: [plan("J", 60, 2)] },
    ];
    const { result, id } = await take({ albums }, observatory, { "camera-nir": "It is switched off." });
    expect(result).toMatchObject({ outcome: "completed", framesStored: 2 });
    expect(did().filter((what) => what.includes("-nir-"))).toEqual([]);
    const detail = await rig.database.sequences.detail(`${id}-1`);
    expect(detail?.albums.map(({ skippedReason }) => skippedReason)).toEqual(["It is switched off.", null]);
  }, 60_000);

  test("the wheel of the visible camera blocks nothing either; the camera itself does", async () => {
    const albums = [
      { instrumentId: "vis", plans: [plan("r", 60, 2)] },
      { instrumentId: "nir", plans: [plan("J", 60, 2)] },
    ];
    rig.world.dead.add("wheel-vis");
    expect((await take({ albums })).result).toMatchObject({ outcome: "completed", framesStored: 2 });
    rig.world.dead.clear();
    rig.world.dead.add("camera-vis");
    const { result } = await take({ albums });
    expect(result).toMatchObject({ outcome: "failed", reason: "camera-vis cannot be reached." });
  }, 60_000);

  test("the last arm that fails fails the sequence: nothing is called done that was not taken", async () => {
    rig.world.dead.add("camera-nir");
    const { result, id } = await take({ albums: [{ instrumentId: "nir", plans: [plan("J", 60, 2)] }] });
    expect(result).toMatchObject({ outcome: "failed", framesStored: 0 });
    const detail = await rig.database.sequences.detail(`${id}-1`);
    expect(detail?.albums[0]?.skippedReason).toBeNull();
  }, 60_000);
});
