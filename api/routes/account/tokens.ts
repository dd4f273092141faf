import { Type } from "typebox";
import { PROFILES_OF_PEOPLE } from "../../../domain/permissions/profiles.ts";
import type { ApiContext } from "../../context.ts";
import { Csrf, Line } from "../forms.ts";
import type { AccountDesk } from "./desk.ts";
import type { ProfilePage } from "./profile.ts";

const TokenProfile = Type.Union([...PROFILES_OF_PEOPLE, "feed" as const].map((each) => Type.Literal(each)));

/** The own API tokens on the profile page: made (shown once), revoked. */
export function tokenRoutes({ app }: ApiContext, desk: AccountDesk, page: ProfilePage): void {
  app.post(
    "/profile/tokens",
    {
      config: { access: "account" },
      schema: {
        body: Type.Object({
          tokenName: Line(),
          tokenDays: Type.String({ maxLength: 10, default: "365" }),
          tokenProfile: TokenProfile,
          ...Csrf,
        }),
      },
    },
    async (request, reply) => {
      const { tokenName, tokenDays, tokenProfile } = request.body;
      const made = await desk.makeToken(request, {
        name: tokenName,
        days: tokenDays.trim() === "" ? Number.NaN : Number(tokenDays),
        profile: tokenProfile,
      });
      if (made.problems !== undefined) return page.showProfile(request, reply, { problems: made.problems });
      return page.showProfile(request, reply, { newToken: made.token });
    },
  );

  app.post(
    "/profile/tokens/:id/revoke",
    {
      config: { access: "account" },
      schema: { params: Type.Object({ id: Type.Integer({ minimum: 1, maximum: 2_147_483_647 }) }) },
    },
    async (request, reply) => {
      const { id } = request.params;
      await desk.revokeToken(request, id);
      return page.showProfile(request, reply, { said: `Token ${id} is revoked.` });
    },
  );
}
