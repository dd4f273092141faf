import { stopsCalibration } from "../../domain/safety/holds.ts";
import { failureSentence } from "../failure-words.ts";
import {
  endCalibrationSignal,
  holdsSignal,
  leaseGrantedSignal,
  type CalibrationReport,
  type Lease,
} from "../messages.ts";
import { startCalibration } from "../start-calibration.ts";
import { writeLeaseInForce } from "./lease.ts";
import type { Majordome } from "./state.ts";
import { tellWorkflow } from "./tell-night.ts";

/** A report of a calibration: it waits for the lease, goes on, or has ended and gives the lease back. */
export function onCalibrationReport(majordome: Majordome, report: CalibrationReport): void {
  const { workflowId, phase } = report;
  const before = majordome.calibration;
  if (before !== null && before.workflowId === workflowId && report.seq < before.seq) return;
  if (before !== null && before.workflowId !== workflowId && phase !== "waiting") return;
  if (phase === "ended" || phase === "reducing") takeBackLease(majordome, workflowId);
  majordome.calibration = phase === "ended" ? null : report;
  if (phase === "waiting") grantCalibration(majordome);
}

/** Grants the lease, written first, to a calibration that waits for it; not while a night is open or the dome closes. */
export function grantCalibration(majordome: Majordome): void {
  const { calibration, siteId, ownId, background, nightDate, closing } = majordome;
  if (calibration?.phase !== "waiting" || nightDate !== null || closing !== null) return;
  const { workflowId } = calibration;
  // Somebody else has the lease, or is just being granted it.
  if (majordome.granting || majordome.inMaintenance()) return;
  if (majordome.lease.holder !== ownId && majordome.lease.holder !== workflowId) return;
  // Asked once more, it is told the same again.
  const lease: Lease =
    majordome.lease.holder === workflowId
      ? majordome.lease
      : { siteId, holder: workflowId, generation: majordome.lease.generation + 1 };
  majordome.lease = lease;
  background.add("lease of the calibration", async () => {
    const written = await writeLeaseInForce(majordome, lease);
    if (written === null) return;
    await tellWorkflow(majordome, workflowId, (handle) =>
      handle.signal(leaseGrantedSignal, { lease: written, holds: majordome.holdsMessage() }),
    );
  });
}

/** Sends the holds to a calibration that has the lease, or takes frames. */
export function tellCalibrationHolds(majordome: Majordome): void {
  const { calibration } = majordome;
  if (calibration === null) return;
  const message = majordome.holdsMessage();
  void tellWorkflow(majordome, calibration.workflowId, (handle) => handle.signal(holdsSignal, message));
}

/** A night is to start: the calibration takes no more frames. The lease of the night would stop it anyway. */
export function endCalibration(majordome: Majordome, reason: string): void {
  const { calibration } = majordome;
  if (calibration === null) return;
  majordome.calibration = null;
  void tellWorkflow(majordome, calibration.workflowId, (handle) =>
    handle.signal(endCalibrationSignal, { reason }),
  );
}

/** The calibration that has the lease is closed, though its end did not come as a message. */
export function onClosedCalibration(majordome: Majordome, closedLeaseHolder: string | null): void {
  const { calibration } = majordome;
  if (closedLeaseHolder === null || closedLeaseHolder !== majordome.lease.holder) return;
  if (!closedLeaseHolder.startsWith("calibration/")) return;
  if (calibration?.workflowId === closedLeaseHolder) majordome.calibration = null;
  takeBackLease(majordome, closedLeaseHolder);
}

/** Why calibrations cannot be started now, in words for people, or null. */
export function whyNoCalibration(majordome: Majordome): string | null {
  const { nightDate, calibration, calibrationAskedBy, holds, lastNight, tonight, file } = majordome;
  if (nightDate !== null) return `The night of ${nightDate} is open: calibrations are taken at its end.`;
  // One that makes masters and images has given the cameras back.
  if (calibration !== null && calibration.phase !== "reducing") {
    return `Calibrations of ${calibration.date} are under way: ${calibration.words}.`;
  }
  if (calibrationAskedBy !== null) return `Calibrations are being started for ${calibrationAskedBy}.`;
  if (lastNight === null && tonight === null) return "The almanac is being computed; it takes a few seconds.";
  const needed = file.devices.map(({ id }) => id);
  const held = holds.find(({ kind }) => stopsCalibration(kind, needed));
  return held === undefined ? null : `Calibrations are held by ${held.kind}: ${held.why}`;
}

/** Starts the calibrations of the last night by an operator's wish; the answer does not wait for it. */
export function startCalibrationBy(majordome: Majordome, by: string): void {
  const date = majordome.lastNight?.date ?? majordome.tonight?.date;
  if (date === undefined) return;
  majordome.calibrationAskedBy = by;
  const { file, clock, ownId } = majordome;
  const openedBy = `${ownId} ${by} ${Date.now()}`;
  void startCalibration({ observatory: file, clock, date, openedBy, startedBy: by })
    .catch((error: unknown) =>
      majordome.background.add("journal", () =>
        majordome.records.journal({
          level: "warning",
          module: "calibration",
          text: `The calibrations of ${date} were not started: ${failureSentence(error)}`,
          nightId: null,
          atMs: clock.nowMs(),
        }),
      ),
    )
    .finally(() => {
      majordome.calibrationAskedBy = null;
    });
}

function takeBackLease(majordome: Majordome, workflowId: string): void {
  // A night that is just being granted it takes it over.
  if (majordome.lease.holder !== workflowId || majordome.granting) return;
  const { siteId, ownId, background } = majordome;
  const taken: Lease = { siteId, holder: ownId, generation: majordome.lease.generation + 1 };
  majordome.lease = taken;
  background.add("lease", () => writeLeaseInForce(majordome, taken));
}
