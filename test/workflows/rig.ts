import { ApplicationFailure } from "@temporalio/common";
import { TestWorkflowEnvironment } from "@temporalio/testing";
import { Worker } from "@temporalio/worker";
import type { ExposureInput } from "../../activities/exposure.ts";
import { createExposureStore } from "../../activities/exposure-store.ts";
import { createPlanningActivities } from "../../activities/planning.ts";
import { planInThread } from "../../scheduler/index.ts";
import { createDeviceRecordActivities } from "../../activities/record-devices.ts";
import { createRecordActivities } from "../../activities/record.ts";
import { loadObservatory } from "../../adapters/config/observatory.ts";
import { openDatabase, type Database } from "../../db/orm.ts";
import { ALERT_PROGRAMME_ID } from "../../domain/quota/ledger.ts";
import { lastDeg } from "../../domain/astronomy/alt-az.ts";
import { nightOf, sunCrossings } from "../../domain/astronomy/night.ts";
import { observatoryMs, type ClockFact } from "../../domain/clock.ts";
import { instrumentOf, type Observatory } from "../../domain/observatory.ts";
import { buildRequest } from "../../domain/requests/build.ts";
import type { DitherOffset } from "../../domain/sequence/dither.ts";
import type { SequenceDraft } from "../../domain/requests/request.ts";
import { wrap360 } from "../../domain/units.ts";
import type { HoldsMessage, NightInput } from "../../workflows/messages.ts";
import { nightWorkflowId, SEARCH_ATTRIBUTES, taskQueues } from "../../workflows/names.ts";
import { workflowBundle } from "../../workers/bundle.ts";
import type { TestPostgres } from "../support/postgres.ts";

export const MINUTE_MS = 60_000;
export const NIGHT_DATE = "2026-11-20";

export const observatory: Observatory = loadObservatory(
  new URL("../../observatories/colibri.json", import.meta.url).pathname,
  {},
);

const SKIP_STEP_MS = 15_000;
/** Looks, 20 ms of real time apart, that must find no activity running before time is skipped again. */
const RESTED_AFTER = 3;

/** Dusk and dawn of the test night, from the same almanac as the product. */
export function duskAndDawn(): { readonly duskMs: number; readonly dawnMs: number } {
  const { site, night } = observatory;
  const { windowStartMs, windowEndMs } = nightOf(site, NIGHT_DATE);
  const [dusk, dawn] = sunCrossings(site, windowStartMs, windowEndMs, night.observingSunAltDeg);
  if (dusk === undefined || dawn === undefined) throw new Error("the test night has no dusk or dawn");
  return { duskMs: dusk.tMs, dawnMs: dawn.tMs };
}

/** A target that is `hours` east of the meridian at dusk and passes near the zenith. */
export function targetEastOf(hours: number): { readonly raDeg: number; readonly decDeg: number } {
  const { duskMs } = duskAndDawn();
  return { raDeg: wrap360(lastDeg(observatory.site, duskMs) + hours * 15), decDeg: 31 };
}

/** What the fake devices did, in order, with observatory times. */
export interface Act {
  readonly atMs: number;
  readonly what: string;
}

/** Devices that answer at once, but for the motions a test makes slow. */
export interface FakeWorld {
  readonly acts: Act[];
  domeOpen: boolean;
  /** Observatory seconds that the next slews take; 20 when it is empty. */
  slewsS: number[];
  /** Frames of which no image comes: `planId/n/attempt`. */
  lost: Set<string>;
  /** Ids of cameras and filter wheels that do not answer. */
  dead: Set<string>;
  /** Dither offsets of the exposures, in order. */
  offsets: DitherOffset[];
}

export interface NightRig {
  readonly env: TestWorkflowEnvironment;
  readonly database: Database;
  readonly clock: ClockFact;
  readonly world: FakeWorld;
  nowMs(): Promise<number>;
  /** Skips observatory time to that instant. */
  skipTo(instantMs: number): Promise<void>;
  addRequest(
    id: string,
    sequence: Partial<SequenceDraft> & Pick<SequenceDraft, "raDeg" | "decDeg">,
    site?: Observatory,
  ): Promise<void>;
  nightInput(): NightInput;
  close(): Promise<void>;
}

const START_TRIES = 12;

/** The SDK gives a server 5 s to start, which a Java machine on a busy computer may miss: tried again. */
export async function startTimeSkipping(path: string): Promise<TestWorkflowEnvironment> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await TestWorkflowEnvironment.createTimeSkipping({
        server: { executable: { type: "existing-path", path } },
      });
    } catch (error) {
      if (tries === START_TRIES) throw error;
    }
  }
}

/** The test server knows only the search attributes it was told of. */
export async function registerSearchAttributes(env: TestWorkflowEnvironment): Promise<void> {
  await env.connection.operatorService.addSearchAttributes({
    namespace: env.namespace ?? "default",
    searchAttributes: Object.fromEntries(SEARCH_ATTRIBUTES.map((name) => [name, KEYWORD])),
  });
}

/** temporal.api.enums.v1.IndexedValueType. */
const KEYWORD = 2;

export interface RigOptions {
  /** Observatory seconds per second; 1 where time is skipped. */
  readonly rate?: number;
  /** One that is there already, and stays open. */
  readonly database?: Database;
  /** Activities beside those of the rig, or in the place of some of them. */
  readonly more?: (rig: Pick<NightRig, "database" | "world"> & { nowMs(): Promise<number> }) => Activities;
}

/** An empty database with two programmes. */
export async function newDatabase(postgres: TestPostgres, name: string): Promise<Database> {
  const database = await openDatabase(await postgres.createMigrated(name));
  await seedProgrammes(database);
  return database;
}

/** Workers of all queues around fake devices, with the real planning and records on a database of their own. */
export async function openNightRig(
  env: TestWorkflowEnvironment,
  postgres: TestPostgres,
  name: string,
  startMs: number,
  { rate = 1, more = () => ({}), database: given }: RigOptions = {},
): Promise<NightRig> {
  const database = given ?? (await newDatabase(postgres, name));
  const clock: ClockFact = { startMs, anchorMs: await env.currentTimeMs(), rate, epoch: 0 };
  const world: FakeWorld = {
    acts: [],
    domeOpen: false,
    slewsS: [],
    lost: new Set(),
    dead: new Set(),
    offsets: [],
  };
  const nowMs = async (): Promise<number> => Math.round(observatoryMs(clock, await env.currentTimeMs()));

  const queues = taskQueues(observatory.site.id);
  const work = countedWork({
    ...fakeDevices(world, nowMs, database),
    ...createPlanningActivities({
      database,
      planner: { plan: planInThread },
      wallMs: () => Date.now(),
    }),
    ...createDeviceRecordActivities({ database, wallMs: () => Date.now() }),
    ...createRecordActivities({
      database,
      wallMs: () => Date.now(),
      nowMs: () => startMs,
      publishLease: async () => undefined,
      closedWorkflows: async function* none() {
        // Nothing is exported in these tests.
      },
      exportHistory: async () => false,
    }),
    ...more({ database, world, nowMs }),
  });
  const { activities } = work;
  const { codePath } = await workflowBundle();
  const common = { connection: env.nativeConnection, namespace: env.namespace ?? "default" };
  const workers = await Promise.all([
    Worker.create({ ...common, taskQueue: queues.control, workflowBundle: { codePath } }),
    ...[
      queues.mount,
      queues.dome,
      queues.fast,
      queues.io,
      queues.compute,
      queues.images,
      queues.recovery,
      ...observatory.instruments.map(({ cameraId }) => queues.camera(cameraId)),
    ].map((taskQueue) => Worker.create({ ...common, taskQueue, activities })),
  ]);
  const running = Promise.all(workers.map((worker) => worker.run()));
  return {
    env,
    database,
    clock,
    world,
    nowMs,
    // In steps, with rest between them: work that waits for a free worker must not be overtaken by the sky.
    skipTo: async (instantMs) => {
      for (let leftMs = instantMs - (await nowMs()); leftMs > 0; leftMs = instantMs - (await nowMs())) {
        await env.sleep(Math.min(SKIP_STEP_MS, leftMs));
        await work.rested();
      }
    },
    addRequest: (id, sequence, site = observatory) => addRequest(database, id, sequence, startMs, site),
    nightInput: () => ({
      observatory,
      clock,
      date: NIGHT_DATE,
      generation: 1,
      holds: noHolds(0),
      pendingAlerts: [],
      startedBy: "the test",
      calibrates: false,
      carried: null,
    }),
    close: async () => {
      for (const worker of workers) worker.shutdown();
      await running;
      if (given === undefined) await database.close();
    },
  };
}

export type Activities = Record<string, (...args: never[]) => Promise<unknown>>;

/** The activities, counted while they run; `rested` when none has run for a moment of real time. A watch never ends. */
export function countedWork(activities: Activities) {
  let running = 0;
  const counted = Object.fromEntries(
    Object.entries(activities).map(([name, activity]) => [
      name,
      async (...args: never[]) => {
        if (name === "watch") return activity(...args);
        running += 1;
        try {
          return await activity(...args);
        } finally {
          running -= 1;
        }
      },
    ]),
  );
  return {
    activities: counted,
    rested: async (): Promise<void> => {
      for (let quiet = 0; quiet < RESTED_AFTER;) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        quiet = running === 0 ? quiet + 1 : 0;
      }
    },
  };
}

export function noHolds(seq: number): HoldsMessage {
  return {
    seq,
    holds: [],
    stop: "now",
    closedByHand: false,
    shutter: "Unknown",
    leaseGeneration: null,
    unavailable: {},
  };
}

export const nightId = `${observatory.site.id}/${NIGHT_DATE}`;
export const nightWorkflow = nightWorkflowId(observatory.site.id, NIGHT_DATE);

async function seedProgrammes(database: Database): Promise<void> {
  const wallMs = Date.now();
  for (const [id, kind] of [
    ["COL-1", "routine"],
    [ALERT_PROGRAMME_ID, "alert"],
  ] as const) {
    await database.programmes.upsert({ id, name: id, kind, priority: 0, description: "", active: true });
    await database.quota.grant({
      programmeId: id,
      grantName: "first",
      seconds: 100_000,
      atMs: 0,
      atWallMs: wallMs,
      note: "test",
    });
  }
}

async function addRequest(
  database: Database,
  id: string,
  sequence: Partial<SequenceDraft> & Pick<SequenceDraft, "raDeg" | "decDeg">,
  nowMs: number,
  site: Observatory,
): Promise<void> {
  const draft: SequenceDraft = {
    targetName: id,
    windowStartMs: nowMs - 86_400_000,
    windowEndMs: nowMs + 10 * 86_400_000,
    preferredMs: null,
    priority: 40,
    constraints: { minAltDeg: 30, maxAirmass: null, minMoonSepDeg: 0, maxSunAltDeg: -12 },
    albums: [{ instrumentId: "vis", plans: [{ filter: "r", exposureS: 120, count: 4 }] }],
    ...sequence,
  };
  const check = buildRequest(
    { name: id, comment: "", programmeId: "COL-1", sequences: [draft] },
    { observatory: site, nowMs, programmes: [{ id: "COL-1", availableS: Number.MAX_SAFE_INTEGER }] },
  );
  if (!check.ok) throw new Error(JSON.stringify(check.errors));
  const mail = "astronomer@vesper.example";
  const { user } = await database.users.create({
    mail,
    name: "Astronomer",
    profile: "user",
    passwordHash: "none",
    state: "active",
    createdWallMs: Date.now(),
  });
  await database.requests.createWithId(id, {
    ...check.request,
    userId: user.id,
    submit: true,
    wallMs: Date.now(),
  });
}

/** Telescope, dome and camera without hardware; exposures and images are real rows. */
function fakeDevices(world: FakeWorld, nowMs: () => Promise<number>, database: Database) {
  const store = createExposureStore(database, () => Date.now());
  const act = async (what: string): Promise<number> => {
    const atMs = await nowMs();
    world.acts.push({ atMs, what });
    return atMs;
  };
  /** Observatory seconds that the slew ordered last still takes. */
  let slewS = 0;
  const cameraOf = (input: ExposureInput): string => instrumentOf(observatory, input.instrumentId).cameraId;
  const answers = (deviceId: string): void => {
    if (world.dead.has(deviceId)) {
      throw ApplicationFailure.create({
        type: "DeviceUnreachable",
        message: `${deviceId} cannot be reached.`,
      });
    }
  };
  const key = (input: ExposureInput): string => `${input.planId}/${input.n}/${input.attempt}`;
  return {
    startSlew: async ({ target }: { target: { name: string } }) => {
      slewS = world.slewsS.shift() ?? 20;
      const startedMs = await act(`slew ${target.name}`);
      return { startedMs, startedWallMs: startedMs, alreadyThere: false };
    },
    awaitOnTarget: async ({ target }: { target: { name: string } }) => ({
      onTargetMs: await act(`on target ${target.name}`),
      offsetArcsec: 1,
    }),
    park: async () => ({ parkedMs: await act("park"), alreadyParked: false }),
    stopMount: async () => ({ stoppedWallMs: await act("stop") }),
    openDome: async () => {
      world.domeOpen = true;
      const doneMs = await act("dome open");
      return { doneMs, doneWallMs: doneMs, already: false };
    },
    closeDome: async ({ why }: { why: string }) => {
      const already = !world.domeOpen;
      world.domeOpen = false;
      const doneMs = await act(`dome closed: ${why}`);
      return { doneMs, doneWallMs: doneMs, already };
    },
    openCover: async () => ({ doneMs: await act("cover open"), already: false }),
    closeCover: async () => ({ doneMs: await act("cover closed"), already: false }),
    moveFocuser: async ({ position }: { position: number }) => ({
      position,
      doneMs: await act(`focus ${position}`),
      already: false,
    }),
    setFilter: async ({ wheelId, filter }: { wheelId: string; filter: string }) => {
      answers(wheelId);
      return { filter, doneMs: await act(`${wheelId} ${filter}`), already: false };
    },
    coolCamera: async () => ({ temperatureC: -60, tookS: 0 }),
    startExposure: async (input: ExposureInput) => {
      // The motion before it: the workflow waits for it in the timer of the first frame, where time can be skipped.
      answers(cameraOf(input));
      if (input.offset !== undefined) world.offsets.push(input.offset);
      const startMs = (await nowMs()) + slewS * 1_000;
      slewS = 0;
      await store.begin(input, cameraOf(input), startMs);
      await store.exposing(input, startMs);
      await act(`expose ${key(input)}`);
      return { startMs, startWallMs: startMs, adopted: false };
    },
    fetchExposure: async (input: ExposureInput) => {
      if (world.lost.has(key(input))) {
        await store.end(input, "lost", "no image came");
        await act(`lost ${key(input)}`);
        return { kind: "lost" as const, reason: "no image came" };
      }
      await act(`stored ${key(input)}`);
      const image = {
        imageId: `${input.planId}-${input.n}-${input.attempt}`,
        path: `images/${key(input)}.fits`,
        sha256: "0".repeat(64),
        bytes: 1,
      };
      await store.store({ ...image, width: 1, height: 1, previewPath: null, header: {}, statistics: {} }, {
        input,
        instrument: instrumentOf(observatory, input.instrumentId),
        filter: { name: input.filter, source: "wheel" },
        ramp: null,
        startMs: await nowMs(),
        pointing: { raDeg: input.target.raDeg, decDeg: input.target.decDeg, measured: true },
      } as never);
      return { kind: "stored" as const, ...image };
    },
    abortExposures: async ({ reason }: { reason: string }) => ({
      abortedWallMs: await act(`abort: ${reason}`),
      perCamera: {},
    }),
    settleAborted: async (input: ExposureInput) => {
      await store.end(input, "aborted", "stopped");
      await act(`aborted ${key(input)}`);
      return { kind: "aborted" as const, reason: "stopped" };
    },
    watch: async () => undefined,
  };
}
