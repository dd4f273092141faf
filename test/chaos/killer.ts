import { readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { tsToMs } from "@temporalio/common/lib/time.js";
import { observatoryMs, type ClockFact } from "../../domain/clock.ts";
import { deviceOf } from "../../domain/observatory.ts";
import { resumeUpdate } from "../../workflows/messages.ts";
import { observatoryWorkflowId } from "../../workflows/names.ts";
import { CAMERA_EXPOSING, observatory } from "../integration/kit.ts";
import { signalProcess, withDescendants } from "../support/processes.ts";
import { waitFor, type Stack } from "../support/stack.ts";
import { ENDS_SIMULATORS, type Gap, type Kill, type KillKind } from "./evidence.ts";

/** An aimed kill waits this long for a shutter to be open, wall ms; in rain none is. */
const AIM_LIMIT_MS = 120_000;
const BACK_LIMIT_MS = 90_000;
const UP_TRIES = 3;
const MESSAGE_LIMIT_MS = 20_000;
const CONTROL_WORKERS = ["worker-control-1", "worker-control-2"];
/** A message has reached a worker after this; sooner than its sticky time-out of 300 ms gives it to the other. */
const INTO_HANDS_MS = 150;
/** PENDING_WORKFLOW_TASK_STATE_STARTED of the API. */
const TASK_STARTED = 2;

export interface PlannedKill {
  readonly kind: KillKind;
  /** Whether it waits for an open shutter. */
  readonly aimed: boolean;
}

/** As many kills as asked for, kinds shuffled in rounds: the first round is aimed, of the rest every second. */
export function planKills(count: number, kinds: readonly KillKind[], random: () => number): PlannedKill[] {
  const planned: PlannedKill[] = [];
  for (let round = 0; planned.length < count; round += 1) {
    for (const kind of shuffled(kinds, random)) planned.push({ kind, aimed: round === 0 || random() < 0.5 });
  }
  return planned.slice(0, count);
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, key: random() }))
    .sort((one, other) => one.key - other.key)
    .map(({ item }) => item);
}

/**
 * Kills with SIGKILL what the plan names, with all it started, and waits until it runs again. Nothing is started by
 * hand but `up`, when that was killed: a service manager does so.
 */
export async function kill(
  stack: Stack,
  { kind, aimed }: PlannedKill,
  random: () => number,
): Promise<{ readonly kill: Kill; readonly gap: Gap | null }> {
  const draw = random();
  const named = kind === "worker-control" ? CONTROL_WORKERS : kind === "all" ? stack.parts() : [kind];
  await waitFor(`${named.join()} run`, BACK_LIMIT_MS, async () =>
    named.every((name) => stack.parts().includes(name)),
  );
  const openShutters = await (aimed ? openShutter(stack) : exposing(stack));
  // Every second control worker dies with a task of the majordome in its hands, the others as it comes.
  const holder = kind === "worker-control" && draw < 0.5 ? await frozenWithTask(stack) : null;
  const taskInHand = holder !== null;
  const part =
    kind === "worker-control" ? (holder ?? (draw < 0.75 ? "worker-control-1" : "worker-control-2")) : kind;
  const parts = kind === "all" ? stack.parts() : [part];
  const before = new Map(parts.map((name) => [name, stack.pid(name)]));
  // `up` alone: what it started notices by itself. The rest with their children: PostgreSQL's are leaders of sessions.
  const pids =
    kind === "up" ? [stack.pid("up")] : [...before.values()].flatMap((pid) => withDescendants(pid));
  const wallMs = Date.now();
  for (const pid of pids) signalProcess(pid, "SIGKILL");
  const skyMs = skyAt(stack, wallMs);

  const nextMessageMs = kind === "worker-control" ? await nextMessage(stack) : null;
  if (kind === "up" || kind === "all") {
    await startUpAgain(stack);
  }
  await waitFor(`${part} runs again`, BACK_LIMIT_MS, async () =>
    parts.every((name) => stack.parts().includes(name) && stack.pid(name) !== before.get(name)),
  );
  const backWallMs = Date.now();
  const gap = ENDS_SIMULATORS.includes(kind) ? await gapSince(stack, wallMs) : null;
  return {
    kill: { kind, part, wallMs, observatoryMs: skyMs, openShutters, taskInHand, backWallMs, nextMessageMs },
    gap,
  };
}

/** As a service manager does: after a second, and again when it ended because something was not ready in time. */
async function startUpAgain(stack: Stack): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    await sleep(1_000);
    try {
      await stack.startAgain();
      return;
    } catch (error) {
      if (tries === UP_TRIES) throw error;
    }
  }
}

async function gapSince(stack: Stack, fromWallMs: number): Promise<Gap> {
  await waitFor("the devices answer", BACK_LIMIT_MS, async () => {
    await stack.device("dome", "shutterstatus");
    return true;
  });
  return { fromWallMs, untilWallMs: Date.now() };
}

/** Observatory time, from the clock's file: the api may be down. */
function skyAt(stack: Stack, wallMs: number): number {
  const fact = JSON.parse(readFileSync(path.join(stack.home, "clock.json"), "utf8")) as ClockFact;
  return observatoryMs(fact, wallMs);
}

/** Cameras that expose now, asked of them. */
async function exposing(stack: Stack): Promise<string[]> {
  const cameras = observatory.instruments.map(({ cameraId }) => cameraId);
  const states = await Promise.all(
    cameras.map((cameraId) =>
      stack.device("camera", "camerastate", deviceOf(observatory, cameraId).number).catch(() => null),
    ),
  );
  return cameras.filter((_, index) => states[index] === CAMERA_EXPOSING);
}

/**
 * Freezes the control worker that keeps the majordome in its memory and sends a message into its hands.
 * @returns the part, still frozen: to be killed; null when neither took it
 */
async function frozenWithTask(stack: Stack): Promise<string | null> {
  const { client } = stack.temporal;
  const workflowId = observatoryWorkflowId(observatory.site.id);
  const taskBegunMs = async (): Promise<number | null> => {
    const execution = { workflowId };
    const { pendingWorkflowTask: task } = await client.workflowService
      .describeWorkflowExecution({ namespace: client.options.namespace, execution })
      .catch(() => ({ pendingWorkflowTask: null }));
    return (task?.state as number | undefined) === TASK_STARTED ? tsToMs(task?.startedTime) : null;
  };
  for (const part of CONTROL_WORKERS) {
    const pid = stack.pid(part);
    signalProcess(pid, "SIGSTOP");
    void refusedButton(stack);
    await sleep(INTO_HANDS_MS);
    const first = await taskBegunMs();
    await sleep(INTO_HANDS_MS);
    // The same task still under way: a living worker would have done it.
    if (first !== null && first === (await taskBegunMs())) return part;
    signalProcess(pid, "SIGCONT");
  }
  return null;
}

/** Waits for an open shutter; none within the limit: killed all the same. */
async function openShutter(stack: Stack): Promise<string[]> {
  const untilMs = Date.now() + AIM_LIMIT_MS;
  for (;;) {
    const open = await exposing(stack);
    if (open.length > 0 || Date.now() > untilMs) return open;
    await sleep(30);
  }
}

/**
 * Sends the majordome a button that it refuses, because nobody has paused: handled by a control worker, without a trace.
 * @returns wall ms until the refusal came
 */
async function nextMessage(stack: Stack): Promise<number> {
  const startedMs = Date.now();
  const answer = await Promise.race([refusedButton(stack), sleep(MESSAGE_LIMIT_MS, "late", { ref: false })]);
  if (answer === "accepted") throw new Error("chaos lifted a pause that nobody had made");
  return Date.now() - startedMs;
}

function refusedButton(stack: Stack): Promise<string> {
  const handle = stack.temporal.client.workflow.getHandle(observatoryWorkflowId(observatory.site.id));
  return handle.executeUpdate(resumeUpdate, { args: [{ by: "chaos" }] }).then(
    () => "accepted",
    (error: unknown) => (error instanceof Error ? error.name : "failed"),
  );
}
