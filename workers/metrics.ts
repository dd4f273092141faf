import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { createProcessMetrics, metricsOf, serveMetrics } from "../adapters/telemetry/metrics.ts";

/** Metrics of one worker process: ours and those of Temporal's core, on one port. */
export interface WorkerMetrics {
  /** Where Temporal's core is to show its own: for `Runtime.install`. */
  readonly sdkAddress: string;
  close(): Promise<void>;
}

/** @throws Error with a sentence when the port is taken */
export async function startWorkerMetrics(host: string, port: number, part: string): Promise<WorkerMetrics> {
  const metrics = createProcessMetrics(part);
  const sdkAddress = `127.0.0.1:${await freePort()}`;
  const served = await serveMetrics(host, port, async () => {
    const [ours, sdk] = await Promise.all([metrics.text(), metricsOf(sdkAddress)]);
    return `${ours}\n${sdk}`;
  });
  return { sdkAddress, close: () => served.close() };
}

/** A port of this machine that is free now. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  return port;
}
