import { randomBytes } from "node:crypto";
import { Type } from "typebox";
import type { FieldProblem } from "../../../domain/people/account.ts";
import { may } from "../../../domain/permissions/permissions.ts";
import { boundedProfile, PROFILES_OF_PEOPLE, type Profile } from "../../../domain/permissions/profiles.ts";
import { MS_PER_DAY } from "../../../domain/units.ts";
import { createAudit } from "../../audit.ts";
import type { ApiContext } from "../../context.ts";
import { tokenHash } from "../../plugins/identity.ts";
import { Problem, problems } from "../../problem.ts";
import { Csrf, Line } from "../forms.ts";
import { Instant, listOf, Nullable } from "../lists.ts";
import { personOf } from "./person.ts";
import type { ProfilePage } from "./profile.ts";

const NAME_MAX = 100;
const DAYS_MAX = 3_650;
const TokenProfile = Type.Union([...PROFILES_OF_PEOPLE, "feed" as const].map((each) => Type.Literal(each)));

const TokenSchema = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  profile: Type.String(),
  createdWallMs: Instant(),
  expiresWallMs: Nullable(Instant()),
  revokedWallMs: Nullable(Instant()),
  lastUsedWallMs: Nullable(Instant()),
});

/** The own API tokens: listed, made (shown once), revoked. */
export function tokenRoutes({ app, deps }: ApiContext, page: ProfilePage): void {
  const { database, nowWallMs } = deps;
  const audit = createAudit(deps);

  app.get(
    "/api/tokens",
    {
      config: { access: "account" },
      schema: {
        tags: ["account"],
        summary: "Own API tokens; only their hashes are stored",
        response: { 200: listOf(TokenSchema), ...problems(401, 403, 409, 503) },
      },
    },
    async (request) => {
      const userId = request.identity?.userId ?? null;
      if (userId === null) throw new Problem(409, "This token belongs to no person, who could have others.");
      const items = (await database.tokens.list(userId)).map(({ hash: _hash, ...token }) => token);
      return { items, total: items.length };
    },
  );

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
      const { userId } = personOf(request);
      const name = request.body.tokenName.trim();
      const days = Number(request.body.tokenDays);
      const wrong: FieldProblem[] = [];
      if (name === "" || name.length > NAME_MAX)
        wrong.push({ field: "tokenName", words: `Token: give it a name of 1 to ${NAME_MAX} characters.` });
      if (!Number.isInteger(days) || days < 1 || days > DAYS_MAX)
        wrong.push({
          field: "tokenDays",
          words: `Days: "${request.body.tokenDays}" is not a whole number from 1 to ${DAYS_MAX}.`,
        });
      if (wrong.length > 0) return page.showProfile(request, reply, { problems: wrong });
      const own: Profile = request.identity?.profile ?? "user";
      const profile = request.body.tokenProfile;
      if (profile === "feed" ? !may(own, "tokens") : boundedProfile(profile, own) !== profile)
        throw new Problem(403, `A token cannot do more than you may: your profile is ${own}.`);
      const token = `vesper_${randomBytes(32).toString("base64url")}`;
      const wallMs = nowWallMs();
      const stored = await database.tokens.create({
        hash: tokenHash(token),
        name,
        profile,
        userId,
        createdWallMs: wallMs,
        expiresWallMs: wallMs + days * MS_PER_DAY,
      });
      await audit(request, "token.create", String(stored.id), { name, profile, days });
      return page.showProfile(request, reply, { newToken: token });
    },
  );

  app.post(
    "/profile/tokens/:id/revoke",
    {
      config: { access: "account" },
      schema: { params: Type.Object({ id: Type.Integer({ minimum: 1 }) }) },
    },
    async (request, reply) => {
      const { userId } = personOf(request);
      const { id } = request.params;
      const own = (await database.tokens.list(userId)).some((token) => token.id === id);
      // Another's token is none of one's business, not even whether there is one.
      if (!own || !(await database.tokens.revoke(id, nowWallMs())))
        throw new Problem(404, `You have no token ${id} that is valid.`);
      await audit(request, "token.revoke", String(id));
      return page.showProfile(request, reply, { said: `Token ${id} is revoked.` });
    },
  );
}
