import { createServer } from "node:http";
import { collectDefaultMetrics, Registry } from "prom-client";

/** Metrics of one process, as Prometheus reads them. */
export interface ProcessMetrics {
  readonly registry: Registry;
  text(): Promise<string>;
}

/**
 * What Node knows of this process: memory, processor, garbage collection, lag of the event loop.
 * @param part this process, e.g. `worker site`: a label of every line
 */
export function createProcessMetrics(part: string): ProcessMetrics {
  const registry = new Registry();
  registry.setDefaultLabels({ part });
  collectDefaultMetrics({ register: registry });
  return { registry, text: () => registry.metrics() };
}

/** Content type of Prometheus' text format. */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";
const TEXT_LIMIT_MS = 5_000;

/**
 * Serves metrics to whoever reaches that address: loopback is for this machine alone.
 * @throws Error with a sentence when the port is taken
 */
export async function serveMetrics(
  host: string,
  port: number,
  text: () => Promise<string>,
): Promise<{ close(): Promise<void> }> {
  const server = createServer((request, response) => {
    if (request.method !== "GET" || request.url !== "/metrics") {
      response.writeHead(404).end("metrics are at /metrics\n");
      return;
    }
    text().then(
      (lines) => response.writeHead(200, { "content-type": METRICS_TYPE }).end(lines),
      (error: unknown) => response.writeHead(503).end(`${(error as Error).message}\n`),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) =>
      reject(
        new Error(
          `Metrics cannot be shown on port ${port}: ${cause.message}. Set VESPER_METRICS_PORT or VESPER_METRICS_HOST.`,
          {
            cause,
          },
        ),
      ),
    );
    server.listen(port, host, resolve);
  });
  return {
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** The lines that another exporter on this machine shows; a comment when it does not answer. */
export async function metricsOf(address: string): Promise<string> {
  try {
    const answer = await fetch(`http://${address}/metrics`, { signal: AbortSignal.timeout(TEXT_LIMIT_MS) });
    return await answer.text();
  } catch (error) {
    return `# ${address} does not answer: ${(error as Error).message}\n`;
  }
}
