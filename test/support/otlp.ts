import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** One span as a collector gets it (OTLP/HTTP, JSON). */
export interface CollectedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly part: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface Collector {
  /** For VESPER_OTLP_URL. */
  readonly url: string;
  readonly spans: readonly CollectedSpan[];
  close(): void;
}

/** A collector of OpenTelemetry traces in this process. */
export async function startCollector(): Promise<Collector> {
  const spans: CollectedSpan[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      spans.push(...spansIn(JSON.parse(Buffer.concat(chunks).toString("utf8"))));
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function spansIn(body: any): CollectedSpan[] {
  return body.resourceSpans.flatMap((resource: any) =>
    resource.scopeSpans.flatMap((scope: any) =>
      scope.spans.map((span: any) => ({
        name: span.name,
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId === "" ? undefined : span.parentSpanId,
        part: plain(resource.resource.attributes)["service.name"],
        startMs: Number(span.startTimeUnixNano) / 1e6,
        endMs: Number(span.endTimeUnixNano) / 1e6,
        attributes: plain(span.attributes),
      })),
    ),
  );
}

function plain(attributes: readonly { key: string; value: Record<string, unknown> }[]) {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}

/** The spans of one trace as a tree in words, in order of time: part, name, ms since its beginning, length. */
export function traceTree(spans: readonly CollectedSpan[]): string[] {
  const began = Math.min(...spans.map((span) => span.startMs));
  const ids = new Set(spans.map((span) => span.spanId));
  const lines: string[] = [];
  const put = (span: CollectedSpan, depth: number): void => {
    const at = `${Math.round(span.startMs - began)} ms`.padStart(9);
    const length = span.endMs > span.startMs ? `, ${Math.round(span.endMs - span.startMs)} ms` : "";
    lines.push(`${at} ${"  ".repeat(depth)}${span.name} (${span.part}${length})`);
    for (const child of inOrder(spans.filter((each) => each.parentSpanId === span.spanId)))
      put(child, depth + 1);
  };
  for (const root of inOrder(
    spans.filter((span) => span.parentSpanId === undefined || !ids.has(span.parentSpanId)),
  ))
    put(root, 0);
  return lines;
}

function inOrder(spans: readonly CollectedSpan[]): CollectedSpan[] {
  return [...spans].sort((a, b) => a.startMs - b.startMs);
}
