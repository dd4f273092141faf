import { Type } from "typebox";
import { may } from "../../../domain/permissions/permissions.ts";
import type { ApiContext } from "../../context.ts";
import { Problem } from "../../problem.ts";
import { Csrf, Line } from "../forms.ts";
import { localPath } from "../account/local-path.ts";
import { personOf } from "../account/person.ts";
import { topicByName, TOPICS, tourOf } from "./topics.ts";

/** Words that mean one thing here. */
const GLOSSARY: readonly { readonly word: string; readonly means: string }[] = [
  { word: "Alert", means: "one event in the sky, such as a gamma-ray burst" },
  { word: "Notice", means: "one message about an alert, from a satellite or a network" },
  { word: "Alarm", means: "something in the dome for which a person is needed" },
  { word: "Request", means: "what somebody asks to have observed" },
  { word: "Sequence", means: "one pointing of a request" },
  { word: "Album", means: "one detector's share of a sequence" },
  { word: "Plan", means: "filter, exposure time and count of frames" },
  { word: "Hold", means: "a reason not to observe, with who and why" },
  { word: "Quota", means: "observing time of a programme: granted, held, spent, returned" },
  { word: "Strategy", means: "what is done for which alert" },
  { word: "Night", means: "named by the date of its local noon" },
];

/** Help: one page per page, first steps, words. */
export function helpRoutes({ app, deps, pages }: ApiContext): void {
  const { notifications } = deps.database;

  app.get("/help", { config: { access: "read" } }, async (request, reply) => {
    const { identity } = request;
    if (identity === null) throw new Problem(401, "Sign in first.");
    const seen =
      identity.userId === null ? new Set<string>() : await notifications.seenPages(identity.userId);
    const tour = tourOf(identity.profile);
    return pages.send(request, reply, "help/list", {
      title: "Help",
      sentence: "What each page answers, first steps, and words.",
      tour: tour.map(({ page, path, title, sentences }) => ({
        path,
        title,
        first: sentences[0] ?? "",
        done: seen.has(page),
      })),
      subjects: TOPICS.filter(({ permission }) => may(identity.profile, permission)).map(
        ({ page, title }) => ({
          href: `/help/${page}`,
          title,
        }),
      ),
      glossary: GLOSSARY,
    });
  });

  app.get(
    "/help/:page",
    {
      config: { access: "read" },
      schema: { params: Type.Object({ page: Type.String({ maxLength: 50 }) }) },
    },
    async (request, reply) => {
      const topic = topicByName(request.params.page);
      if (topic === null) throw new Problem(404, `There is no help on "${request.params.page}".`);
      const { title, path, sentences } = topic;
      return pages.send(request, reply, "help/show", {
        title: `Help: ${title}`,
        sentence: "",
        path,
        name: title,
        sentences,
      });
    },
  );

  app.post(
    "/help/:page/seen",
    {
      config: { access: "account" },
      schema: {
        params: Type.Object({ page: Type.String({ maxLength: 50 }) }),
        body: Type.Object({ back: Line(2_000), ...Csrf }),
      },
    },
    async (request, reply) => {
      const { userId } = personOf(request);
      const topic = topicByName(request.params.page);
      if (topic === null) throw new Problem(404, `There is no help on "${request.params.page}".`);
      await notifications.seePage(userId, topic.page, deps.nowWallMs());
      return reply.redirect(localPath(request.body.back), 303);
    },
  );

  app.post("/help/show-again", { config: { access: "account" } }, async (request, reply) => {
    const { userId } = personOf(request);
    await notifications.unseePages(userId);
    return reply.redirect("/help", 303);
  });
}
