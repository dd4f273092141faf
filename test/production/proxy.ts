import { randomUUID } from "node:crypto";
import { createServer, request as ask, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

export interface ProxyOptions {
  /** Wall ms within which one request is tried on other backends. */
  readonly tryForMs: number;
  readonly tryIntervalMs: number;
  /** A backend that failed is passed over for this long, unless all have. */
  readonly failedForMs: number;
}

/** As deploy/Caddyfile sets them. */
export const AS_IN_PRODUCTION: ProxyOptions = { tryForMs: 10_000, tryIntervalMs: 200, failedForMs: 5_000 };

/** What one backend was given. */
export interface BackendCount {
  readonly port: number;
  readonly answered: number;
  readonly failed: number;
}

export interface Proxy {
  readonly counts: () => BackendCount[];
  close(): Promise<void>;
}

interface Backend {
  readonly port: number;
  answered: number;
  failed: number;
  failedAtMs: number;
}

/** What came of one try; `gone`: the browser has left. */
type Outcome = "answered" | "failed" | "gone";

const LARGEST_BODY_BYTES = 10_000_000;

/**
 * A reverse proxy on loopback that does what deploy/Caddyfile asks of the real one: each request to the next backend; what
 * did not reach it, or was cut off before an answer, to another, under the same number; event streams pass as they come.
 */
export async function startProxy(
  port: number,
  backendPorts: readonly number[],
  options: ProxyOptions = AS_IN_PRODUCTION,
): Promise<Proxy> {
  const backends: Backend[] = backendPorts.map((backend) => ({
    port: backend,
    answered: 0,
    failed: 0,
    failedAtMs: Number.NEGATIVE_INFINITY,
  }));
  let turn = 0;

  /** The next one in turn that has not failed lately; the next one at all when all have. */
  function next(): Backend {
    for (let tries = 0; tries < backends.length; tries += 1) {
      const backend = backends[turn++ % backends.length] as Backend;
      if (performance.now() - backend.failedAtMs >= options.failedForMs) return backend;
    }
    return backends[turn++ % backends.length] as Backend;
  }

  async function pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await bodyOf(incoming);
    const untilMs = performance.now() + options.tryForMs;
    const number = randomUUID();
    for (;;) {
      const backend = next();
      const outcome = await attempt(backend.port, incoming, body, number, outgoing);
      if (outcome === "gone") return;
      if (outcome === "answered") {
        backend.answered += 1;
        return;
      }
      backend.failed += 1;
      backend.failedAtMs = performance.now();
      if (performance.now() > untilMs) break;
      await sleep(options.tryIntervalMs);
    }
    outgoing.writeHead(502, { "content-type": "text/plain" }).end("no backend answers\n");
  }

  const server = createServer((incoming, outgoing) => {
    pass(incoming, outgoing).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    counts: () => backends.map(({ port, answered, failed }) => ({ port, answered, failed })),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Kept whole, so that it can be sent again. */
async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of incoming as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > LARGEST_BODY_BYTES) throw new Error("the body is too large for this proxy");
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function attempt(
  port: number,
  incoming: IncomingMessage,
  body: Buffer,
  number: string,
  outgoing: ServerResponse,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const { "transfer-encoding": _, ...headers } = incoming.headers;
    const asked = ask({
      host: "127.0.0.1",
      port,
      method: incoming.method,
      path: incoming.url,
      headers: {
        ...headers,
        connection: "close",
        ...(body.length > 0 ? { "content-length": String(body.length) } : {}),
        "x-request-id": number,
        "x-forwarded-for": incoming.socket.remoteAddress ?? "",
        "x-forwarded-proto": "http",
        "x-forwarded-host": incoming.headers.host ?? "",
      },
      agent: false,
    });
    // A browser that goes away takes its request with it.
    const browserLeft = (): void => {
      asked.destroy();
      resolve("gone");
    };
    outgoing.once("close", browserLeft);
    asked.once("response", (answer) => {
      resolve("answered");
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      outgoing.flushHeaders();
      answer.pipe(outgoing);
      // Cut off in the middle: the browser must see it too.
      answer.once("error", () => outgoing.destroy());
    });
    asked.once("error", () => {
      outgoing.off("close", browserLeft);
      resolve("failed");
    });
    asked.end(body);
  });
}
