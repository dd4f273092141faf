import {
  albumPath,
  PLAN_FIELDS,
  planPath,
  REQUEST_FIELDS,
  SEQUENCE_FIELDS,
  sequencePath,
} from "./written.ts";
import type { WrittenRequest } from "./written.ts";

/** Every field of a written request by its path, in order: to compare two versions field by field. */
export function writtenFields(written: WrittenRequest): Map<string, string> {
  const fields = new Map<string, string>();
  for (const name of REQUEST_FIELDS) fields.set(name, written[name]);
  for (const [s, sequence] of written.sequences.entries()) {
    for (const name of SEQUENCE_FIELDS) fields.set(`${sequencePath(s)}.${name}`, sequence[name]);
    for (const [a, album] of sequence.albums.entries()) {
      fields.set(`${albumPath(s, a)}.instrumentId`, album.instrumentId);
      for (const [p, plan] of album.plans.entries()) {
        for (const name of PLAN_FIELDS) fields.set(`${planPath(s, a, p)}.${name}`, plan[name]);
      }
    }
  }
  return fields;
}
