import type { FastifyRequest } from "fastify";
import type { Database } from "../db/orm.ts";

/** Writes down who did what by hand, from where. */
export type Audit = (
  request: FastifyRequest,
  action: string,
  subject: string | null,
  details?: Readonly<Record<string, unknown>>,
  /** Who, when the request does not say: somebody who is just signing in. */
  userId?: string | null,
) => Promise<void>;

export function createAudit(deps: {
  readonly database: Pick<Database, "audits">;
  readonly nowWallMs: () => number;
}): Audit {
  return async (request, action, subject, details = {}, userId = request.identity?.userId ?? null) => {
    const { identity } = request;
    // A program's token that belongs to nobody is named, so that the line says who.
    const who = identity?.how === "token" ? { token: identity.name } : {};
    await deps.database.audits.append({
      atWallMs: deps.nowWallMs(),
      userId,
      action,
      subject,
      address: request.ip,
      details: { ...who, ...details },
    });
  };
}
