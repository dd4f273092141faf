import { defineEntity, p } from "@mikro-orm/core";
import type { RecordOf } from "../record.ts";
import { instant } from "./columns.ts";

/** A command of a person that was not confirmed at once, and what came of it: every web process shows those of all. */
export const LateCommand = defineEntity({
  name: "LateCommand",
  tableName: "late_command",
  properties: {
    /** Id of its Temporal update. */
    id: p.text().primary(),
    site: p.text(),
    command: p.text(),
    /** Mail address of who ordered it. */
    orderedBy: p.text(),
    sentWallMs: instant().index(),
    outcome: p.text(),
    reason: p.text(),
  },
  checks: [
    {
      name: "late_command_outcome_check",
      expression: "outcome in ('sending', 'applied', 'refused', 'givenUp')",
    },
  ],
});

export type LateCommandRecord = RecordOf<typeof LateCommand>;
