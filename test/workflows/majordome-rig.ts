import { setTimeout as sleep } from "node:timers/promises";
import { ApplicationFailure, Context } from "@temporalio/activity";
import { TestWorkflowEnvironment } from "@temporalio/testing";
import { createDeviceRecordActivities } from "../../activities/record-devices.ts";
import { findTemporalCli } from "../../adapters/temporal-cli/find.ts";
import type { WatchState } from "../../domain/safety/watch-state.ts";
import { watchStateSignal, type Lease } from "../../workflows/messages.ts";
import { observatoryWorkflowId, SEARCH_ATTRIBUTES } from "../../workflows/names.ts";
import { FINE } from "../safety/fine-weather.ts";
import type { TestPostgres } from "../support/postgres.ts";
import { nightWorkflow, observatory, openNightRig, type NightRig } from "./rig.ts";

const START_TRIES = 5;
const REPEAT_WALL_MS = 20_000;
const SLOW_MS = 1_000;
export const majordomeId = observatoryWorkflowId(observatory.site.id);

/** The development server in memory. The SDK gives it 5 s to start, which a busy machine may miss: tried again. */
export async function startDevServer(...extraArgs: string[]): Promise<TestWorkflowEnvironment> {
  const path = await findTemporalCli(process.env, () => undefined);
  const attributes = SEARCH_ATTRIBUTES.flatMap((name) => ["--search-attribute", `${name}=Keyword`]);
  for (let tries = 1; ; tries += 1) {
    try {
      return await TestWorkflowEnvironment.createLocal({
        server: { executable: { type: "existing-path", path }, extraArgs: [...attributes, ...extraArgs] },
      });
    } catch (error) {
      if (tries === START_TRIES) throw error;
    }
  }
}

/** What the watch of a rig sees beside the dome; changed by the test. */
export interface FakeSky {
  rain: boolean;
}

/** The database of a rig; changed by the test. */
export interface FakeLeases {
  /** Whose lease takes a second to be written. */
  slowFor: string | null;
}

export interface MajordomeRig {
  readonly rig: NightRig;
  readonly sky: FakeSky;
  readonly leases: FakeLeases;
  /** Ids of the notices whose decision was recorded, in order. */
  readonly decisions: readonly string[];
}

/** A night's rig with what `observatory` and `alert` need beside it: a watch, records of devices, a silent sky. */
export async function openMajordomeRig(
  env: TestWorkflowEnvironment,
  postgres: TestPostgres,
  name: string,
  startMs: number,
  rate: number,
): Promise<MajordomeRig> {
  const sky: FakeSky = { rain: false };
  const leases: FakeLeases = { slowFor: null };
  const decisions: string[] = [];
  const rig = await openNightRig(env, postgres, name, startMs, {
    rate,
    more: ({ database, world }) => ({
      ...createDeviceRecordActivities({ database, wallMs: () => Date.now() }),
      watch: () => watch(env, sky, () => world.domeOpen),
      showTransient: async () => undefined,
      writeLease: async ({ siteId: site, holder, generation }: Lease) => {
        if (holder === leases.slowFor) await sleep(SLOW_MS);
        if (await database.lease.write({ site, holder, generation, wallMs: Date.now() })) return;
        throw ApplicationFailure.nonRetryable(`generation ${generation} was not granted`, "LeaseLost");
      },
      openCalibration: async () => {
        throw ApplicationFailure.nonRetryable("there are no calibrations in these tests");
      },
      noteDecision: async ({ noticeId }: { noticeId: string }) => {
        decisions.push(noticeId);
      },
    }),
  });
  return { rig, sky, leases, decisions };
}

/** Stands for the watch: says what the fake devices do, on change, until its run of `observatory` is over. */
async function watch(env: TestWorkflowEnvironment, sky: FakeSky, domeIsOpen: () => boolean): Promise<void> {
  const context = Context.current();
  const runWallMs = Date.now();
  const majordome = env.client.workflow.getHandle(majordomeId);
  let told = "";
  for (let seq = 1; !context.cancellationSignal.aborted;) {
    context.heartbeat();
    const closed = await nightIsClosed(env);
    // Also without news now and then: silence would count as unsafe.
    const facts = JSON.stringify([sky.rain, domeIsOpen(), closed, Math.floor(Date.now() / REPEAT_WALL_MS)]);
    if (facts !== told) {
      const seen = stateOf(seq, runWallMs, sky, domeIsOpen(), closed);
      await majordome.signal(watchStateSignal, seen).catch(() => undefined);
      told = facts;
      seq += 1;
    }
    await sleep(100);
  }
}

async function nightIsClosed(env: TestWorkflowEnvironment): Promise<boolean> {
  const night = await env.client.workflow
    .getHandle(nightWorkflow)
    .describe()
    .catch(() => null);
  return night !== null && night.status.name !== "RUNNING" && night.status.name !== "CONTINUED_AS_NEW";
}

/** A state of the watch: all is well but for the rain. */
export function stateOf(
  seq: number,
  runWallMs: number,
  sky: FakeSky,
  open: boolean,
  nightClosed: boolean,
): WatchState {
  const fine = { safe: true, reasons: [] };
  return {
    seq,
    runWallMs,
    wallMs: Date.now(),
    atMs: 0,
    safety: fine,
    weather: { ...(sky.rain ? { safe: false, reasons: ["It rains."] } : fine), values: FINE },
    dome: { shutter: open ? "Open" : "Closed" },
    telescope: { parked: null, tracking: null, slewing: null },
    guard: { tripped: false, silent: false, why: "" },
    devices: {},
    plcAlarms: [],
    disk: { low: false, freeMiB: null },
    closedLeaseHolder: nightClosed ? nightWorkflow : null,
  };
}
