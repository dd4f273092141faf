import { Type } from "typebox";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { UserRecord } from "../../../db/entities/user.ts";
import {
  mailOf,
  mailProblem,
  PASSWORD_MIN,
  passwordProblem,
  RECOVER_LINK_MS,
  type FieldProblem,
} from "../../../domain/people/account.ts";
import { passwordChangedLetter, recoverLetter } from "../../../domain/people/letters.ts";
import { MS_PER_HOUR } from "../../../domain/units.ts";
import { createAudit } from "../../audit.ts";
import type { ApiContext } from "../../context.ts";
import { hashPassword } from "../../passwords.ts";
import { tokenHash } from "../../plugins/identity.ts";
import { Problem } from "../../problem.ts";
import { Csrf, formProblems, formTitle, Line } from "../forms.ts";
import { countAsking, createAttempts } from "./attempts.ts";
import { mailTo, newLink, senderOf, storedLink } from "./links.ts";

/** A forgotten password, by mail. The same answer whether there is an account or not. */
export function recoveryRoutes({ app, deps, pages, identities }: ApiContext): void {
  const { database, nowWallMs } = deps;
  const audit = createAudit(deps);
  const sender = senderOf(deps);
  const perAddress = createAttempts(deps, "recovery", 20, MS_PER_HOUR);
  // A person's mailbox is not filled by strangers.
  const perMail = createAttempts(deps, "recovery mail", 3, MS_PER_HOUR);

  app.get("/recover", { config: { access: "public" } }, async (request, reply) =>
    askForm(request, reply, "", [], 200),
  );

  app.post(
    "/recover",
    { config: { access: "public" }, schema: { body: Type.Object({ mail: Line(), ...Csrf }) } },
    async (request, reply) => {
      const mail = mailOf(request.body.mail);
      const wrong = mailProblem(mail);
      if (wrong !== null) return askForm(request, reply, mail, [{ field: "mail", words: wrong }], 400);
      await countAsking(perAddress, request.ip, "passwords");
      // Not waited for: how long the answer takes does not tell whether there is an account.
      void sendLink(mail, request).catch((error: unknown) =>
        request.log.error({ err: error }, "a recovery mail could not be stored"),
      );
      return pages.send(request, reply, "account/said", {
        title: "Look into your mail",
        sentence: "",
        words: [
          `If there is an active account for ${mail}, a mail with a link is on its way. The link works once, for 60 minutes.`,
          "No mail? Look for misspellings and into the folder for junk, then ask again.",
        ],
        link: { href: "/sign-in", label: "To the sign-in page" },
      });
    },
  );

  const schemaOfLink = { params: Type.Object({ token: Type.String({ maxLength: 200 }) }) };

  app.get(
    "/recover/:token",
    { config: { access: "public" }, schema: schemaOfLink },
    async (request, reply) => {
      const user = await userOf(request.params.token);
      return passwordForm(request, reply, user, request.params.token, [], 200);
    },
  );

  app.post(
    "/recover/:token",
    {
      config: { access: "public" },
      schema: { ...schemaOfLink, body: Type.Object({ password: Line(1_024), ...Csrf }) },
    },
    async (request, reply) => {
      const { token } = request.params;
      const user = await userOf(token);
      const { password } = request.body;
      const wrong = passwordProblem(password, [user.name, user.mail, user.mail.split("@")[0] ?? ""]);
      if (wrong !== null)
        return passwordForm(request, reply, user, token, [{ field: "password", words: wrong }], 400);
      const wallMs = nowWallMs();
      const userId = await database.accounts.recover(
        tokenHash(token),
        await hashPassword(password),
        wallMs,
        ({ id, mail, name }) => mailTo(mail, `password/${id}/${wallMs}`, passwordChangedLetter(sender, name)),
      );
      if (userId === null) throw linkIsVoid();
      identities.forgetUser(userId);
      await audit(request, "password.recover", userId, {}, userId);
      return pages.send(request, reply, "account/said", {
        title: "Your password is changed",
        sentence: "",
        words: ["Every session of your account was signed out. Sign in with the new password."],
        link: { href: "/sign-in", label: "Sign in" },
      });
    },
  );

  async function sendLink(mail: string, request: FastifyRequest): Promise<void> {
    const user = await database.users.byMail(mail);
    if (user === null || user.state !== "active" || (await perMail.waitMs(user.id)) > 0) return;
    await perMail.add(user.id);
    const wallMs = nowWallMs();
    const link = newLink(wallMs, RECOVER_LINK_MS);
    await database.accounts.startRecovery(
      user.id,
      storedLink(link),
      mailTo(user.mail, `recover/${link.hash}`, recoverLetter(sender, user.name, link.token)),
      wallMs,
    );
    await audit(request, "password.recoveryAsked", user.id, {}, null);
  }

  async function userOf(token: string): Promise<UserRecord> {
    const user = await database.accounts.ofLink(tokenHash(token), "recover", nowWallMs());
    if (user === null || user.state !== "active") throw linkIsVoid();
    return user;
  }

  function askForm(
    request: FastifyRequest,
    reply: FastifyReply,
    mail: string,
    problems: readonly FieldProblem[],
    status: number,
  ): Promise<FastifyReply> {
    const model = {
      title: formTitle("Forgotten password", problems),
      sentence: "",
      mail,
      ...formProblems(problems, ["mail"]),
    };
    return pages.send(request, reply, "account/recover", model, status);
  }

  function passwordForm(
    request: FastifyRequest,
    reply: FastifyReply,
    user: UserRecord,
    token: string,
    problems: readonly FieldProblem[],
    status: number,
  ): Promise<FastifyReply> {
    const model = {
      title: formTitle("Set a new password", problems),
      sentence: "",
      mail: user.mail,
      passwordMin: PASSWORD_MIN,
      action: `/recover/${encodeURIComponent(token)}`,
      ...formProblems(problems, ["password"]),
    };
    return pages.send(request, reply, "account/new-password", model, status);
  }
}

function linkIsVoid(): Problem {
  return new Problem(
    410,
    "This link was used already, has expired, or a newer one was sent. Ask for a new one.",
  );
}
