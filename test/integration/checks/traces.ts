import { expect, test } from "@jest/globals";
import { waitFor } from "../../support/stack.ts";
import { type CollectedSpan, type Collector, traceTree } from "../../support/otlp.ts";
import { measured, PATIENCE_MS } from "../kit.ts";

/** Each stage of the way from the webhook to the open shutter, by the span that shows it. */
const STAGES = [
  "POST /api/voevents",
  "SignalWithStartWorkflow:alert",
  "HandleSignal:notice",
  "SignalWorkflow:preempt",
  "HandleSignal:preempt",
  "RunActivity:startSlew",
  "PUT slewtocoordinatesasync",
  "StartChildWorkflow:sequence",
  "RunWorkflow:sequence",
  "RunActivity:startExposure",
  "PUT startexposure",
  "RunActivity:fetchExposure",
] as const;

/** The bursts before this were traced: one that was observed shows its whole way. */
export function traceChecks(collector: () => Collector): void {
  test(
    "the trace of an alert shows every stage from the webhook to the shutter, each within the one that caused it",
    async () => {
      const traces = () => [...Map.groupBy(collector().spans, (span) => span.traceId).values()];
      const trace = await waitFor(
        "a trace from webhook to shutter",
        PATIENCE_MS,
        async () => traces().find((spans) => missing(spans).length === 0),
        async () => {
          const [nearest = []] = traces().toSorted((a, b) => missing(a).length - missing(b).length);
          return { missing: missing(nearest), names: [...new Set(nearest.map(({ name }) => name))] };
        },
      );
      measured.push(...traceTree(trace).filter((line) => STAGES.some((stage) => line.includes(`${stage} `))));
      const exposure = first(trace, "PUT startexposure");
      expect(causes(trace, exposure).map(({ name }) => name)).toEqual([
        "POST /api/voevents",
        "SignalWithStartWorkflow:alert",
        "HandleSignal:notice",
        "StartChildWorkflow:sequence",
        "RunWorkflow:sequence",
        "StartActivity:startExposure",
        "RunActivity:startExposure",
      ]);
      expect(causes(trace, first(trace, "PUT slewtocoordinatesasync")).map(({ name }) => name)).toContain(
        "RunActivity:startSlew",
      );
      const at = STAGES.map((stage) => first(trace, stage).startMs);
      expect(at[0]).toBe(Math.min(...trace.map((span) => span.startMs)));
      expect(exposure.attributes["device"]).toEqual(expect.any(String));
      // What belongs to no alert and no write is not recorded: the watch asks all devices five times a second.
      expect(new Set(trace.map((span) => span.part)).size).toBeGreaterThanOrEqual(3);
      expect(collector().spans.some((span) => span.name === "RunActivity:watch")).toBe(false);
    },
    2 * PATIENCE_MS,
  );
}

/** Stages that a trace has no span of. */
function missing(trace: readonly CollectedSpan[]): string[] {
  return STAGES.filter((stage) => !trace.some((span) => span.name === stage));
}

function first(trace: readonly CollectedSpan[], name: string): CollectedSpan {
  const [span] = trace.filter((each) => each.name === name).sort((a, b) => a.startMs - b.startMs);
  if (span === undefined) throw new Error(`the trace has no ${name}`);
  return span;
}

/** What a span came of, the first cause first. */
function causes(trace: readonly CollectedSpan[], span: CollectedSpan): CollectedSpan[] {
  const parent = trace.find((each) => each.spanId === span.parentSpanId);
  return parent === undefined ? [] : [...causes(trace, parent), parent];
}
