import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** The guard's word of itself: what the watch reads like a device. */
export interface GuardStatus {
  readonly tripped: boolean;
  /** Wall ms since which it is (or is not) tripped. */
  readonly since: number;
  readonly why: string;
  /** Wall ms at the end of its last loop; 0 before the first. */
  readonly lastLoopWallAt: number;
}

/**
 * Serves the status as JSON, whatever path is asked: it tells nothing that needs hiding and takes nothing.
 * Rejects with a sentence when the port is taken.
 */
export async function serveStatus(
  host: string,
  port: number,
  status: () => GuardStatus,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server = createServer((_request, response) => {
    response
      .writeHead(200, { "content-type": "application/json", "cache-control": "no-store" })
      .end(JSON.stringify(status()));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => {
      reject(new Error(`The guard cannot listen on ${host}:${port}: ${error.message}`, { cause: error }));
    });
    server.listen(port, host, () => resolve());
  });
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
