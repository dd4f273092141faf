import {
  AsyncLocalStorage,
  proxySinks,
  workflowInfo,
  type Sinks,
  type WorkflowInterceptors,
} from "@temporalio/workflow";
import { defaultPayloadConverter, type Headers } from "@temporalio/common";
import type { Trace, WorkflowSpan } from "./messages.ts";

/** Where workflow spans leave the sandbox; the worker passes them on. */
export interface TraceSinks extends Sinks {
  trace: { span(span: WorkflowSpan): void };
}

/** The header of Temporal's OpenTelemetry interceptors, which clients and activities use as they are. */
const TRACE_HEADER = "_tracer-data";
/** W3C trace context of a trace that is recorded: `00-<trace>-<parent>-01`. */
const RECORDED = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f][13579bdf]$/;

const { trace: sink } = proxySinks<TraceSinks>();
const current = new AsyncLocalStorage<string>();

/** The trace that this code belongs to; undefined when none is recorded. */
export function currentTrace(): Trace {
  return current.getStore();
}

/** Runs `work` as part of a trace, to the end of what it awaits. Without one it only runs it. */
export function inTrace<T>(trace: Trace, work: () => T): T {
  return trace === undefined ? work() : current.run(trace, work);
}

/**
 * Carries the trace of an alert through workflows: what a workflow orders because of a message belongs to the trace of
 * that message. Nothing here is awaited and no command differs, so that tracing may be turned on and off under open
 * workflows, and their histories replay either way (Temporal's own workflow interceptor awaits before it goes on, which
 * changes the order of commands). Without a recorded trace each call is passed on as it came.
 */
export const interceptors = (): WorkflowInterceptors => {
  let spans = 0;

  /** Notes one step and returns the trace context of what comes of it. */
  function step(name: string, parent: string): string {
    const [, traceId = "", parentSpanId = ""] = RECORDED.exec(parent) ?? [];
    const { workflowId, runId } = workflowInfo();
    spans += 1;
    const spanId = idOf(`${runId}/${spans}`);
    sink.span({ name, traceId, spanId, parentSpanId, workflowId, runId });
    return `00-${traceId}-${spanId}-01`;
  }

  /** Headers of something ordered: they say which step it comes from. */
  function traced(name: string, headers: Headers): Headers {
    const parent = currentTrace();
    if (parent === undefined) return headers;
    return {
      ...headers,
      [TRACE_HEADER]: defaultPayloadConverter.toPayload({ traceparent: step(name, parent) }),
    };
  }

  return {
    inbound: [
      {
        execute: (input, next) => {
          const parent = traceOf(input.headers);
          if (parent === undefined) return next(input);
          return inTrace(step(`RunWorkflow:${workflowInfo().workflowType}`, parent), () => next(input));
        },
        handleSignal: (input, next) => {
          const parent = traceOf(input.headers);
          if (parent === undefined) return next(input);
          return inTrace(step(`HandleSignal:${input.signalName}`, parent), () => next(input));
        },
      },
    ],
    outbound: [
      {
        scheduleActivity: (input, next) =>
          next({ ...input, headers: traced(`StartActivity:${input.activityType}`, input.headers) }),
        startChildWorkflowExecution: (input, next) =>
          next({ ...input, headers: traced(`StartChildWorkflow:${input.workflowType}`, input.headers) }),
        signalWorkflow: (input, next) =>
          next({ ...input, headers: traced(`SignalWorkflow:${input.signalName}`, input.headers) }),
        getLogAttributes: (input, next) => {
          const [, traceId] = RECORDED.exec(currentTrace() ?? "") ?? [];
          return next(traceId === undefined ? input : { ...input, trace_id: traceId });
        },
      },
    ],
  };
};

/** The recorded trace in the headers of a message; undefined when there is none. */
function traceOf(headers: Headers): Trace {
  const payload = headers[TRACE_HEADER];
  if (payload === undefined || payload === null) return undefined;
  const { traceparent } = defaultPayloadConverter.fromPayload<{ traceparent?: unknown }>(payload);
  return typeof traceparent === "string" && RECORDED.test(traceparent) ? traceparent : undefined;
}

const FNV_OFFSET = 0xcbf29ce484222325n;
const FNV_PRIME = 0x100000001b3n;
const MASK = 0xffffffffffffffffn;

/** 64 bits of FNV-1a, hex: the workflow's own random numbers must not depend on whether it is traced. */
function idOf(text: string): string {
  let hash = FNV_OFFSET;
  for (let i = 0; i < text.length; i += 1) hash = ((hash ^ BigInt(text.charCodeAt(i))) * FNV_PRIME) & MASK;
  return (hash === 0n ? 1n : hash).toString(16).padStart(16, "0");
}
