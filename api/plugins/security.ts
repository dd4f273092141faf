import helmet from "@fastify/helmet";
import type { FastifyInstance } from "fastify";
import { Problem } from "../problem.ts";

const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);

/** Whether a host name (no port) is this machine itself. */
export function isLoopback(hostname: string): boolean {
  return LOOPBACK.has(hostname);
}

/**
 * Refuses requests for a host that is not ours, so that a page elsewhere cannot reach a loopback server under a name
 * of its own (DNS rebinding), and sends the headers that keep a browser from running or framing what is not ours.
 * @param publicUrl the address people use behind a reverse proxy, or null
 */
export async function addSecurity(app: FastifyInstance, publicUrl: string | null): Promise<void> {
  const publicHost = publicUrl === null ? null : new URL(publicUrl).hostname;
  app.addHook("onRequest", async (request) => {
    if (isLoopback(request.hostname) || request.hostname === publicHost) return;
    throw new Problem(
      421,
      `This server is not "${request.hostname}". Its address is set by VESPER_PUBLIC_URL; without it only this machine may ask.`,
    );
  });
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
      },
    },
    // TLS is the reverse proxy's: it sends this header where it belongs.
    strictTransportSecurity: false,
    referrerPolicy: { policy: "same-origin" },
  });
}
