import { SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";

/**
 * Makes a device call a span of the trace it belongs to. Outside of a recorded trace, the watch's polling for one, it
 * is only called.
 */
export async function deviceSpan<T>(
  name: string,
  attributes: Readonly<Record<string, string>>,
  call: () => Promise<T>,
): Promise<T> {
  if (trace.getActiveSpan()?.isRecording() !== true) return call();
  return trace
    .getTracer("vesper.alpaca")
    .startActiveSpan(name, { kind: SpanKind.CLIENT, attributes }, async (span) => {
      try {
        return await call();
      } catch (error) {
        span.setStatus({ code: SpanStatusCode.ERROR, message: (error as Error).message });
        throw error;
      } finally {
        span.end();
      }
    });
}
