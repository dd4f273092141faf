import { Type } from "typebox";
import { NOTIFICATION_EVENTS } from "../../../domain/people/notifications.ts";
import type { ApiContext } from "../../context.ts";
import { Csrf, Line } from "../forms.ts";
import type { AccountDesk } from "./desk.ts";
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
export function notificationRoutes({ app }: ApiContext, desk: AccountDesk, page: ProfilePage): void {
  app.post(
    "/profile/notifications",
    {
      config: { access: "account" },
      schema: { body: Type.Object({ ...Choices, webhookUrl: Line(1_000), ...Csrf }) },
    },
    async (request, reply) => {
      const body = request.body as Readonly<Record<string, string | undefined>>;
      const webhookUrl = (body["webhookUrl"] ?? "").trim();
      const chosen = await desk.chooseNotifications(request, {
        mailEvents: NOTIFICATION_EVENTS.filter((event) => body[`mail.${event}`] === "on"),
        webhookEvents: NOTIFICATION_EVENTS.filter((event) => body[`webhook.${event}`] === "on"),
        webhookUrl,
      });
      if (chosen.problems !== undefined)
        return page.showProfile(request, reply, { problems: chosen.problems, webhookUrl });
      return page.showProfile(request, reply, {
        said: "Your choice is saved.",
        ...(chosen.newSecret === null ? {} : { newSecret: chosen.newSecret }),
      });
    },
  );
}
