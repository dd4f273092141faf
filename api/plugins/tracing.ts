import { context, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import type { FastifyInstance, FastifyRequest } from "fastify";

const WRITES = new Set(["POST", "PUT", "PATCH", "DELETE"]);

/**
 * Begins a trace with each request that writes: the webhook above all. What a stranger says about traces is not
 * believed. When nothing is traced (OpenTelemetry's tracer does nothing then), this costs a few function calls.
 */
export function addTracing(app: FastifyInstance): void {
  const spans = new WeakMap<FastifyRequest, Span>();

  app.addHook("onRequest", (request, _reply, done) => {
    if (WRITES.has(request.method)) {
      const route = request.routeOptions.url ?? "nothing";
      const span = trace.getTracer("vesper.web").startSpan(
        `${request.method} ${route}`,
        {
          kind: SpanKind.SERVER,
          attributes: { "http.request.method": request.method, "http.route": route, request: request.id },
        },
        ROOT_CONTEXT,
      );
      spans.set(request, span);
    }
    done();
  });

  // After the body is read: its reading ends in a callback of the socket, which knows of no context.
  app.addHook("preHandler", (request, _reply, done) => {
    const span = spans.get(request);
    if (span === undefined) done();
    else context.with(trace.setSpan(ROOT_CONTEXT, span), done);
  });

  app.addHook("onResponse", (request, reply, done) => {
    const span = spans.get(request);
    span?.setAttribute("http.response.status_code", reply.statusCode);
    if (reply.statusCode >= 500) span?.setStatus({ code: SpanStatusCode.ERROR });
    span?.end();
    done();
  });
}
