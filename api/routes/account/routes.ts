import { Type } from "typebox";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { ApiContext } from "../../context.ts";
import { THEME_COOKIE, THEMES } from "../../pages/theme.ts";
import { isPassword } from "../../passwords.ts";
import { cookieOptions } from "../../plugins/identity.ts";
import { duration } from "../../words/time.ts";
import { createAttempts } from "./attempts.ts";

const FIFTEEN_MINUTES = 15 * 60_000;
const YEAR_S = 365 * 86_400;

/** Sign in, sign out, choose a theme. */
export function accountRoutes({ app, deps, pages, identities }: ApiContext): void {
  // One person mistypes; a machine that tries names from one address is stopped by the second limit.
  const perMail = createAttempts(5, FIFTEEN_MINUTES, deps.nowWallMs);
  const perAddress = createAttempts(50, FIFTEEN_MINUTES, deps.nowWallMs);

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
      const mail = request.body.mail.trim().toLowerCase();
      const next = localPath(request.body.next);
      const keys = [`${request.ip} ${mail}`, request.ip] as const;
      const waitMs = Math.max(perMail.waitMs(keys[0]), perAddress.waitMs(keys[1]));
      if (waitMs > 0) {
        void reply.header("retry-after", String(Math.ceil(waitMs / 1_000)));
        const error = `Too many attempts. Try again in ${duration(waitMs)}.`;
        return signInPage(request, reply, { next, mail, error }, 429);
      }
      const user = await deps.database.users.byMail(mail);
      const known = user !== null && user.state === "active";
      const right = await isPassword(request.body.password, known ? user.passwordHash : null);
      if (!known || !right) {
        perMail.failed(keys[0]);
        perAddress.failed(keys[1]);
        const error = "This mail address and password do not belong together, or the account is not active.";
        return signInPage(request, reply, { next, mail, error }, 401);
      }
      perMail.succeeded(keys[0]);
      await identities.signIn(request, reply, user.id);
      return reply.redirect(next, 303);
    },
  );

  app.post("/sign-out", { config: { access: "account" } }, async (request, reply) => {
    await identities.signOut(request, reply);
    return reply.redirect("/sign-in", 303);
  });

  app.post(
    "/theme",
    {
      config: { access: "public" },
      schema: {
        body: Type.Object({
          theme: Type.Union(THEMES.map((theme) => Type.Literal(theme))),
          back: Type.Optional(Type.String({ maxLength: 2_000 })),
          _csrf: Type.String(),
        }),
      },
    },
    async (request, reply) => {
      void reply.setCookie(THEME_COOKIE, request.body.theme, { ...cookieOptions(request), maxAge: YEAR_S });
      return reply.redirect(localPath(request.body.back), 303);
    },
  );

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

/** A path of this server, whatever was asked for: a link may not lead elsewhere after signing in. */
function localPath(next: string | undefined): string {
  if (next === undefined || !/^\/(?![/\\])/.test(next) || /[\r\n\t]/.test(next)) return "/";
  return next;
}
