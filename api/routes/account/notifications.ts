import { randomBytes } from "node:crypto";
import { Type } from "typebox";
import { NOTIFICATION_EVENTS, webhookProblem } from "../../../domain/people/notifications.ts";
import { createAudit } from "../../audit.ts";
import type { ApiContext } from "../../context.ts";
import { Csrf, Line } from "../forms.ts";
import { personOf } from "./person.ts";
import type { ProfilePage } from "./profile.ts";

const Choice = Type.Optional(Type.Literal("on"));
/** `mail.alarm`, `webhook.alarm` …: a box that is ticked is sent, one that is not is not. */
const Choices = Object.fromEntries(
  NOTIFICATION_EVENTS.flatMap((event) => [
    [`mail.${event}`, Choice],
    [`webhook.${event}`, Choice],
  ]),
);

/** What a person wants to be told, and how. */
export function notificationRoutes({ app, deps }: ApiContext, page: ProfilePage): void {
  const { database, nowWallMs } = deps;
  const audit = createAudit(deps);

  app.post(
    "/profile/notifications",
    {
      config: { access: "account" },
      schema: { body: Type.Object({ ...Choices, webhookUrl: Line(1_000), ...Csrf }) },
    },
    async (request, reply) => {
      const { userId } = personOf(request);
      const body = request.body as Readonly<Record<string, string | undefined>>;
      const webhookUrl = (body["webhookUrl"] ?? "").trim();
      const webhookEvents = NOTIFICATION_EVENTS.filter((event) => body[`webhook.${event}`] === "on");
      const mailEvents = NOTIFICATION_EVENTS.filter((event) => body[`mail.${event}`] === "on");
      const words =
        webhookUrl === ""
          ? webhookEvents.length > 0
            ? "Webhook address: enter where to post what you chose."
            : null
          : webhookProblem(webhookUrl);
      if (words !== null)
        return page.showProfile(request, reply, { problems: [{ field: "webhookUrl", words }], webhookUrl });
      const before = await database.notifications.settingsOf(userId);
      const isNew = webhookUrl !== "" && before?.webhookUrl !== webhookUrl;
      // A new receiver gets a secret of its own, shown once.
      const secret = isNew
        ? `whsec_${randomBytes(24).toString("base64")}`
        : webhookUrl === ""
          ? null
          : (before?.webhookSecret ?? null);
      await database.notifications.choose({
        userId,
        mailEvents,
        webhookEvents,
        webhookUrl: webhookUrl === "" ? null : webhookUrl,
        webhookSecret: secret,
        sinceWallMs: nowWallMs(),
      });
      await audit(request, "notifications.choose", userId, { mailEvents, webhookEvents });
      return page.showProfile(request, reply, {
        said: "Your choice is saved.",
        ...(isNew && secret !== null ? { newSecret: secret } : {}),
      });
    },
  );
}
