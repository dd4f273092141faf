import type { ScheduleDetail, ScheduledRow } from "../../../db/repositories/schedules.ts";

/** A schedule as the API gives it with the names a reader needs. */
export function scheduleJson(schedule: ScheduleDetail) {
  const { rows, ...facts } = schedule;
  const refused = rows.filter(({ status }) => status === "refused").length;
  return { ...facts, planned: rows.length - refused, refused, items: rows.map(rowJson), total: rows.length };
}

function rowJson({ scheduleId: _scheduleId, sequence, request, numbers, ...row }: ScheduledRow) {
  return {
    ...row,
    numbers: numbers === null ? null : { ...numbers },
    requestId: request.id,
    requestName: request.name,
    alertKey: request.alertKey,
    target: sequence.targetName,
    raDeg: sequence.raDeg,
    decDeg: sequence.decDeg,
    priority: sequence.priority,
  };
}
