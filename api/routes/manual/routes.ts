import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { observatoryMs } from "../../../domain/clock.ts";
import { previewSlew, type SlewPreview } from "../../../domain/manual/preview.ts";
import { NotAnsweringError } from "../../../adapters/temporal/not-answering.ts";
import type { ApiContext } from "../../context.ts";
import type { Identity } from "../../plugins/identity.ts";
import { Problem, problems } from "../../problem.ts";
import { ObservatorySchema, UnconfirmedSchema } from "../observatory/schema.ts";
import { observatoryView } from "../../situation/observatory-view.ts";
import { operationOfForm, typedTarget, type ManualFields } from "./form.ts";
import { orderByHand, type HandOrder } from "./orders.ts";
import { ManualSchema, OperationSchema, TakeSchema } from "./schema.ts";
import { manualJson, manualModel, type ManualSaid } from "./view-model.ts";

const responses = { 200: ObservatorySchema, 202: UnconfirmedSchema, ...problems(400, 401, 403, 409, 503) };
const Typed = Type.Optional(Type.String({ maxLength: 200 }));
const SlewQuery = { target: Typed, ra: Typed, dec: Typed };
const CsrfSchema = Type.Object({ _csrf: Type.String() });

/** Manual operations: the hold, each operation, and stop. Stop asks for no hold. */
export function manualRoutes(context: ApiContext): void {
  const { app, deps, pages, stateReader, situation } = context;
  const { observatory, database } = deps;

  app.get(
    "/api/manual",
    {
      config: { access: "read" },
      schema: {
        tags: ["manual"],
        summary: "Who has the telescope by hand, and what is done",
        response: { 200: ManualSchema, ...problems(401, 403, 503) },
      },
    },
    async () => manualJson(await stateReader.read(0)),
  );

  app.post(
    "/api/manual/take",
    {
      config: { access: "devices" },
      schema: {
        tags: ["manual"],
        summary: "Take the maintenance hold, or take it over; observing stops",
        body: TakeSchema,
        response: responses,
      },
    },
    async (request, reply) => answer(request, reply, { kind: "take", reason: request.body.reason }),
  );

  app.post(
    "/api/manual/leave",
    {
      config: { access: "devices" },
      schema: {
        tags: ["manual"],
        summary: "Leave the maintenance hold; the night goes on, or the dome closes",
        response: responses,
      },
    },
    async (request, reply) => answer(request, reply, { kind: "leave" }),
  );

  app.post(
    "/api/manual/stop",
    {
      config: { access: "night.control" },
      schema: {
        tags: ["manual"],
        summary: "Stop the mount and abort exposures; always allowed, under any hold",
        response: responses,
      },
    },
    async (request, reply) => answer(request, reply, { kind: "stop" }),
  );

  app.post(
    "/api/manual/operations",
    {
      config: { access: "devices" },
      schema: {
        tags: ["manual"],
        summary: "One operation by hand; refused without the maintenance hold. Answers when it has begun",
        body: OperationSchema,
        response: responses,
      },
    },
    async (request, reply) => answer(request, reply, { kind: "operation", operation: request.body }),
  );

  app.get(
    "/manual",
    { config: { access: "devices" }, schema: { querystring: Type.Object(SlewQuery) } },
    async (request, reply) => show(request, reply, request.query, null, 200),
  );

  app.post(
    "/manual/take",
    {
      config: { access: "devices" },
      schema: { body: Type.Object({ _csrf: Type.String(), reason: Typed, name: Typed }) },
    },
    async (request, reply) => {
      const { reason = "", name = "" } = request.body;
      if (name.trim() !== observatory.site.id) {
        const words = `Name of the site "${name}": type ${observatory.site.id} to take the telescope from Vesper.`;
        return show(request, reply, request.body, { about: "hold", words, done: false }, 400);
      }
      return press(request, reply, request.body, { kind: "take", reason }, "hold");
    },
  );

  for (const [path, kind, access] of [
    ["/manual/leave", "leave", "devices"],
    ["/manual/stop", "stop", "night.control"],
  ] as const) {
    app.post(path, { config: { access }, schema: { body: CsrfSchema } }, async (request, reply) =>
      press(request, reply, {}, { kind }, kind === "leave" ? "hold" : "stop"),
    );
  }

  app.post(
    "/manual/operations",
    {
      config: { access: "devices" },
      schema: {
        body: Type.Object({
          _csrf: Type.String(),
          kind: Type.String({ maxLength: 20 }),
          ...SlewQuery,
          name: Typed,
          on: Typed,
          instrument: Typed,
          filter: Typed,
          exposure: Typed,
          frame: Typed,
          setPoint: Typed,
          position: Typed,
        }),
      },
    },
    async (request, reply) => {
      const fields = request.body;
      const refuse = (words: string) =>
        show(request, reply, fields, { about: fields.kind, words, done: false }, 400);
      if (fields.kind === "openDome" && fields.name?.trim() !== "dome") {
        return refuse(`Name "${fields.name ?? ""}": type dome to open the dome by hand.`);
      }
      const read = operationOfForm(fields);
      if ("problem" in read) return refuse(read.problem);
      return press(request, reply, fields, { kind: "operation", operation: read.operation }, fields.kind);
    },
  );

  async function press(
    request: FastifyRequest,
    reply: FastifyReply,
    fields: ManualFields,
    order: HandOrder,
    about: string,
  ): Promise<FastifyReply> {
    const outcome = await orderByHand(context, order, signedIn(request), request.ip);
    if (outcome.kind === "applied") return reply.redirect("/manual", 303);
    const words = outcome.kind === "refused" ? outcome.reason : unconfirmed(order, outcome.reason);
    return show(
      request,
      reply,
      fields,
      { about, words, done: false },
      outcome.kind === "refused" ? 409 : 202,
    );
  }

  async function answer(
    request: FastifyRequest,
    reply: FastifyReply,
    order: HandOrder,
  ): Promise<FastifyReply> {
    const outcome = await orderByHand(context, order, signedIn(request), request.ip);
    if (outcome.kind === "applied") return reply.send(observatoryView(outcome.state, observatory));
    if (outcome.kind === "refused") throw new Problem(409, outcome.reason);
    return reply.status(202).send({ confirmed: false, detail: unconfirmed(order, outcome.reason) });
  }

  async function show(
    request: FastifyRequest,
    reply: FastifyReply,
    fields: ManualFields,
    said: ManualSaid | null,
    status: number,
  ): Promise<FastifyReply> {
    // Newer than what other pages are content with: what an order did must show at once.
    await stateReader.read(0).catch((error: unknown) => {
      if (!(error instanceof NotAnsweringError)) throw error;
    });
    const [now, devices] = await Promise.all([situation(), database.devices.list()]);
    const nowMs = observatoryMs(deps.clock(), deps.nowWallMs());
    const typed = typedTarget(fields);
    const mount = devices.find(({ type }) => type === "telescope")?.values;
    const preview: SlewPreview | null =
      typed.kind === "understood" ? previewSlew(observatory, typed, placeIn(mount), nowMs) : null;
    const model = manualModel({
      situation: now,
      devices,
      observatory,
      by: signedIn(request).name,
      fields,
      typed,
      preview,
      said,
      nowMs,
      nowWallMs: deps.nowWallMs(),
    });
    return pages.send(request, reply, "manual/show", model, status);
  }
}

function signedIn({ identity }: FastifyRequest): Identity {
  if (identity === null) throw new Problem(401, "Sign in first.");
  return identity;
}

function unconfirmed(order: HandOrder, reason: string): string {
  return order.kind === "operation"
    ? `Not confirmed: ${reason} Nothing moves unless it arrives within 20 s. Look at what moves below, then give the order again.`
    : `Not confirmed: ${reason} It is applied when the control worker is back.`;
}

function placeIn(
  values: Readonly<Record<string, unknown>> | undefined,
): { readonly raDeg: number; readonly decDeg: number } | null {
  const { raDeg, decDeg } = values ?? {};
  return typeof raDeg === "number" && typeof decDeg === "number" ? { raDeg, decDeg } : null;
}
