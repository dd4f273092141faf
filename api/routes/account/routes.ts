import { Type } from "typebox";
import type { ApiContext } from "../../context.ts";
import { THEME_COOKIE, THEMES } from "../../pages/theme.ts";
import { cookieOptions } from "../../plugins/identity.ts";
import { localPath } from "./local-path.ts";
import { profileRoutes } from "./profile.ts";
import { recoveryRoutes } from "./recovery.ts";
import { signInRoutes } from "./sign-in.ts";
import { signUpRoutes } from "./sign-up.ts";

const YEAR_S = 365 * 86_400;

/** Everything a person does with the own account. */
export function accountRoutes(context: ApiContext): void {
  signInRoutes(context);
  signUpRoutes(context);
  recoveryRoutes(context);
  profileRoutes(context);

  context.app.post(
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
}
