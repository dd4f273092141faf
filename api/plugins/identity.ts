import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { isDatabaseUnavailable } from "../../db/connection.ts";
import type { Database } from "../../db/orm.ts";
import { boundedProfile, type Profile } from "../../domain/permissions/profiles.ts";
import { Problem } from "../problem.ts";
import { isLoopback } from "./security.ts";

export const SESSION_COOKIE = "vesper_session";
/** Carries the CSRF token of a browser that is not signed in. */
const VISITOR_COOKIE = "vesper_visitor";
const SESSION_MS = 12 * 3_600_000;
const TOUCH_EVERY_MS = 60_000;
const REMEMBER_MS = 600_000;

/** Who asks. */
export interface Identity {
  readonly how: "session" | "token";
  readonly userId: string | null;
  /** For `who` in holds, journal and audit: the mail address, or the token's name. */
  readonly name: string;
  readonly profile: Profile;
  readonly sessionId: string | null;
  readonly csrf: string;
}

declare module "fastify" {
  interface FastifyRequest {
    identity: Identity | null;
  }
}

/** SHA-256 in hex: what is stored of session and API tokens. */
export function tokenHash(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

export interface IdentityDeps {
  readonly database: Pick<Database, "sessions" | "tokens" | "users">;
  readonly nowWallMs: () => number;
}

/** Sessions of browsers and tokens of programs. Decorates each request with `identity`. */
export function createIdentities({ database, nowWallMs }: IdentityDeps) {
  // Who was let in lately may go on pressing Pause and Close while the database is away.
  const lately = new Map<string, Identity & { readonly untilWallMs: number }>();

  async function ofSession(token: string): Promise<Identity | null> {
    const id = tokenHash(token);
    try {
      const identity = await ofStoredSession(id);
      lately.delete(id);
      if (identity !== null) lately.set(id, { ...identity, untilWallMs: nowWallMs() + REMEMBER_MS });
      if (lately.size > 1_000) lately.delete(lately.keys().next().value ?? "");
      return identity;
    } catch (error) {
      const remembered = lately.get(id);
      if (!isDatabaseUnavailable(error) || remembered === undefined || remembered.untilWallMs < nowWallMs()) {
        throw error;
      }
      return remembered;
    }
  }

  async function ofStoredSession(id: string): Promise<Identity | null> {
    const wallMs = nowWallMs();
    const found = await database.sessions.find(id, wallMs);
    if (found === null) return null;
    const { session, user } = found;
    const notSinceWallMs = wallMs - TOUCH_EVERY_MS;
    if (session.seenWallMs <= notSinceWallMs) {
      const seen = { seenWallMs: wallMs, expiresWallMs: wallMs + SESSION_MS };
      await database.sessions.touch(session.id, notSinceWallMs, seen);
    }
    return {
      how: "session",
      userId: user.id,
      name: user.mail,
      profile: user.profile,
      sessionId: session.id,
      csrf: session.csrf,
    };
  }

  async function ofToken(token: string): Promise<Identity | null> {
    const found = await database.tokens.use(tokenHash(token), nowWallMs());
    if (found === null) return null;
    const user = found.userId === null ? null : await database.users.byId(found.userId);
    if (user !== null && user.state !== "active") return null;
    const name = user?.mail ?? found.name;
    const profile = user === null ? found.profile : boundedProfile(found.profile, user.profile);
    return { how: "token", userId: found.userId, name, profile, sessionId: null, csrf: "" };
  }

  /** Who a request comes from; null for nobody. @throws Problem 401 for a Bearer token that is not valid */
  async function identify(request: FastifyRequest): Promise<Identity | null> {
    const bearer = /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
    if (bearer !== undefined) {
      const identity = await ofToken(bearer);
      if (identity !== null) return identity;
      throw new Problem(401, "This API token is not valid, has expired or was revoked.", {
        "www-authenticate": 'Bearer realm="vesper", error="invalid_token"',
      });
    }
    const cookie = request.cookies[SESSION_COOKIE];
    return cookie === undefined ? null : ofSession(cookie);
  }

  async function signIn(request: FastifyRequest, reply: FastifyReply, userId: string): Promise<void> {
    const token = randomBytes(32).toString("base64url");
    const wallMs = nowWallMs();
    await database.sessions.create({
      id: tokenHash(token),
      userId,
      csrf: randomBytes(24).toString("base64url"),
      address: request.ip,
      userAgent: request.headers["user-agent"]?.slice(0, 300) ?? null,
      createdWallMs: wallMs,
      seenWallMs: wallMs,
      expiresWallMs: wallMs + SESSION_MS,
    });
    await database.users.update(userId, { lastLoginWallMs: wallMs });
    await database.sessions.removeExpired(wallMs);
    void reply.setCookie(SESSION_COOKIE, token, cookieOptions(request));
  }

  async function signOut(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const sessionId = request.identity?.sessionId ?? null;
    if (sessionId !== null) {
      await database.sessions.remove(sessionId);
      lately.delete(sessionId);
    }
    void reply.clearCookie(SESSION_COOKIE, cookieOptions(request));
  }

  /** Forgets who was let in lately: a changed password, profile or state counts at once, database or not. */
  function forgetUser(userId: string): void {
    for (const [id, identity] of lately) if (identity.userId === userId) lately.delete(id);
  }

  /** The token that forms of this browser carry; a visitor gets one in a cookie. */
  function csrfToken(request: FastifyRequest, reply: FastifyReply): string {
    if (request.identity?.how === "session") return request.identity.csrf;
    const present = request.cookies[VISITOR_COOKIE];
    if (present !== undefined && present.length >= 32) return present;
    const token = randomBytes(24).toString("base64url");
    void reply.setCookie(VISITOR_COOKIE, token, cookieOptions(request));
    return token;
  }

  /** Whether a form or a write of this browser carries the right token. */
  function hasCsrfToken(request: FastifyRequest): boolean {
    const expected =
      request.identity?.how === "session" ? request.identity.csrf : (request.cookies[VISITOR_COOKIE] ?? "");
    const header = request.headers["x-csrf-token"];
    const body = request.body as { _csrf?: unknown } | null | undefined;
    const given = typeof header === "string" ? header : typeof body?._csrf === "string" ? body._csrf : "";
    const a = Buffer.from(expected);
    const b = Buffer.from(given);
    return a.length >= 32 && a.length === b.length && timingSafeEqual(a, b);
  }

  return { identify, signIn, signOut, forgetUser, csrfToken, hasCsrfToken };
}

export type Identities = ReturnType<typeof createIdentities>;

export function addIdentity(app: FastifyInstance): void {
  app.decorateRequest("identity", null);
}

/** Cookies go over plain http on this machine only. */
export function cookieOptions(request: FastifyRequest) {
  return { path: "/", httpOnly: true, sameSite: "lax", secure: !isLoopback(request.hostname) } as const;
}
