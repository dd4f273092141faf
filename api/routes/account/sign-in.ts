import { Type } from "typebox";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { UserRecord } from "../../../db/entities/user.ts";
import { mailOf } from "../../../domain/people/account.ts";
import { lockedForMs } from "../../../domain/people/lock-out.ts";
import { createAudit } from "../../audit.ts";
import type { ApiContext } from "../../context.ts";
import { isPassword } from "../../passwords.ts";
import { fromNow, duration } from "../../words/time.ts";
import { localPath } from "./local-path.ts";

/** Sign in and sign out. */
export function signInRoutes({ app, deps, pages, identities }: ApiContext): void {
  const { database, nowWallMs } = deps;
  const audit = createAudit(deps);

  app.get(
    "/sign-in",
    {
      config: { access: "public" },
      schema: { querystring: Type.Object({ next: Type.Optional(Type.String({ maxLength: 2_000 })) }) },
    },
    async (request, reply) => {
      if (request.identity !== null) return reply.redirect(localPath(request.query.next), 303);
      return signInPage(request, reply, { next: localPath(request.query.next), mail: "", error: "" }, 200);
    },
  );

  app.post(
    "/sign-in",
    {
      config: { access: "public" },
      schema: {
        body: Type.Object({
          mail: Type.String({ maxLength: 320 }),
          password: Type.String({ maxLength: 1_024 }),
          next: Type.Optional(Type.String({ maxLength: 2_000 })),
          _csrf: Type.String(),
        }),
      },
    },
    async (request, reply) => {
      const mail = mailOf(request.body.mail);
      const next = localPath(request.body.next);
      const failures = await database.signInFailures.of(mail, request.ip, nowWallMs());
      const waitMs = lockedForMs(failures, nowWallMs());
      if (waitMs > 0) {
        void reply.header("retry-after", String(Math.ceil(waitMs / 1_000)));
        const error = `Too many attempts. Try again in ${duration(waitMs)}.`;
        return signInPage(request, reply, { next, mail, error }, 429);
      }
      const user = await database.users.byMail(mail);
      const exists = user !== null && user.state !== "deleted";
      const right = await isPassword(request.body.password, exists ? user.passwordHash : null);
      if (!exists || !right) {
        await database.signInFailures.add(mail, request.ip, nowWallMs());
        await audit(request, "session.refused", user?.id ?? null, { why: "wrong password or unknown" }, null);
        const error = "This mail address and password do not belong together, or the account is not active.";
        return signInPage(request, reply, { next, mail, error }, 401);
      }
      // Only who knows the password is told how the account stands.
      if (user.state !== "active") {
        await audit(request, "session.refused", user.id, { why: user.state }, null);
        return signInPage(request, reply, { next, mail, error: await standing(user) }, 403);
      }
      await database.signInFailures.clear(mail, request.ip);
      // A session that this browser had before ends: nobody goes on under a token that somebody else may have set.
      await identities.signOut(request, reply);
      await identities.signIn(request, reply, user.id);
      await audit(request, "session.start", user.id, {}, user.id);
      return reply.redirect(next, 303);
    },
  );

  app.post("/sign-out", { config: { access: "account" } }, async (request, reply) => {
    await identities.signOut(request, reply);
    await audit(request, "session.end", request.identity?.userId ?? null);
    return reply.redirect("/sign-in", 303);
  });

  async function standing(user: UserRecord): Promise<string> {
    switch (user.state) {
      case "unconfirmed":
        return "The mail address is not confirmed yet: open the link in the mail that was sent when you signed up. No mail came? Sign up again.";
      case "pending": {
        const entry = await database.applications.one(user.id);
        const asked = entry === null ? "" : `, asked ${fromNow(entry.application.askedWallMs, nowWallMs())}`;
        return entry?.application.mode === "commission"
          ? `The commission has not yet decided about your account${asked}.`
          : `An administrator has not yet accepted your account${asked}.`;
      }
      case "refused": {
        const entry = await database.applications.one(user.id);
        return `Your account was not accepted. ${entry?.application.reason ?? ""}`.trim();
      }
      default:
        return "This account is disabled. An administrator can enable it.";
    }
  }

  function signInPage(
    request: FastifyRequest,
    reply: FastifyReply,
    form: { next: string; mail: string; error: string },
    status: number,
  ): Promise<FastifyReply> {
    const title = form.error === "" ? "Sign in" : "Error: sign in";
    return pages.send(request, reply, "account/sign-in", { title, sentence: "", ...form }, status);
  }
}
