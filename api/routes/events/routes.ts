import { PassThrough } from "node:stream";
import { Type } from "typebox";
import type { ApiContext } from "../../context.ts";
import type { LiveHub, Topic } from "../../live/hub.ts";
import { TOPICS } from "../../live/hub.ts";
import { LevelSchema } from "../journal/schema.ts";

/** A stream is closed after this long: the browser comes back by itself, and proves again who it is. */
const LONGEST_STREAM_MS = 15 * 60_000;
/** A reader that takes nothing is let go before its backlog grows. */
const LARGEST_BACKLOG_BYTES = 1_000_000;
const Text = Type.Optional(Type.String({ maxLength: 200 }));

/** The event stream of every page. */
export function eventRoutes({ app }: ApiContext, hub: LiveHub): void {
  app.get(
    "/events",
    {
      config: { access: "read" },
      schema: {
        querystring: Type.Object({
          topics: Type.String({ maxLength: 200, description: TOPICS.join(",") }),
          module: Text,
          level: Type.Optional(Type.Union([LevelSchema, Type.Literal("")])),
          text: Text,
          night: Text,
          after: Type.Optional(Type.Integer({ minimum: 0 })),
        }),
      },
    },
    async (request, reply) => {
      const { topics, module = "", level = "", text = "", night = "", after } = request.query;
      const asked = topics.split(",");
      const lastEventId = Number(request.headers["last-event-id"]);
      const stream = new PassThrough();
      const stop = hub.connect({
        topics: new Set(TOPICS.filter((topic): topic is Topic => asked.includes(topic))),
        filters: { module, level, text, night },
        afterId: Number.isInteger(lastEventId) && lastEventId > 0 ? lastEventId : (after ?? null),
        write: (message) => {
          if (stream.writableLength > LARGEST_BACKLOG_BYTES) stream.destroy();
          else stream.write(message);
        },
      });
      const limit = setTimeout(() => stream.end(), LONGEST_STREAM_MS);
      limit.unref();
      stream.once("close", () => {
        clearTimeout(limit);
        stop();
      });
      return reply
        .type("text/event-stream")
        .header("cache-control", "no-store")
        .header("x-accel-buffering", "no")
        .send(stream);
    },
  );
}
