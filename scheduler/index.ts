/**
 * The package's one entry point: a problem in, an explained schedule out.
 * Pure and generic: it knows nothing of telescopes' software, databases or clocks.
 */
export { plan } from "./plan.ts";
export { createPlanningThread, planInThread } from "./plan-in-thread.ts";
export type { PlanningThread, ThreadPlanOptions } from "./plan-in-thread.ts";
export { DEFAULT_TELESCOPE, ProblemError } from "./problem.ts";
export type {
  AfterRelation,
  FrozenRow,
  Interval,
  MeritPoint,
  ObservabilityWindow,
  OwnerInput,
  Problem,
  Relation,
  SequenceInput,
  TelescopeInput,
  TogetherRelation,
  UnavailableInterval,
} from "./problem.ts";
export type {
  PairOverhead,
  PlanOptions,
  Policy,
  RefusalCode,
  RefusedSequence,
  Schedule,
  ScheduledRow,
} from "./schedule.ts";
