import { METRICS_TYPE } from "../../../adapters/telemetry/metrics.ts";
import type { ApiContext } from "../../context.ts";
import { problems } from "../../problem.ts";
import { fileOf } from "../file-schema.ts";

declare module "fastify" {
  interface FastifyInstance {
    /** The metrics of the web process and of the observatory. */
    metricsText: () => Promise<string>;
  }
}

/** Metrics for whoever has an administrator's token; on this machine they are also on VESPER_METRICS_PORT. */
export function metricsRoutes({ app }: ApiContext): void {
  app.get(
    "/api/metrics",
    {
      config: { access: "metrics" },
      schema: {
        tags: ["health"],
        summary: "Metrics of the observatory and of the web process, in Prometheus' text format",
        response: { 200: fileOf("text/plain", "Prometheus' text format"), ...problems(401, 403, 503) },
      },
    },
    async (_request, reply) =>
      reply
        .type(METRICS_TYPE)
        .serializer(String)
        .send(await app.metricsText()),
  );
}
