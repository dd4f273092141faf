import {
  ChildWorkflowFailure,
  log,
  ParentClosePolicy,
  setCurrentDetails,
  startChild,
  TerminatedFailure,
  WorkflowIdReusePolicy,
} from "@temporalio/workflow";
import { WorkflowExecutionAlreadyStartedError } from "@temporalio/common";
import { sortedByValidity } from "../../domain/night/preemption.ts";
import { failureSentence } from "../failure-words.ts";
import type { Lease, NightInput, NightReport } from "../messages.ts";
import { nightWorkflowId, WORKFLOW_TASK_TIMEOUT } from "../names.ts";
import type { night } from "../night.ts";
import { exportActivities } from "../proxies.ts";
import { endCalibration, grantCalibration } from "./calibrations.ts";
import { closeObservatory } from "./closing.ts";
import { writeLease, writeLeaseInForce } from "./lease.ts";
import type { LastNight, Majordome } from "./state.ts";

/** A night that failed is started again by itself at most this often; one that a person terminated never is. */
const MAX_RESTARTS = 3;

/** Whether the night is to be started now, by a person's wish or by the clock. */
export function shouldStart(majordome: Majordome): boolean {
  const { nightDate, watch, closing, lastNight, tonight } = majordome;
  if (nightDate !== null || watch === null || closing !== null || whyNoStart(majordome) !== null)
    return false;
  if (majordome.startRequestedBy !== null) return true;
  if (!majordome.file.night.autoStart || tonight === null) return false;
  if (lastNight?.date !== tonight.date) return true;
  return lastNight.outcome === "failed" && majordome.restarts < MAX_RESTARTS;
}

/** Why the night cannot be started now, in words for people, or null. */
export function whyNoStart(majordome: Majordome): string | null {
  const { nightDate, tonight, clock, file, leavingMaintenance } = majordome;
  if (nightDate !== null) return `The night of ${nightDate} is open already.`;
  if (majordome.inMaintenance() || leavingMaintenance) {
    return "Under the maintenance hold nothing moves by itself: leave it first.";
  }
  if (tonight === null) return "The almanac of tonight is being computed; it takes a few seconds.";
  const { prepareMs, dawnMs, why } = tonight;
  if (prepareMs === null || dawnMs === null) return `There is no night to start: ${why}`;
  const nowMs = clock.nowMs();
  if (nowMs < prepareMs) {
    return `The night can be started from ${utcMinute(prepareMs)}, ${file.night.prepareBeforeSunsetMin} min before sunset.`;
  }
  if (nowMs >= dawnMs) return `The night of ${tonight.date} was over at ${utcMinute(dawnMs)}.`;
  return null;
}

/** At the first start: the lease as it stands in the database. A night that holds it may still be open. */
export async function takeUpLease(majordome: Majordome): Promise<void> {
  const { siteId, ownId, records } = majordome;
  const stored = await records.readLease({ siteId });
  if (stored !== null && stored.holder.startsWith("night/")) {
    majordome.lease = stored;
    majordome.nightDate = stored.holder.slice(stored.holder.lastIndexOf("/") + 1);
    return;
  }
  const lease: Lease = { siteId, holder: ownId, generation: (stored?.generation ?? 0) + 1 };
  majordome.lease = lease;
  await records.writeLease(lease);
}

/** Grants the lease, written first, and starts the night of the date with the holds and the alerts that wait. */
export async function startNight(majordome: Majordome, by: string): Promise<void> {
  const { siteId, tonight, lastNight } = majordome;
  if (tonight === null) return;
  const { date } = tonight;
  majordome.startRequestedBy = null;
  endCalibration(majordome, `the night of ${date} starts`);
  const again = lastNight?.date === date && lastNight.outcome === "failed";
  majordome.restarts = again ? majordome.restarts + 1 : 0;
  let granted: Lease = {
    siteId,
    holder: nightWorkflowId(siteId, date),
    generation: majordome.lease.generation + 1,
  };
  majordome.granting = true;
  try {
    granted = await writeLease(majordome, granted);
    majordome.lease = granted;
    majordome.nightDate = date;
    majordome.grantedWallMs = Date.now();
  } finally {
    majordome.granting = false;
  }
  majordome.nightReport = null;
  majordome.alarmsDue = true;
  const { valid } = sortedByValidity(majordome.pending, majordome.clock.nowMs());
  majordome.pending = [];
  try {
    const child = await startChild<typeof night>("night", {
      workflowId: granted.holder,
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      parentClosePolicy: ParentClosePolicy.ABANDON,
      workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT,
      staticSummary: `Night of ${date}`,
      args: [nightInput()],
    });
    void child.result().then(
      (result) => nightEnded(majordome, { date, run: result.run, outcome: result.outcome, wrongEnd: false }),
      (error: unknown) => {
        const run = majordome.nightReport?.run ?? 0;
        return nightEnded(majordome, { date, run, outcome: wrongEndWord(error), wrongEnd: true });
      },
    );
  } catch (error) {
    majordome.pending = valid;
    if (error instanceof WorkflowExecutionAlreadyStartedError) {
      // It runs under an older lease: its next motion is refused, it closes, and the night can be started again.
      log.error(`night ${date} runs already`);
      return;
    }
    await nightEnded(majordome, { date, run: 0, outcome: "failed", wrongEnd: true });
  }

  function nightInput(): NightInput {
    return {
      observatory: majordome.file,
      clock: majordome.clock.fact,
      date,
      generation: granted.generation,
      holds: majordome.holdsMessage(),
      pendingAlerts: valid,
      startedBy: by,
      calibrates: true,
      carried: null,
    };
  }
}

/** A report of the open night; one of the same run that arrives late is ignored. */
export function onNightReport(majordome: Majordome, report: NightReport): void {
  const before = majordome.nightReport;
  if (
    before !== null &&
    report.workflowId === before.workflowId &&
    report.run === before.run &&
    report.seq < before.seq
  )
    return;
  majordome.nightReport = report;
  setCurrentDetails(`**${majordome.mode()}** night ${report.date}: ${report.phase} ${report.waitingFor}`);
}

/** Takes the lease back; after a wrong end also aborts, closes and parks, which the night no longer does. */
export async function nightEnded(majordome: Majordome, ended: LastNight): Promise<void> {
  const { siteId, ownId, clock, background, records, lease } = majordome;
  if (majordome.nightDate !== ended.date) return;
  majordome.lastNight = ended;
  // Who works by hand goes on under the lease that they have.
  const taken: Lease =
    lease.holder === ownId ? lease : { siteId, holder: ownId, generation: lease.generation + 1 };
  majordome.lease = taken;
  majordome.nightDate = null;
  majordome.nightReport = null;
  majordome.alarmsDue = true;
  if (ended.wrongEnd) {
    alarm(
      majordome,
      `The night of ${ended.date} ended wrongly (${ended.outcome}). The dome closes. Start the night again when you know why.`,
    );
    closeObservatory(majordome, `the night ended wrongly (${ended.outcome})`);
  }
  background.add("lease", () => writeLeaseInForce(majordome, taken));
  grantCalibration(majordome);
  background.add("wrong end", async () => {
    if (ended.wrongEnd) {
      await records.endNight({
        nightId: `${siteId}/${ended.date}`,
        run: ended.run,
        outcome: "failed",
        reason: `ended wrongly: ${ended.outcome}`,
        nowMs: clock.nowMs(),
      });
    }
  });
  majordome.exporting = true;
  void exportActivities(siteId)
    .exportHistories({ siteId, nightDate: ended.date })
    .catch((error: unknown) => log.warn(`histories were not exported: ${failureSentence(error)}`))
    .finally(() => {
      majordome.exporting = false;
    });
}

function wrongEndWord(error: unknown): string {
  return error instanceof ChildWorkflowFailure && error.cause instanceof TerminatedFailure
    ? "terminated"
    : "failed";
}

function alarm({ clock, background, records }: Majordome, text: string): void {
  const atMs = clock.nowMs();
  background.add("journal", () =>
    records.journal({ level: "alarm", module: "observatory", text, nightId: null, atMs }),
  );
}

function utcMinute(ms: number): string {
  return `${new Date(ms).toISOString().slice(11, 16)} UTC`;
}
