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
 * Serves the status as JSON on a loopback port, whatever path is asked.
 * Rejects with a sentence when the port is taken.
 */
export async function serveStatus(
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
      reject(new Error(`The guard cannot listen on 127.0.0.1:${port}: ${error.message}`, { cause: error }));
    });
    server.listen(port, "127.0.0.1", () => resolve());
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
