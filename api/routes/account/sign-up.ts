import { Type } from "typebox";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { UserRecord } from "../../../db/entities/user.ts";
import {
  CONFIRM_LINK_MS,
  mailOf,
  mailProblem,
  nameProblem,
  PASSWORD_MAX,
  PASSWORD_MIN,
  passwordProblem,
  type FieldProblem,
} from "../../../domain/people/account.ts";
import { confirmLetter, knownLetter, voteLetter, waitingLetter } from "../../../domain/people/letters.ts";
import { LAPSE_MS } from "../../../domain/people/membership.ts";
import { profilesThatMay } from "../../../domain/permissions/permissions.ts";
import { MS_PER_DAY, MS_PER_HOUR } from "../../../domain/units.ts";
import { createAudit } from "../../audit.ts";
import type { ApiContext } from "../../context.ts";
import { hashPassword, isPassword } from "../../passwords.ts";
import { tokenHash } from "../../plugins/identity.ts";
import { Problem } from "../../problem.ts";
import { dateTime, duration } from "../../words/time.ts";
import { Csrf, formProblems, formTitle, Line } from "../forms.ts";
import { membershipInput } from "../users/membership-input.ts";
import { countAsking, createAttempts } from "./attempts.ts";
import { mailTo, newLink, senderOf, storedLink } from "./links.ts";

const MOTIVE_MAX = 2_000;
const FIELDS = ["name", "mail", "motive", "password"] as const;

interface Entry {
  readonly name: string;
  readonly mail: string;
  readonly motive: string;
}

/** Sign up, and confirm the mail address. */
export function signUpRoutes({ app, deps, pages }: ApiContext): void {
  const { database, nowWallMs } = deps;
  const audit = createAudit(deps);
  const sender = senderOf(deps);
  // Each sign-up costs a hash and sends a mail.
  const perAddress = createAttempts(deps, "sign-up", 10, MS_PER_HOUR);
  const wrongPasswords = createAttempts(deps, "sign-up password", 10, MS_PER_HOUR);

  app.get("/sign-up", { config: { access: "public" } }, async (request, reply) =>
    form(request, reply, { name: "", mail: "", motive: "" }, [], 200),
  );

  app.post(
    "/sign-up",
    {
      config: { access: "public" },
      schema: {
        body: Type.Object({
          name: Line(),
          mail: Line(),
          motive: Line(MOTIVE_MAX * 2),
          password: Line(1_024),
          ...Csrf,
        }),
      },
    },
    async (request, reply) => {
      const { password } = request.body;
      const name = request.body.name.trim();
      const mail = mailOf(request.body.mail);
      const motive = request.body.motive.trim();
      const problems = problemsOf({ name, mail, motive }, password);
      if (problems.length > 0) return form(request, reply, { name, mail, motive }, problems, 400);
      await countAsking(perAddress, request.ip, "accounts");
      const wallMs = nowWallMs();
      const link = newLink(wallMs, CONFIRM_LINK_MS);
      const passwordHash = await hashPassword(password);
      const outcome = await database.accounts.signUp(
        { mail, name, passwordHash, motive, wallMs, link: storedLink(link) },
        {
          confirm: mailTo(mail, `confirm/${link.hash}`, confirmLetter(sender, name, link.token)),
          known: (user) => mailTo(mail, `known/${user.id}/${wallMs}`, knownLetter(sender, user.name)),
        },
      );
      await audit(request, "account.signUp", null, { outcome });
      // Known or not, the answer is the same: nobody learns here who has an account.
      return pages.send(request, reply, "account/said", {
        title: "Look into your mail",
        sentence: "",
        words: [
          `A mail is on its way to ${mail}. Open its link within 48 hours to confirm the address.`,
          "Afterwards your account waits for a decision; you are told by mail.",
        ],
        link: { href: "/sign-in", label: "To the sign-in page" },
      });
    },
  );

  app.get(
    "/sign-up/confirm/:token",
    {
      config: { access: "public" },
      schema: { params: Type.Object({ token: Type.String({ maxLength: 200 }) }) },
    },
    async (request, reply) => {
      const user = await userOf(request.params.token);
      return confirmForm(request, reply, user, request.params.token, [], 200);
    },
  );

  app.post(
    "/sign-up/confirm/:token",
    {
      config: { access: "public" },
      schema: {
        params: Type.Object({ token: Type.String({ maxLength: 200 }) }),
        body: Type.Object({ password: Line(1_024), ...Csrf }),
      },
    },
    async (request, reply) => {
      const { token } = request.params;
      const user = await userOf(token);
      const tooSoon = await wrongPasswords.waitMs(user.id);
      // Whoever reads the mail and did not sign up does not know the password: nobody gets an account that a stranger
      // has entered for them.
      const right = tooSoon === 0 && (await isPassword(request.body.password, user.passwordHash));
      if (!right) {
        await wrongPasswords.add(user.id);
        const words =
          tooSoon > 0
            ? `Password: too many attempts. Try again in ${duration(tooSoon)}.`
            : "Password: it is not the one entered at sign-up. Forgot it? Sign up again.";
        return confirmForm(
          request,
          reply,
          user,
          token,
          [{ field: "password", words }],
          tooSoon > 0 ? 429 : 401,
        );
      }
      const confirmed = await confirm(user, tokenHash(token));
      if (!confirmed) throw linkIsVoid();
      await audit(request, "account.confirm", user.id, {}, user.id);
      return pages.send(request, reply, "account/said", {
        title: "Your mail address is confirmed",
        sentence: "",
        words: ["Your account now waits for a decision. You are told by mail; nothing is left to do."],
        link: { href: "/sign-in", label: "To the sign-in page" },
      });
    },
  );

  async function confirm(user: UserRecord, hash: string): Promise<boolean> {
    const wallMs = nowWallMs();
    const days = deps.voteDays ?? 0;
    const mode = days > 0 ? "commission" : "administrator";
    const deadlineWallMs = days > 0 ? wallMs + days * MS_PER_DAY : wallMs + LAPSE_MS;
    const entry = await database.applications.one(user.id);
    const asked = await database.accounts.active(
      profilesThatMay(mode === "commission" ? "users.vote" : "users"),
    );
    const until = `${dateTime(deadlineWallMs)} UTC`;
    const mails = asked.map((person) =>
      mailTo(
        person.mail,
        `membership/${user.id}/${wallMs}/${mode}/${person.id}`,
        mode === "commission"
          ? voteLetter(sender, person.name, user.name, until)
          : waitingLetter(sender, person.name, user.name, entry?.application.motive ?? ""),
      ),
    );
    const confirmed = await database.accounts.confirm(hash, wallMs, { mode, deadlineWallMs }, mails);
    if (confirmed) {
      const stored = await database.applications.one(user.id);
      // Without Temporal now, the first decision, or the watch over waiting applications, starts it.
      if (stored !== null)
        await deps.membership
          .start(membershipInput(deps.observatory.site.id, stored.application))
          .catch((error: unknown) => app.log.warn({ err: error }, "a membership workflow is started later"));
    }
    return confirmed;
  }

  async function userOf(token: string): Promise<UserRecord> {
    const user = await database.accounts.ofLink(tokenHash(token), "confirm", nowWallMs());
    if (user === null || user.state !== "unconfirmed") throw linkIsVoid();
    return user;
  }

  function form(
    request: FastifyRequest,
    reply: FastifyReply,
    values: Entry,
    problems: readonly FieldProblem[],
    status: number,
  ): Promise<FastifyReply> {
    return pages.send(
      request,
      reply,
      "account/sign-up",
      {
        title: formTitle("Ask for an account", problems),
        sentence: "",
        values,
        passwordMin: PASSWORD_MIN,
        passwordMax: PASSWORD_MAX,
        ...formProblems(problems, FIELDS),
      },
      status,
    );
  }

  function confirmForm(
    request: FastifyRequest,
    reply: FastifyReply,
    user: UserRecord,
    token: string,
    problems: readonly FieldProblem[],
    status: number,
  ): Promise<FastifyReply> {
    return pages.send(
      request,
      reply,
      "account/confirm",
      {
        title: formTitle("Confirm your mail address", problems),
        sentence: "",
        mail: user.mail,
        action: `/sign-up/confirm/${encodeURIComponent(token)}`,
        ...formProblems(problems, ["password"]),
      },
      status,
    );
  }
}

function problemsOf(entry: Entry, password: string): FieldProblem[] {
  const problems: readonly (readonly [string, string | null])[] = [
    ["name", nameProblem(entry.name)],
    ["mail", mailProblem(entry.mail)],
    [
      "motive",
      entry.motive.length > MOTIVE_MAX
        ? `What for: ${entry.motive.length} characters are too many, at most ${MOTIVE_MAX}.`
        : null,
    ],
    ["password", passwordProblem(password, [entry.name, entry.mail, entry.mail.split("@")[0] ?? ""])],
  ];
  return problems.flatMap(([field, words]) => (words === null ? [] : [{ field, words }]));
}

function linkIsVoid(): Problem {
  return new Problem(
    410,
    "This link was used already, has expired, or a newer one was sent. Sign in, or sign up again to get a new link.",
  );
}
