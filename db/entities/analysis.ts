import { defineEntity, p } from "@mikro-orm/core";
import type { RecordOf } from "../record.ts";
import { instant } from "./columns.ts";
import { Sequence } from "./sequence.ts";

export const ANALYSIS_STATES = ["running", "done", "failed"] as const;
export type AnalysisState = (typeof ANALYSIS_STATES)[number];

/** What was found in the images of one sequence: one analysis each, run again it is the same row. */
export const Analysis = defineEntity({
  name: "Analysis",
  tableName: "analysis",
  properties: {
    sequenceId: () =>
      p.manyToOne(Sequence).mapToPk().fieldName("sequence_id").deleteRule("no action").primary(),
    state: p.enum(ANALYSIS_STATES),
    startedWallMs: instant(),
    endedWallMs: instant().nullable(),
    /** Why it failed. */
    reason: p.text().nullable(),
    /** Sources, photometry, candidates. */
    results: p.json<Readonly<Record<string, unknown>>>().nullable(),
  },
  checks: [
    { name: "analysis_ended_check", expression: "(state = 'running') = (ended_wall_at is null)" },
    { name: "analysis_done_check", expression: "(state = 'done') = (results is not null)" },
    { name: "analysis_failed_check", expression: "(state = 'failed') = (reason is not null)" },
  ],
});

export type AnalysisRecord = RecordOf<typeof Analysis>;
