import type { FastifyInstance } from "fastify";
import type { Database } from "../../db/orm.ts";
import { Problem } from "../problem.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Done twice it is done once: the proxy may send it again without asking. */
    repeatable?: boolean;
  }
}

const CHANGES_NOTHING = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Behind the reverse proxy a web process may end with a request in its hands, and the proxy sends the request again, under the
 * same number (`X-Request-Id`), to another one. What no process had begun with goes on there, unnoticed; what one had begun
 * with is not done a second time: the person is told.
 */
export function addOnce(
  app: FastifyInstance,
  {
    database,
    nowWallMs,
  }: { readonly database: Pick<Database, "takenRequests">; readonly nowWallMs: () => number },
): void {
  app.addHook("onRequest", async (request) => {
    const number = request.headers["x-request-id"];
    const { config } = request.routeOptions;
    if (CHANGES_NOTHING.has(request.method) || config.repeatable === true || typeof number !== "string")
      return;
    if (await database.takenRequests.take(number, nowWallMs())) return;
    throw new Problem(
      409,
      "The server that had begun with this has ended. It may be done or not: look, and send it again when it is not.",
    );
  });
}
