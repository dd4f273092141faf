import { ApplicationFailure } from "@temporalio/common";
import { WorkflowUpdateFailedError, type WorkflowHandle } from "@temporalio/client";
import type { TestWorkflowEnvironment } from "@temporalio/testing";
import { checkLease } from "../../activities/lease-check.ts";
import type { ManualOperation } from "../../domain/manual/operation.ts";
import type { Profile } from "../../domain/permissions/profiles.ts";
import type { DeviceStateWord, ShutterWord, WatchState } from "../../domain/safety/watch-state.ts";
import {
  manualUpdate,
  stateQuery,
  takeMaintenanceUpdate,
  watchStateSignal,
  type Lease,
  type ObservatoryState,
} from "../../workflows/messages.ts";
import { observatoryWorkflowId, taskQueues } from "../../workflows/names.ts";
import { FINE } from "../safety/fine-weather.ts";
import type { TestPostgres } from "../support/postgres.ts";
import {
  newDatabase,
  observatory,
  openNightRig,
  registerSearchAttributes,
  startTimeSkipping,
  type Activities,
  type NightRig,
  type RigOptions,
} from "./rig.ts";

export const SITE = observatory.site.id;
export const ANA = "ana@vesper.example";

/** What the watch sees; what is left out is well. */
export interface Seen {
  readonly safe?: boolean;
  readonly shutter?: ShutterWord;
  readonly guard?: WatchState["guard"];
  readonly stray?: string | null;
  /** Devices that are not UP. */
  readonly devices?: Readonly<Record<string, DeviceStateWord>>;
}

/** The majordome with time skipped, its buttons, and what the watch tells it. */
export interface Hands {
  readonly env: TestWorkflowEnvironment;
  readonly rig: NightRig;
  readonly handle: WorkflowHandle;
  readonly acts: () => string[];
  state(): Promise<ObservatoryState>;
  holds(): Promise<string[]>;
  take(by: string, reason?: string, profile?: Profile): Promise<string>;
  order(operation: ManualOperation, by?: string, change?: object): Promise<string>;
  watched(seen: Seen): Promise<void>;
  /** Lets observatory seconds pass while the watch sees the same. */
  pass(seconds: number, seen?: Seen): Promise<void>;
  /** Passes time until something is so, an hour at most. */
  passUntil(what: string, seen: Seen, isSo: () => Promise<boolean> | boolean): Promise<void>;
  settled(): Promise<void>;
  /** The newest line of the journal with these words, waited for: lines are written behind the scene. */
  said(words: string): Promise<string>;
}

export interface HandsRig {
  /** A majordome of its own from that instant on; ended when the body has. */
  run(
    startMs: number,
    body: (hands: Hands) => Promise<void>,
    options?: { autoStart?: boolean },
  ): Promise<void>;
  close(): Promise<void>;
}

/** The watch says something at least each minute: longer silence would be unsafe. */
const LOOK_EVERY_S = 30;
const LONGEST_S = 3_600;

/**
 * Majordomes one after another on one database. Each has a server of its own: one that keeps its time for a task of a workflow
 * that was terminated meanwhile keeps it for ever, and skips none any more.
 * @param server path of the time-skipping server
 * @param faults activities that fail as those of the product were seen to fail (docs/faults.md)
 */
export async function openHands(
  server: string,
  postgres: TestPostgres,
  name: string,
  faults: (act: (what: string) => Promise<number>) => Activities = () => ({}),
): Promise<HandsRig> {
  const database = await newDatabase(postgres, name);

  async function run(
    startMs: number,
    body: (hands: Hands) => Promise<void>,
    { autoStart = false }: { readonly autoStart?: boolean } = {},
  ): Promise<void> {
    const env = await startTimeSkipping(server);
    try {
      await registerSearchAttributes(env);
      const rig = await openNightRig(env, postgres, name, startMs, { database, more: activitiesOf(faults) });
      try {
        await body(await startMajordome(env, rig, autoStart));
      } finally {
        await rig.close();
      }
    } finally {
      await env.teardown();
    }
  }

  return { run, close: () => database.close() };
}

function activitiesOf(
  faults: (act: (what: string) => Promise<number>) => Activities,
): NonNullable<RigOptions["more"]> {
  return (rig) => {
    const { database, world } = rig;
    const readLease = (siteId: string) => database.lease.read(siteId);
    const act = async (what: string): Promise<number> => {
      const atMs = await rig.nowMs();
      world.acts.push({ atMs, what });
      return atMs;
    };
    return {
      // Each motion checks the stored lease as the real activities do.
      startSlew: async ({ target, lease }: { target: { name: string }; lease: Lease }) => {
        await checkLease(readLease, lease);
        const startedMs = await act(`slew ${target.name} for ${lease.holder}#${lease.generation}`);
        return { startedMs, startedWallMs: startedMs, alreadyThere: false };
      },
      openDome: async ({ lease }: { lease: Lease }) => {
        await checkLease(readLease, lease);
        const doneMs = await act("dome open");
        return { doneMs, doneWallMs: doneMs, already: false };
      },
      unpark: async ({ lease }: { lease: Lease }) => {
        await checkLease(readLease, lease);
        await act("unpark");
      },
      stopTracking: async () => ({ stoppedWallMs: await act("stop tracking") }),
      mountPlace: async () => ({ raDeg: 10, decDeg: 31 }),
      awaitAnswer: async ({ device }: { device: { id: string; name: string } }) =>
        world.dead.has(device.id)
          ? { answers: false, why: `${device.name} is silent.` }
          : { answers: true, why: "" },
      reconnect: async ({ device }: { device: { id: string } }) => void (await act(`reconnect ${device.id}`)),
      powerCycle: async ({ deviceId }: { deviceId: string }) => void (await act(`power-cycle ${deviceId}`)),
      powerOn: async ({ deviceId }: { deviceId: string }) => void (await act(`power on ${deviceId}`)),
      setUpDevice: async ({ deviceId }: { deviceId: string }) => {
        if (world.dead.has(deviceId)) throw ApplicationFailure.nonRetryable("It is silent.", "DeviceFault");
        await act(`set up ${deviceId}`);
      },
      ...faults(act),
    };
  };
}
/** Starts the majordome, which has taken up the lease when this returns. */
async function startMajordome(
  env: TestWorkflowEnvironment,
  rig: NightRig,
  autoStart: boolean,
): Promise<Hands> {
  // A majordome takes up the holds of people that stand: those of a former test do not.
  for (const { kind } of await rig.database.holds.open(SITE)) {
    const [liftedMs, liftedWallMs] = [await rig.nowMs(), Date.now()];
    await rig.database.holds.lift({ site: SITE, kind, liftedMs, liftedWallMs, liftedBy: "the next test" });
  }
  // A night of a former test may have the lease still.
  const stored = await rig.database.lease.read(SITE);
  const generation = (stored?.generation ?? 0) + 1;
  await rig.database.lease.write({ site: SITE, holder: null, generation, wallMs: Date.now() });
  const handle = await env.client.workflow.start("observatory", {
    workflowId: observatoryWorkflowId(SITE),
    taskQueue: taskQueues(SITE).control,
    args: [
      {
        observatory: {
          ...observatory,
          night: { ...observatory.night, autoStart },
          weather: { ...observatory.weather, safeForMin: 1 },
        },
        clock: rig.clock,
        carried: null,
      },
    ],
  });
  const hands = handsOf(env, rig, handle);
  await hands.watched({});
  await until("it has taken up the lease", async () => (await hands.state()).lease.generation > 0);
  return hands;
}

function handsOf(env: TestWorkflowEnvironment, rig: NightRig, handle: WorkflowHandle): Hands {
  let lastSeq = 0;
  const state = async (): Promise<ObservatoryState> => (await handle.query(stateQuery)) as ObservatoryState;
  const watched = async (seen: Seen): Promise<void> => {
    lastSeq += 1;
    const [wallMs, atMs] = await Promise.all([env.currentTimeMs(), rig.nowMs()]);
    await handle.signal(watchStateSignal, stateSeen(seen, lastSeq, wallMs, atMs));
  };
  const pass = async (seconds: number, seen: Seen = {}): Promise<void> => {
    const untilMs = (await rig.nowMs()) + seconds * 1_000;
    for (let nowMs = await rig.nowMs(); nowMs < untilMs; nowMs = await rig.nowMs()) {
      await watched(seen);
      await rig.skipTo(Math.min(untilMs, nowMs + LOOK_EVERY_S * 1_000));
    }
    await watched(seen);
  };
  return {
    said: async (words) => {
      let line = "";
      await until(`the journal says "${words}"`, async () => {
        const { items } = await rig.database.journal.list({ text: words });
        line = items[0]?.text ?? "";
        return line !== "";
      });
      return line;
    },
    env,
    rig,
    handle,
    acts: () => rig.world.acts.map(({ what }) => what),
    state,
    holds: async () => (await state()).holds.map(({ kind }) => kind),
    take: (by, reason = "grease the shutter", profile = "operator") =>
      wordsOf(handle.executeUpdate(takeMaintenanceUpdate, { args: [{ by, profile, reason }] })),
    order: async (operation, by = ANA, change = {}) => {
      const order = {
        id: Math.random().toString(36).slice(2, 10),
        by,
        profile: "operator" as const,
        userId: null,
        operation,
        sentWallMs: await env.currentTimeMs(),
        ...change,
      };
      return wordsOf(handle.executeUpdate(manualUpdate, { args: [order] }));
    },
    watched,
    pass,
    passUntil: async (what, seen, isSo) => {
      for (let passedS = 0; passedS < LONGEST_S; passedS += LOOK_EVERY_S) {
        if (await isSo()) return;
        await pass(LOOK_EVERY_S, seen);
      }
      throw new Error(`${what}: not within an hour; the observatory says ${JSON.stringify(await state())}`);
    },
    settled: () =>
      until("the operations by hand have ended", async () =>
        (await state()).manual.runs.every((each) => each.state !== "running"),
      ),
  };
}

/** Waits in real time: nothing is skipped. */
async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what}: not seen`);
}

/** `done`, or the sentence of the refusal. */
async function wordsOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "done";
  } catch (error) {
    if (!(error instanceof WorkflowUpdateFailedError)) throw error;
    let innermost: Error = error;
    while (innermost.cause instanceof Error) innermost = innermost.cause;
    return innermost.message;
  }
}

function stateSeen(
  { safe = true, shutter = "Closed", guard, stray = null, devices = {} }: Seen,
  seq: number,
  wallMs: number,
  atMs: number,
): WatchState {
  const verdict = { safe, reasons: safe ? [] : ["It rains."] };
  return {
    seq,
    runWallMs: 1,
    wallMs,
    atMs,
    safety: verdict,
    weather: { ...verdict, values: { ...FINE, rainMmH: safe ? 0 : 3 } },
    dome: { shutter },
    telescope: { parked: false, tracking: true, slewing: false, stray },
    guard: guard ?? { tripped: false, silent: false, why: "" },
    devices: Object.fromEntries(
      observatory.devices.map(({ id, name, blocking }) => [
        id,
        { state: devices[id] ?? "UP", sinceMs: atMs, blocking, detail: `${name}: ${devices[id] ?? "well"}` },
      ]),
    ),
    plcAlarms: [],
    disk: { low: false, freeMiB: 100_000 },
    closedLeaseHolder: null,
  };
}
