import type { CalibrationRecord } from "../../../db/entities/calibration.ts";
import type { CalibrationFrameRecord } from "../../../db/entities/calibration-frame.ts";
import type { MasterRecord } from "../../../db/entities/master.ts";

export function calibrationJson(calibration: CalibrationRecord) {
  const { id, date, run, startedBy, status, startedMs, endedMs, reason, groups } = calibration;
  return { id, date, run, startedBy, status, startedMs, endedMs, reason, groups };
}

/** A master as lists give it: without its header. */
export function masterJson({ header: _header, ...master }: MasterRecord) {
  return { ...master, warnings: [...master.warnings], fits: masterFitsHref(master.id) };
}

export function calibrationFrameJson({ header: _header, ...frame }: CalibrationFrameRecord) {
  return { ...frame, reasons: [...frame.reasons] };
}

export function masterFitsHref(masterId: string): string {
  return `/api/masters/${encodeURIComponent(masterId)}.fits`;
}

export function masterPreviewHref(masterId: string): string {
  return `/api/masters/${encodeURIComponent(masterId)}.png`;
}

export function framePreviewHref(frameId: string): string {
  return `/api/calibration-frames/${encodeURIComponent(frameId)}.png`;
}
