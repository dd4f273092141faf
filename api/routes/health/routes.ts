import { Type } from "typebox";
import { observatoryMs } from "../../../domain/clock.ts";
import type { ApiContext } from "../../context.ts";
import { Problem, problems } from "../../problem.ts";

/** Whether the process lives, whether it can work, and what time it is. */
export function healthRoutes({ app, deps, stateReader }: ApiContext): void {
  app.get(
    "/healthz",
    {
      config: { access: "public" },
      schema: {
        tags: ["health"],
        summary: "The web process lives",
        response: { 200: Type.Object({ status: Type.Literal("ok") }) },
      },
    },
    async () => ({ status: "ok" as const }),
  );

  app.get(
    "/readyz",
    {
      config: { access: "public" },
      schema: {
        tags: ["health"],
        summary: "Database, Temporal and the observatory workflow answer",
        response: {
          200: Type.Object({
            database: Type.Literal("ok"),
            temporal: Type.Literal("ok"),
            observatory: Type.Literal("ok"),
          }),
          ...problems(503),
        },
      },
    },
    async () => {
      const [database, temporal, observatory] = await Promise.allSettled([
        deps.database.ping(),
        deps.gateway.ping(),
        stateReader.read(),
      ]);
      const silent = Object.entries({ database, temporal, observatory }).flatMap(([part, outcome]) =>
        outcome.status === "rejected" ? [`${part}: ${sentenceOf(outcome.reason)}`] : [],
      );
      if (silent.length > 0) throw new Problem(503, silent.join(" "));
      return { database: "ok" as const, temporal: "ok" as const, observatory: "ok" as const };
    },
  );

  app.get(
    "/api/clock",
    {
      config: { access: "public" },
      schema: {
        tags: ["health"],
        summary: "Observatory time",
        response: {
          200: Type.Object({
            now: Type.String({ format: "date-time", description: "Observatory time, UTC" }),
            rate: Type.Number({ description: "Observatory seconds per second; 1 is the real sky" }),
          }),
        },
      },
    },
    async () => {
      const clock = deps.clock();
      return { now: new Date(observatoryMs(clock, deps.nowWallMs())).toISOString(), rate: clock.rate };
    },
  );
}

function sentenceOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}
