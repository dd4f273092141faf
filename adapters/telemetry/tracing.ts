import { type HrTime, SpanKind, SpanStatusCode, TraceFlags } from "@opentelemetry/api";
import type { WorkflowClientInterceptor } from "@temporalio/client";
import type { ActivityInterceptorsFactory, InjectedSinks } from "@temporalio/worker";
import type { WorkflowSpan } from "../../workflows/messages.ts";

/** What a process that traces gives to its Temporal client and workers. */
export interface Tracing {
  readonly clientInterceptors: readonly WorkflowClientInterceptor[];
  readonly activityInterceptors: ActivityInterceptorsFactory;
  readonly sinks: InjectedSinks<WorkflowSinks>;
  /** Sends what is left, within 3 s. */
  close(): Promise<void>;
}

/** The sink of workflows/trace.ts. */
type WorkflowSinks = { trace: { span(span: WorkflowSpan): void } };

/** For workers that do not trace: what others recorded is passed on, and not recorded here. */
export const NO_SINKS: InjectedSinks<WorkflowSinks> = { trace: { span: { fn: () => undefined } } };

const SEND_EVERY_MS = 500;
const CLOSE_LIMIT_MS = 3_000;

/** Whether traces are wanted: by our own setting or by OpenTelemetry's. */
export function wantsTraces(
  otlpUrl: string | null,
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  return (
    otlpUrl !== null ||
    (env["OTEL_EXPORTER_OTLP_ENDPOINT"] ?? "") !== "" ||
    (env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] ?? "") !== ""
  );
}

/**
 * Starts to trace this process; nothing of OpenTelemetry's SDK is loaded before. Traces begin with a request that writes
 * (the webhook) or an alert handed to Temporal by another door; what belongs to none is not recorded.
 * @param otlpUrl base address of the collector; null: as OTEL_EXPORTER_OTLP_ENDPOINT says
 * @param part this process, e.g. `worker site`
 */
export async function startTracing(otlpUrl: string | null, part: string): Promise<Tracing> {
  const [sdk, { OTLPTraceExporter }, { resourceFromAttributes }, client, worker] = await Promise.all([
    import("@opentelemetry/sdk-trace-node"),
    import("@opentelemetry/exporter-trace-otlp-http"),
    import("@opentelemetry/resources"),
    import("@temporalio/interceptors-opentelemetry/lib/client/index.js"),
    import("@temporalio/interceptors-opentelemetry/lib/worker/index.js"),
  ]);
  const { BatchSpanProcessor, NodeTracerProvider, ParentBasedSampler, SamplingDecision } = sdk;
  const resource = resourceFromAttributes({ "service.namespace": "vesper", "service.name": part });
  const exporter = new OTLPTraceExporter(
    otlpUrl === null ? {} : { url: `${otlpUrl.replace(/\/$/, "")}/v1/traces` },
  );
  const processor = new BatchSpanProcessor(exporter, { scheduledDelayMillis: SEND_EVERY_MS });
  const provider = new NodeTracerProvider({
    resource,
    spanProcessors: [processor],
    sampler: new ParentBasedSampler({
      root: {
        shouldSample: (_context, _traceId, name, kind) => ({
          decision: beginsTrace(name, kind)
            ? SamplingDecision.RECORD_AND_SAMPLED
            : SamplingDecision.NOT_RECORD,
        }),
        toString: () => "writes and alerts",
      },
    }),
  });
  // Also the global tracer, the context of async calls and the W3C headers.
  provider.register();

  const fn = (_info: unknown, span: WorkflowSpan): void => {
    const now = hrTime(Date.now());
    processor.onEnd({
      name: span.name,
      kind: SpanKind.INTERNAL,
      spanContext: () => contextOf(span.traceId, span.spanId),
      parentSpanContext: contextOf(span.traceId, span.parentSpanId),
      startTime: now,
      endTime: now,
      duration: [0, 0],
      ended: true,
      status: { code: SpanStatusCode.UNSET },
      attributes: { temporalWorkflowId: span.workflowId, run_id: span.runId },
      links: [],
      events: [],
      resource,
      instrumentationScope: { name: "vesper.workflows" },
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    });
  };
  return {
    clientInterceptors: [new client.OpenTelemetryWorkflowClientInterceptor()],
    activityInterceptors: (context) => ({
      inbound: new worker.OpenTelemetryActivityInboundInterceptor(context),
      outbound: new worker.OpenTelemetryActivityOutboundInterceptor(context),
    }),
    sinks: { trace: { span: { fn } } },
    close: async () => {
      let timer: NodeJS.Timeout | undefined;
      const limit = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, CLOSE_LIMIT_MS);
      });
      // A collector that is away costs its spans, not the process's end.
      await Promise.race([provider.shutdown().catch(() => undefined), limit]);
      clearTimeout(timer);
    },
  };
}

/** A person's or feed's write, or an alert by a door without HTTP. */
function beginsTrace(name: string, kind: SpanKind): boolean {
  return kind === SpanKind.SERVER || name === "SignalWithStartWorkflow:alert";
}

function contextOf(traceId: string, spanId: string) {
  return { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
}

function hrTime(unixMs: number): HrTime {
  return [Math.floor(unixMs / 1_000), Math.round((unixMs % 1_000) * 1e6)];
}
