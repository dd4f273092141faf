import { STATUS_CODES } from "node:http";
import swagger from "@fastify/swagger";
import type { App } from "../context.ts";
import { profilesThatMay } from "../../domain/permissions/permissions.ts";
import { ProblemSchema } from "../problem.ts";
import type { Access } from "./access.ts";
import { responseExamples } from "./openapi-examples.ts";

/** What each group of operations is about, in the order in which the description shows them. */
const TAGS: Readonly<Record<string, string>> = {
  observatory: "The state of the observatory, nights, holds, and what a person may order",
  schedules: "What is observed when, what was refused and why",
  requests: "What people ask to have observed: drafts, submission, files, calculator",
  alerts: "Events in the sky, their notices and what was done",
  alarms: "What a person is needed for",
  images: "Images with their files",
  calibrations: "Calibration runs, frames and masters",
  devices: "Devices, their history and commands",
  weather: "Weather and almanac",
  manual: "Operations by hand",
  journal: "What happened, line by line",
  programmes: "Programmes, their members and quota ledger",
  quota: "Balances",
  account: "The own account",
  users: "Accounts of others, applications, permissions",
  partners: "Messages to and from IC and FSC",
  "back office": "Every table",
  health: "Whether all works",
};

/** What a problem of each status looks like. */
const PROBLEMS: Readonly<Record<string, string>> = {
  400: 'query field "limit" is "x": must be integer.',
  401: "Sign in, or send an API token: Authorization: Bearer …",
  403: "Your account has the profile user, which may not do this. It takes admin: an administrator can change your profile.",
  404: "There is no request R9999.",
  409: "R0001 is withdrawn: only a submitted request can be taken back.",
  412: 'Draft R0001 was changed by maria@example.org meanwhile; its ETag is "4" now. Nothing was saved.',
  413: "The body is too large: at most 262144 bytes are taken.",
  422: "This token belongs to no person, and a request needs an author: make a token in your profile.",
  428: 'Send If-Match with the ETag of draft R0001 as you read it; it is "3" now.',
  503: "The database does not answer. The night goes on without it; try again in a few seconds.",
};

/** Whether a path is for programs: those are described. Pages are for people. */
export function isForPrograms(url: string): boolean {
  return url.startsWith("/api/") || url === "/healthz" || url === "/readyz";
}

/** Describes every route for programs from its schemas, what it asks of who comes, and examples. Register before the routes. */
export async function addOpenApi(app: App, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Vesper",
        description:
          "A robotic observatory. Times are Unix ms (fields that end in Ms) or ISO UTC; angles are ICRS degrees. Refusals are problem details (RFC 9457).",
        version,
        license: { name: "MIT", identifier: "MIT" },
      },
      tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
      components: {
        securitySchemes: {
          session: {
            type: "apiKey",
            in: "cookie",
            name: "vesper_session",
            description: "A signed-in browser; writes also need the header x-csrf-token",
          },
          token: { type: "http", scheme: "bearer", description: "An API token of a person's profile page" },
          signature: {
            type: "apiKey",
            in: "header",
            name: "webhook-signature",
            description: "Standard Webhooks: with webhook-id and webhook-timestamp",
          },
        },
        schemas: { Problem: { ...ProblemSchema } as object },
      },
      security: [{ token: [] }, { session: [] }],
    },
    transform: ({ schema, url, route, ...rest }) => {
      if (!isForPrograms(url) || schema === undefined || schema.hide === true)
        return { ...rest, route, url, schema: { ...schema, hide: true } };
      const access = route.config?.access ?? "public";
      const description = [schema.description, accessWords(access)].filter((words) => words !== undefined);
      return {
        ...rest,
        route,
        url,
        schema: {
          ...schema,
          operationId: operationId(String(route.method), url),
          description: description.join(" "),
          security: securityOf(access),
        },
      };
    },
    transformObject: (document) => {
      if (!("openapiObject" in document)) return document.swaggerObject;
      for (const [path, operations] of Object.entries(document.openapiObject.paths ?? {}))
        for (const [method, operation] of Object.entries(operations ?? {}))
          finish(operation as Operation, responseExamples[`${method.toUpperCase()} ${path}`] ?? {});
      return document.openapiObject;
    },
  });
}

/** Serves the description. Register after the routes. */
export function addOpenApiRoute(app: App): void {
  app.get("/api/openapi.json", { config: { access: "public" }, schema: { hide: true } }, async () =>
    app.swagger(),
  );
}

interface Media {
  schema?: { type?: string };
  example?: unknown;
}
interface Operation {
  parameters?: { in: string; name: string }[];
  requestBody?: unknown;
  security?: object[];
  responses: Record<string, { description: string; headers?: object; content?: Record<string, Media> }>;
}

/** Problems in their media type, what any operation may answer, ETags of what is edited, examples. */
function finish(operation: Operation, examples: Readonly<Record<string, unknown>>): void {
  const { responses, parameters = [], requestBody, security = [] } = operation;
  const possible = [
    ...(parameters.length > 0 || requestBody !== undefined ? ["400"] : []),
    ...(security.length > 0 ? ["401", "403"] : []),
  ];
  for (const status of [...Object.keys(responses), ...possible]) {
    if (Number(status) < 400) {
      const content = responses[status]?.content ?? {};
      // Created or changed, it looks the same.
      const example = examples[status] ?? Object.values(examples)[0];
      for (const [type, media] of Object.entries(content))
        if (type === "application/json" && example !== undefined) media.example ??= example;
      const isEdit = parameters.some(({ in: where, name }) => where === "header" && name === "if-match");
      if (isEdit && responses[status] !== undefined && responses[status].content !== undefined)
        responses[status].headers = {
          etag: { schema: { type: "string" }, description: "The version that there is now" },
        };
      if (responses[status]?.description === "Default Response")
        responses[status].description = STATUS_CODES[status] ?? "";
    } else {
      responses[status] = problemResponse(status, responses[status]?.content?.["application/json"]);
    }
  }
}

/** @param stated what the route itself says of it; more than plain problem details is kept */
function problemResponse(status: string, stated: Media | undefined): Operation["responses"][string] {
  const properties = Object.keys((stated?.schema as { properties?: object } | undefined)?.properties ?? {});
  const title = STATUS_CODES[status] ?? "Problem";
  const example = {
    type: "about:blank",
    title,
    status: Number(status),
    detail: PROBLEMS[status] ?? `${title}.`,
    instance: "k3x9q2ab",
  };
  const media: Media = properties.includes("errors")
    ? {
        ...stated,
        example: {
          ...example,
          type: "urn:vesper:problem:broken-request",
          detail: "1 thing to correct. Nothing was saved.",
          errors: [
            {
              field: "sequences[0].dec",
              value: -95,
              rule: "must be from -90 to 90 degrees",
              line: 9,
              detail: "Line 9, sequences[0].dec is -95: must be from -90 to 90 degrees.",
            },
          ],
        },
      }
    : { schema: { $ref: "#/components/schemas/Problem" } as object, example };
  return { description: title, content: { "application/problem+json": media } };
}

function accessWords(access: Access): string {
  if (access === "public") return "For everybody.";
  if (access === "signed") return "Signed, or by a token.";
  return `Takes the permission ${access}: ${profilesThatMay(access).join(", ")}.`;
}

function securityOf(access: Access): Record<string, string[]>[] {
  if (access === "public") return [];
  const signed = access === "signed" ? [{ signature: [] }] : [];
  return [...signed, { token: [] }, { session: [] }];
}

/** `GET /api/requests/:id/file.yaml` → `getRequestsByIdFileYaml`. */
function operationId(method: string, url: string): string {
  const words = url
    .replace(/^\/(api\/)?/, "")
    .replaceAll(/:(\w+)/g, "by-$1")
    .split(/[^A-Za-z0-9]+/);
  return [
    method.toLowerCase(),
    ...words.map((word) => `${word[0]?.toUpperCase() ?? ""}${word.slice(1)}`),
  ].join("");
}
