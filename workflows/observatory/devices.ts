import { condition, log, ParentClosePolicy, startChild, WorkflowIdReusePolicy } from "@temporalio/workflow";
import { WorkflowExecutionAlreadyStartedError } from "@temporalio/common";
import type { Observatory } from "../../domain/observatory.ts";
import { recovered, recovering, seen, type DeviceHealth } from "../../domain/safety/device-health.ts";
import { deviceHold, type WatchState } from "../../domain/safety/watch-state.ts";
import { failureSentence } from "../failure-words.ts";
import type { RecoveryReport } from "../messages.ts";
import { recoveryWorkflowId, WORKFLOW_TASK_TIMEOUT } from "../names.ts";
import type { deviceRecovery } from "../recovery.ts";
import { lift, raise, sendHolds } from "./holds.ts";
import type { Majordome } from "./state.ts";

/** The watch is behind what a recovery has seen by some polls at most, wall ms. */
const WATCH_BEHIND_WALL_MS = 15_000;
/** A recovery says something at least this often: one that was silent for longer is asked for by its id, wall ms. */
const RECOVERY_SILENT_WALL_MS = 15 * 60_000;
/** Before a recovery that ended wrongly is started again, wall ms. */
const AGAIN_WALL_MS = 30_000;

/**
 * Takes what the watch saw of all devices. One that is lost raises its hold when it blocks, and its recovery begins;
 * it comes back only when that recovery says so.
 */
export function takeDevices(majordome: Majordome, devices: WatchState["devices"]): void {
  const nowMs = majordome.clock.nowMs();
  for (const [id, condition] of Object.entries(devices)) {
    // The watch of this run may still look at one that the newest file no longer names.
    if (!majordome.file.devices.some((device) => device.id === id)) continue;
    change(majordome, id, seen(majordome.devices[id], condition, nowMs));
    const { state, why } = majordome.devices[id] as DeviceHealth;
    if (state !== "DISABLED") continue;
    if (condition.blocking) raise(majordome, { kind: deviceHold(id), who: id, why });
    const heardWallMs = majordome.recoveryHeardWallMs.get(id);
    if (heardWallMs === undefined || Date.now() - heardWallMs > RECOVERY_SILENT_WALL_MS) {
      void startRecovery(majordome, id);
    }
  }
}

/** Takes a newer observatory file: a device that is no longer in it holds nothing and is missed by nobody. */
export function takeFile(majordome: Majordome, newer: Observatory): void {
  majordome.file = newer;
  const known = new Set(newer.devices.map(({ id }) => id));
  const gone = Object.keys(majordome.devices).filter((id) => !known.has(id));
  if (gone.length === 0) return;
  majordome.devices = Object.fromEntries(Object.entries(majordome.devices).filter(([id]) => known.has(id)));
  lift(majordome, "the observatory file, which no longer names it", ...gone.map(deviceHold));
}

/** A recovery tells how far it has come, or that its device is back. */
export async function onRecoveryReport(majordome: Majordome, report: RecoveryReport): Promise<void> {
  const { deviceId, progress } = report;
  const before = majordome.devices[deviceId];
  if (before === undefined) return;
  majordome.recoveryHeardWallMs.set(deviceId, Date.now());
  if (!report.recovered) {
    change(majordome, deviceId, recovering(before, progress));
    return;
  }
  // Its state may still be on the way: taken back too early, the device would be lost again at once.
  const answers = (): boolean => majordome.watch?.devices[deviceId]?.state !== "DISABLED";
  const seenToo = await condition(answers, WATCH_BEHIND_WALL_MS);
  majordome.recoveryHeardWallMs.delete(deviceId);
  if (!seenToo) {
    log.warn(`${deviceId} was recovered, but the watch does not hear it`);
    void startRecovery(majordome, deviceId);
    return;
  }
  change(majordome, deviceId, recovered(majordome.devices[deviceId] ?? before, majordome.clock.nowMs()));
  lift(majordome, `${deviceId}: set up again and verified`, deviceHold(deviceId));
}

/** Keeps the state, writes it down when people or the night see a difference. */
function change(majordome: Majordome, deviceId: string, next: DeviceHealth): void {
  const before = majordome.devices[deviceId];
  if (before === next) return;
  majordome.devices = { ...majordome.devices, [deviceId]: next };
  const stateChanged = before?.state !== next.state;
  const stepChanged = before?.recovery?.step !== next.recovery?.step;
  if (!stateChanged && !stepChanged) return;
  const { clock, background, deviceRecords, file } = majordome;
  majordome.alarmsDue = true;
  const atMs = clock.nowMs();
  const device = file.devices.find(({ id }) => id === deviceId);
  if (device === undefined) return;
  background.add("device state", () =>
    deviceRecords.recordDevice({ device, health: next, from: before?.state ?? null, atMs }),
  );
  // A night must not ask for a device that is gone, nor leave out one that is back.
  if (stateChanged && (next.state === "DISABLED" || before?.state === "DISABLED")) void sendHolds(majordome);
}

/**
 * Starts the recovery of a device; one of that id that runs already goes on. It outlives this run: its end comes as a
 * report, and a start under the same id is the question after a restart.
 */
async function startRecovery(majordome: Majordome, deviceId: string): Promise<void> {
  const { siteId, file, clock } = majordome;
  majordome.recoveryHeardWallMs.set(deviceId, Date.now());
  const device = file.devices.find(({ id }) => id === deviceId);
  if (device === undefined) return;
  try {
    const child = await startChild<typeof deviceRecovery>("deviceRecovery", {
      workflowId: recoveryWorkflowId(siteId, deviceId),
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      parentClosePolicy: ParentClosePolicy.ABANDON,
      workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT,
      staticSummary: `Recovery of ${device.name}`,
      args: [
        {
          observatory: file,
          clock: clock.fact,
          deviceId,
          why: majordome.devices[deviceId]?.why ?? "",
          carried: null,
        },
      ],
    });
    void child.result().catch(async (error: unknown) => {
      log.error(`the recovery of ${deviceId} ended wrongly: ${failureSentence(error)}`);
      await condition(() => majordome.devices[deviceId]?.state !== "DISABLED", AGAIN_WALL_MS);
      if (majordome.devices[deviceId]?.state === "DISABLED") void startRecovery(majordome, deviceId);
    });
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return;
    log.error(`the recovery of ${deviceId} did not start: ${failureSentence(error)}`);
    majordome.recoveryHeardWallMs.delete(deviceId);
  }
}
