import swagger from "@fastify/swagger";
import type { App } from "../context.ts";

/** Describes every route below /api from its schemas. Register before the routes. */
export async function addOpenApi(app: App, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Vesper",
        description: "A robotic observatory. Times are Unix ms or ISO UTC; angles are ICRS degrees.",
        version,
      },
      components: {
        securitySchemes: {
          session: { type: "apiKey", in: "cookie", name: "vesper_session" },
          token: { type: "http", scheme: "bearer" },
        },
      },
      security: [{ session: [] }, { token: [] }],
    },
    // Pages are for people.
    transform: ({ schema, url, ...rest }) => {
      const described = url.startsWith("/api/") || url === "/healthz" || url === "/readyz";
      return { ...rest, url, schema: described ? schema : { ...schema, hide: true } };
    },
  });
}

/** Serves the description. Register after the routes. */
export function addOpenApiRoute(app: App): void {
  app.get("/api/openapi.json", { config: { access: "public" }, schema: { hide: true } }, async () =>
    app.swagger(),
  );
}
