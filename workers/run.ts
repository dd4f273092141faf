import { NativeConnection, Runtime, Worker, type WorkerOptions } from "@temporalio/worker";
import { WorkflowNotFoundError } from "@temporalio/client";
import { WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from "@temporalio/common";
import { hostname } from "node:os";
import { pid as processId } from "node:process";
import pino, { type Logger } from "pino";
import { nowMs } from "../activities/clocks.ts";
import { writeLeaseFile } from "../adapters/home/home-files.ts";
import { NO_SINKS } from "../adapters/telemetry/tracing.ts";
import type { Settings } from "../adapters/config/settings.ts";
import { freeTasksOf } from "../adapters/temporal/free-tasks.ts";
import { joinGroup } from "../db/presence.ts";
import { observatoryMs } from "../domain/clock.ts";
import type { ObservatoryInput } from "../workflows/messages.ts";
import { observatoryFileSignal } from "../workflows/messages.ts";
import { observatoryWorkflowId, taskQueues, WORKFLOW_TASK_TIMEOUT } from "../workflows/names.ts";
import { workflowBundle } from "./bundle.ts";
import { createCommandLog } from "./command-log.ts";
import { startWorkerMetrics } from "./metrics.ts";
import {
  computeActivities,
  imageActivities,
  ioActivities,
  openProcess,
  siteActivities,
  type Process,
} from "./compose.ts";
import { startFeeds } from "./feeds.ts";
import { watchPeers } from "./peers.ts";

/** Groups of workers that one process may run. */
export const WORKER_GROUPS = ["control", "site", "compute", "feeds"] as const;
export type WorkerGroup = (typeof WORKER_GROUPS)[number];

export interface RunningWorkers {
  /** Resolves when all workers were told to end; rejects when one fails. */
  readonly done: Promise<void>;
  close(): Promise<void>;
}

/** What is alike for all workers. Cancels travel with heartbeats, so these are throttled little. */
const COMMON = {
  shutdownGraceTime: "5 s",
  maxHeartbeatThrottleInterval: "100 ms",
  defaultHeartbeatThrottleInterval: "100 ms",
} as const;

/**
 * Runs the workers of the groups given until `close`.
 * @throws with a sentence when Temporal, the database or the clock is away.
 */
export async function runWorkers(settings: Settings, groups: readonly string[]): Promise<RunningWorkers> {
  const part = `worker ${groups.join(" ")}`;
  const log = pino({
    level: settings.logLevel,
    name: part,
    // Long, and of use to the server alone.
    redact: { paths: ["taskToken"], remove: true },
  });
  const { metricsHost, metricsPort } = settings;
  const metrics = metricsPort === null ? null : await startWorkerMetrics(metricsHost, metricsPort, part);
  Runtime.install({
    ...(metrics === null
      ? {}
      : { telemetryOptions: { metrics: { prometheus: { bindAddress: metrics.sdkAddress } } } }),
    logger: {
      log: (level, message, meta) => log[pinoLevel(level)](meta ?? {}, message),
      trace: (message, meta) => log.trace(meta ?? {}, message),
      debug: (message, meta) => log.debug(meta ?? {}, message),
      info: (message, meta) => log.info(meta ?? {}, message),
      warn: (message, meta) => log.warn(meta ?? {}, message),
      error: (message, meta) => log.error(meta ?? {}, message),
    },
  });
  const process = await openProcess(settings, part);
  const connection = await NativeConnection.connect({ address: settings.temporalAddress });
  const closers: (() => Promise<void>)[] = [];
  const { tracing } = process;
  const base = {
    ...COMMON,
    connection,
    namespace: settings.temporalNamespace,
    sinks: tracing?.sinks ?? NO_SINKS,
    ...(tracing === null ? {} : { interceptors: { activity: [tracing.activityInterceptors] } }),
  };
  const workers: Worker[] = [];
  // Before the first task: a worker that dies with it is missed.
  if (groups.includes("control")) closers.push(lookAfterPeers(process, log));
  for (const options of await workerOptions(process, groups, closers, log)) {
    workers.push(await Worker.create({ ...base, ...options }));
  }
  const running = workers.map((worker) => worker.run());
  if (groups.includes("control")) await startObservatory(process, log);
  if (groups.includes("feeds")) closers.push(startFeeds(process, log));
  log.info({ groups }, "workers run");
  const all = Promise.all(running).then(() => undefined);
  const forever = groups.includes("feeds") && workers.length === 0;
  let stop = (): void => undefined;
  const told = new Promise<void>((resolve) => {
    stop = resolve;
  });
  return {
    done: forever ? told : all,
    close: async () => {
      stop();
      for (const worker of workers) if (worker.getState() === "RUNNING") worker.shutdown();
      await Promise.allSettled(running);
      for (const close of closers.toReversed()) await close();
      await connection.close();
      await process.close();
      await metrics?.close();
    },
  };
}

type QueueWorker = Pick<WorkerOptions, "taskQueue"> & Partial<WorkerOptions>;

async function workerOptions(
  process: Process,
  groups: readonly string[],
  closers: (() => Promise<void>)[],
  log: Logger,
): Promise<QueueWorker[]> {
  const queues = taskQueues(process.observatory.site.id);
  const options: QueueWorker[] = [];
  if (groups.includes("control")) {
    options.push({
      taskQueue: queues.control,
      workflowBundle: await workflowBundle(),
      // A killed worker delays the next task by this, so that an alert survives a crash within the second.
      stickyQueueScheduleToStartTimeout: "300 ms",
      maxCachedWorkflows: 200,
      identity: controlIdentity(),
    });
  }
  if (groups.includes("site")) {
    const site = siteActivities(process);
    closers.push(site.close);
    const { telescope, dome, cover, focuser, wheel, lamp } = site.activities;
    const { camera, calibrationFrames, probe, sky, recovery } = site.activities;
    const commands = createCommandLog({
      observatory: process.observatory,
      clocks: process.clock,
      append: process.database.deviceCommands.append,
      log,
    });
    const moving: QueueWorker[] = [];
    moving.push(
      // The slew of an alert must not wait behind the wait of the slew before it.
      {
        taskQueue: queues.mount,
        activities: { ...telescope, ...focuser, ...wheel, ...lamp, ...probe },
        maxConcurrentActivityTaskExecutions: 4,
      },
      {
        taskQueue: queues.dome,
        activities: { ...dome, ...cover },
        maxConcurrentActivityTaskExecutions: 2,
      },
      {
        taskQueue: queues.fast,
        activities: { ...telescope, ...dome, ...cover, ...camera, ...probe, ...sky },
        maxConcurrentActivityTaskExecutions: 10,
      },
      // Every device may be waited for at the same time.
      {
        taskQueue: queues.recovery,
        activities: recovery,
        maxConcurrentActivityTaskExecutions: process.observatory.devices.length + 10,
      },
      ...site.cameraIds.map((cameraId) => ({
        taskQueue: queues.camera(cameraId),
        activities: { ...camera, ...calibrationFrames, ...wheel },
        maxConcurrentActivityTaskExecutions: 4,
      })),
    );
    const { tracing } = process;
    // These stand in the place of what all workers have: tracing comes along.
    const interceptors = {
      activity: [...(tracing === null ? [] : [tracing.activityInterceptors]), commands],
    };
    options.push(...moving.map((worker) => ({ ...worker, interceptors })));
  }
  if (groups.includes("compute")) {
    const io = ioActivities(process);
    const compute = computeActivities(process);
    const images = imageActivities(process);
    closers.push(io.close, compute.close, images.close);
    options.push(
      {
        taskQueue: queues.io,
        activities: { ...io.activities, ...images.activities },
        maxConcurrentActivityTaskExecutions: 20,
      },
      {
        taskQueue: queues.compute,
        activities: compute.activities,
        maxConcurrentActivityTaskExecutions: 4,
      },
      // One thread does the work: more at once would only wait in it.
      { taskQueue: queues.images, activities: images.activities, maxConcurrentActivityTaskExecutions: 4 },
    );
  }
  return options;
}

/** As the server and the other control workers know this one. Host names may be long, names of connections are not. */
function controlIdentity(): string {
  return `${processId}@${hostname().slice(0, 32)}`;
}

function lookAfterPeers({ settings, database, clock, temporal }: Process, log: Logger): () => Promise<void> {
  const peers = watchPeers({
    join: () => joinGroup(settings.databaseUrl, "vesper control", controlIdentity()),
    freeTasksOf: (dead) => freeTasksOf(temporal.client, dead),
    onFreed: ({ identity }, workflowIds) => {
      const text = `The control worker ${identity} was killed; what it had begun was given back: ${workflowIds.join(", ")}.`;
      database.journal
        .append({ atWallMs: clock.wallMs(), atMs: nowMs(clock), level: "info", module: "control", text })
        .catch((err: unknown) => log.warn({ err }, text));
    },
    onProblem: (err) => log.warn({ err }, "the other control workers could not be looked after"),
    nowWallMs: Date.now,
  });
  return () => peers.close();
}

/** The majordome is always on: started when it is not there, told of the observatory file when it is. */
async function startObservatory(process: Process, log: Logger): Promise<void> {
  const { temporal, observatory, clock } = process;
  const siteId = observatory.site.id;
  await settleLostWorkflows(process, log);
  const input: ObservatoryInput = { observatory, clock: clock.fact(), carried: null };
  await temporal.client.workflow.signalWithStart("observatory", {
    workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT,
    workflowId: observatoryWorkflowId(siteId),
    taskQueue: taskQueues(siteId).control,
    workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
    args: [input],
    signal: observatoryFileSignal,
    signalArgs: [observatory],
    staticSummary: `Observatory ${observatory.site.name}`,
  });
}

/**
 * An observatory that has rows and of which Temporal knows nothing has lost its workflows (the server's file is gone, a
 * backup was put back without it): rows that only they would bring to an end are brought to one before it starts anew.
 */
async function settleLostWorkflows(
  { temporal, observatory, clock, database, settings }: Process,
  log: Logger,
): Promise<void> {
  const siteId = observatory.site.id;
  // Read first: of two workers that find the workflows gone, the second must not undo what the first has begun.
  const lease = await database.lease.read(siteId);
  if (lease === null) return;
  try {
    await temporal.client.workflow.getHandle(observatoryWorkflowId(siteId)).describe();
    return;
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
  const wallMs = clock.wallMs();
  const settled = await database.lostWorkflows.settle(lease, "Temporal lost its workflow", {
    nowMs: observatoryMs(clock.fact(), wallMs),
    wallMs,
  });
  if (settled === null) return;
  await writeLeaseFile(settings.home, (await database.lease.read(siteId)) ?? lease);
  log.warn(settled, "Temporal knows nothing of this observatory: what its workflows had under way is ended");
}

function pinoLevel(level: string): "trace" | "debug" | "info" | "warn" | "error" {
  const lower = level.toLowerCase();
  return lower === "trace" || lower === "debug" || lower === "warn" || lower === "error" ? lower : "info";
}
