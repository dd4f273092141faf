import { condition, log, sleep } from "@temporalio/workflow";
import type { ManualKind } from "../../domain/manual/operation.ts";
import { holdOf } from "../../domain/safety/holds.ts";
import { may } from "../../domain/permissions/permissions.ts";
import { failureSentence } from "../failure-words.ts";
import type { Lease, ObservatoryState, PersonalOrder } from "../messages.ts";
import { nightWorkflowId } from "../names.ts";
import { cameraActivities } from "../proxies.ts";
import { closeObservatory } from "./closing.ts";
import { lift, raise, sendHolds } from "./holds.ts";
import { journal } from "./journal.ts";
import { writeLease } from "./lease.ts";
import type { Majordome } from "./state.ts";

/** A lease that cannot be written is tried again after this long, wall ms. */
const LEASE_AGAIN_WALL_MS = 5_000;
const SHORTEST_REASON = 3;

/**
 * Takes the maintenance hold for a person, or hands it from one person to the next. The night stops within seconds; then
 * its lease goes to the observatory, under whose name everything by hand moves.
 */
export async function takeMaintenance(
  majordome: Majordome,
  { by, reason }: { readonly by: string; readonly reason: string },
): Promise<ObservatoryState> {
  const before = holdOf(majordome.holds, "maintenance");
  majordome.stopWord = "now";
  raise(majordome, { kind: "maintenance", who: by, why: `Maintenance by ${by}: ${reason.trim()}` });
  if (before !== undefined && before.who !== by) {
    journal(
      majordome,
      "warning",
      `${by} took the maintenance hold over from ${before.who}: ${reason.trim()}`,
    );
  }
  // The night must know before its lease is gone, or it would take the loss for a wrong end.
  await sendHolds(majordome);
  await settleLease(majordome);
  return majordome.answer();
}

/** Why a person cannot take the maintenance hold, or null. */
export function whyNoMaintenance(
  { leavingMaintenance, holds }: Majordome,
  { by, profile, reason }: PersonalOrder & { readonly reason: string },
): string | null {
  if (!may(profile, "devices")) return `Profile "${profile}" may not move devices; an operator or admin may.`;
  if (reason.trim().length < SHORTEST_REASON) {
    return `Reason "${reason.trim()}": write at least ${SHORTEST_REASON} characters that say what is done by hand.`;
  }
  if (leavingMaintenance) return "The maintenance hold is being left. Press again in a moment.";
  const hold = holdOf(holds, "maintenance");
  return hold?.who === by ? "You have the maintenance hold already." : null;
}

/** Leaves the maintenance hold: stops what moves by hand, gives the night its lease back, then lifts. */
export async function leaveMaintenance(majordome: Majordome, by: string): Promise<ObservatoryState> {
  if (!majordome.inMaintenance()) return majordome.answer();
  if (majordome.leavingMaintenance) {
    await condition(() => !majordome.leavingMaintenance);
    return majordome.answer();
  }
  majordome.leavingMaintenance = true;
  try {
    const running = [...majordome.operations.values()];
    await Promise.all(running.map((operation) => operation.stop(`${by} left the maintenance hold`)));
    await settleLease(majordome);
    if (majordome.nightDate !== null) coolAgain(majordome);
    lift(majordome, by, "maintenance");
  } finally {
    majordome.leavingMaintenance = false;
  }
  // Without a night nothing else would bring the hardware to rest.
  if (majordome.nightDate === null)
    closeObservatory(majordome, `${by} left the maintenance hold and no night is open.`);
  return majordome.answer();
}

/** A camera whose cooler was changed by hand goes back to its set point for the night that goes on. */
function coolAgain(majordome: Majordome): void {
  const { siteId, clock, file, manualRuns } = majordome;
  const limitS = file.night.coolLimitS;
  const touched = new Set(
    manualRuns.filter(({ operation }) => COOLING.has(operation.kind)).map(({ deviceId }) => deviceId),
  );
  for (const { cameraId, setPointC, name } of file.instruments) {
    if (!touched.has(cameraId)) continue;
    void cameraActivities(siteId, cameraId, clock.fact, limitS)
      .coolCamera({ cameraId, setPointC, limitS })
      .catch((error: unknown) =>
        journal(majordome, "warning", `${name} did not go back to its set point: ${failureSentence(error)}`),
      );
  }
}

const COOLING: ReadonlySet<ManualKind> = new Set(["cool", "warm"]);

/** Why there is nothing to leave, or null. */
export function whyNoLeaving({ holds }: Majordome): string | null {
  return holdOf(holds, "maintenance") === undefined ? "Nobody has the maintenance hold." : null;
}

/** Brings the lease to whom it belongs now, however often that changes meanwhile; tried until it is written. */
async function settleLease(majordome: Majordome): Promise<void> {
  majordome.leaseMoving ??= moveLease(majordome).finally(() => {
    majordome.leaseMoving = null;
  });
  await majordome.leaseMoving;
}

async function moveLease(majordome: Majordome): Promise<void> {
  const { siteId } = majordome;
  for (;;) {
    await condition(() => !majordome.granting);
    const holder = rightfulHolder(majordome);
    if (majordome.lease.holder === holder) return;
    const granted: Lease = { siteId, holder, generation: majordome.lease.generation + 1 };
    try {
      majordome.lease = await writeLease(majordome, granted);
    } catch (error) {
      log.error(`the lease was not given to ${holder}: ${failureSentence(error)}`);
      await sleep(LEASE_AGAIN_WALL_MS);
    }
  }
}

function rightfulHolder(majordome: Majordome): string {
  const { siteId, ownId, nightDate, leavingMaintenance } = majordome;
  const person = majordome.inMaintenance() && !leavingMaintenance;
  return person || nightDate === null ? ownId : nightWorkflowId(siteId, nightDate);
}
