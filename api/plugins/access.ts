import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { may, profilesThatMay } from "../../domain/permissions/permissions.ts";
import type { Permission } from "../../domain/permissions/permissions.ts";
import type { Pages } from "../pages/pages.ts";
import { Problem } from "../problem.ts";
import type { Identities } from "./identity.ts";

/** What a route asks of who comes: `public`, `signed` (the webhook decides itself), or a permission. */
export type Access = Permission | "public" | "signed";

declare module "fastify" {
  interface FastifyContextConfig {
    access?: Access;
    /** A long form: when the session has ended meanwhile, what was typed is given back instead of lost. */
    keepsForm?: boolean;
  }
  interface FastifyInstance {
    /** `GET /api/alerts/:id` and what it asks: every route that is served. */
    guardedRoutes: Map<string, Access>;
  }
}

const WRITES = new Set(["POST", "PUT", "PATCH", "DELETE"]);

/**
 * Guards every route by what its config says; a route that says nothing does not start the server.
 * Writes of a browser carry a CSRF token besides the cookie; a Bearer token is proof enough.
 */
export function addAccess(app: FastifyInstance, identities: Identities, pages: Pages): void {
  app.decorate("guardedRoutes", new Map<string, Access>());
  app.addHook("onRoute", (route) => {
    const access = route.config?.access;
    if (access === undefined) throw new Error(`route ${route.url} does not say who may use it`);
    for (const method of [route.method].flat()) {
      if (method !== "HEAD") app.guardedRoutes.set(`${method} ${route.url}`, access);
    }
  });

  app.addHook("onRequest", async (request, reply) => {
    const { access } = request.routeOptions.config;
    // A route that does not exist says 404 to everybody, and needs no database for that.
    if (access === undefined || access === "signed" || isAsset(request)) return;
    request.identity = await identities.identify(request);
    if (access === "public") return;
    const { identity } = request;
    if (identity === null) {
      // Answered when its body is read: see below.
      if (request.routeOptions.config.keepsForm === true && request.method === "POST") return;
      if (request.url.startsWith("/api/") || request.url.startsWith("/events")) {
        throw new Problem(401, "Sign in, or send an API token: Authorization: Bearer …", {
          "www-authenticate": 'Bearer realm="vesper"',
        });
      }
      const next = request.method === "GET" ? `?next=${encodeURIComponent(request.url)}` : "";
      await reply.redirect(`/sign-in${next}`, 303);
      return;
    }
    if (!may(identity.profile, access)) throw new Problem(403, refusal(identity.profile, access));
  });

  // After the body is read: the token of a form travels in it.
  app.addHook("preValidation", async (request, reply) => {
    const { access, keepsForm } = request.routeOptions.config;
    if (!WRITES.has(request.method) || access === undefined || access === "signed") return;
    if (request.identity?.how === "token") return;
    const signedOut = request.identity === null && access !== "public";
    if (keepsForm === true && (signedOut || !identities.hasCsrfToken(request))) {
      await keptForm(request, reply, pages, identities);
      return;
    }
    if (!identities.hasCsrfToken(request)) {
      throw new Problem(
        403,
        "This form is from another visit. Go back, load the page again and press the button once more. Nothing was changed.",
      );
    }
  });
}

/** Gives a form back whose session has ended: with every field, to be sent again after signing in. Nothing is saved. */
async function keptForm(
  request: FastifyRequest,
  reply: FastifyReply,
  pages: Pages,
  identities: Identities,
): Promise<void> {
  const fields = Object.entries((request.body ?? {}) as Readonly<Record<string, unknown>>).flatMap(
    ([name, value]) => (typeof value === "string" && name !== "_csrf" ? [{ name, value }] : []),
  );
  if (fields.length === 0) {
    await reply.redirect("/sign-in", 303);
    return;
  }
  if (request.headers["hx-request"] === "true") {
    await reply
      .headers({ "hx-retarget": "#saved", "hx-reswap": "innerHTML" })
      .type("text/html; charset=utf-8")
      .serializer((text: string) => text)
      .send("Not saved: your session has ended. What you typed stays here: press Save draft and sign in.");
    return;
  }
  const signedIn = request.identity !== null;
  const model = {
    title: signedIn ? "Signed in again" : "Your session has ended",
    sentence: signedIn
      ? "What you typed is kept below this page. Press Continue to save it."
      : "What you typed is not lost. Sign in on another tab, then come back here and press Continue.",
    action: request.url,
    fields,
    signedIn,
    csrf: identities.csrfToken(request, reply),
  };
  await pages.send(request, reply, "kept-form", model, signedIn ? 409 : 401);
}

function isAsset(request: FastifyRequest): boolean {
  return request.url.startsWith("/public/");
}

function refusal(profile: string, permission: Permission): string {
  const who = profilesThatMay(permission).filter((each) => each !== "feed");
  return `Your account has the profile ${profile}, which may not do this. It takes ${who.join(" or ")}: an administrator can change your profile.`;
}
