import { randomUUID } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { builderOf } from "../../../domain/requests/builder.ts";
import { writtenFields } from "../../../domain/requests/difference.ts";
import type { WrittenRequest } from "../../../domain/requests/written.ts";
import type { RequestDraftRecord } from "../../../db/entities/request-draft.ts";
import type { ApiContext } from "../../context.ts";
import { dateTime } from "../../words/time.ts";
import type { Author, Desk } from "./desk.ts";
import { editorModel, notesOf, type Conflict } from "./editor-model.ts";
import { press, withForm, type FormFields } from "./form.ts";
import { labelOf, placeOf } from "./labels.ts";

const IdSchema = Type.Object({ id: Type.String({ maxLength: 200 }) });
const FieldsSchema = Type.Record(Type.String({ maxLength: 200 }), Type.Unknown());
/** A request of 100 sequences as a form. */
const FORM_LIMIT = 1024 * 1024;

/** Writing a request: a draft that is saved as it stands, one step at a time or all on one page, with or without script. */
export function editorRoutes({ app, deps, pages, identities }: ApiContext, desk: Desk): void {
  const { database, observatory } = deps;
  const own = { access: "requests.own" } as const;
  const form = { access: "requests.own", keepsForm: true } as const;

  app.post("/requests/new", { config: own }, async (request, reply) => {
    const draft = await desk.begin(desk.author(request.identity, request.ip));
    return reply.redirect(`/requests/${draft.id}/edit`, 303);
  });

  app.get(
    "/requests/:id/edit",
    {
      config: own,
      schema: {
        params: IdSchema,
        querystring: Type.Object({
          step: Type.Optional(Type.String({ maxLength: 200 })),
          checked: Type.Optional(Type.String({ maxLength: 1 })),
          said: Type.Optional(Type.String({ maxLength: 20 })),
        }),
      },
    },
    async (request, reply) => {
      const who = desk.author(request.identity, request.ip);
      const draft = await desk.draftOf(who, request.params.id);
      const { step = "request", checked, said } = request.query;
      return show(request, reply, draft, {
        step,
        checked: checked === "1",
        said: said === "saved" ? "Saved." : "",
        conflict: null,
      });
    },
  );

  app.post(
    "/requests/:id/edit",
    { config: form, bodyLimit: FORM_LIMIT, schema: { params: IdSchema, body: FieldsSchema } },
    async (request, reply) => {
      const who = desk.author(request.identity, request.ip);
      const { id } = request.params;
      const fields = request.body;
      const draft = await desk.draftOf(who, id);
      const step = text(fields, "step") === "" ? "request" : text(fields, "step");
      const mine = withForm(draft.document, fields);
      const pressed = press(mine, text(fields, "do"), observatory);
      const save = await saveFrom(who, draft, fields, pressed.written);
      if (save.conflict !== null) {
        return show(
          request,
          reply,
          { ...save.draft, document: mine },
          { step, checked: false, said: "", conflict: save.conflict },
          409,
        );
      }
      const checked = pressed.checked ? "&checked=1" : "";
      if (pressed.submits) {
        const { check } = await desk.check(pressed.written, draft.userId);
        if (check.ok) return reply.redirect(`/requests/${id}/submit`, 303);
        return reply.redirect(`/requests/${id}/edit?step=all${checked}#problems`, 303);
      }
      if (pressed.leadsTo !== null)
        return reply.redirect(`${pressed.leadsTo}&draft=${encodeURIComponent(id)}`, 303);
      const next = pressed.step ?? step;
      const said = checked === "" ? "&said=saved" : "";
      return reply.redirect(`/requests/${id}/edit?step=${encodeURIComponent(next)}${checked}${said}`, 303);
    },
  );

  app.post(
    "/requests/:id/live",
    { config: form, bodyLimit: FORM_LIMIT, schema: { params: IdSchema, body: FieldsSchema } },
    async (request, reply) => {
      const who = desk.author(request.identity, request.ip);
      const draft = await desk.draftOf(who, request.params.id);
      const written = withForm(draft.document, request.body);
      const save = await saveFrom(who, draft, request.body, written);
      const step = text(request.body, "step");
      const model = await modelOf(
        { ...save.draft, document: written },
        { step, checked: false, said: "", conflict: null },
        "",
      );
      return pages.fragment(reply, "request-live", {
        ...model,
        notes: notesOf(model),
        // A version that is not ours is not taken up: the next Save shows both.
        draftVersion: save.conflict === null ? String(save.draft.version) : text(request.body, "version"),
        saved:
          save.conflict === null
            ? model["saved"]
            : `Not saved: ${save.conflict.by} changed it at ${save.conflict.at} UTC. Save shows both.`,
      });
    },
  );

  async function saveFrom(
    who: Author,
    draft: RequestDraftRecord,
    fields: FormFields,
    written: WrittenRequest,
  ) {
    const version = Number(text(fields, "version"));
    const save = await desk.save(who, draft.id, version, written, text(fields, "form"));
    if (save.kind === "saved") return { draft: save.draft, conflict: null };
    const theirs = save.kind === "conflict" ? save.draft : draft;
    return { draft: theirs, conflict: conflictOf(theirs, written) };
  }

  interface Shown {
    readonly step: string;
    readonly checked: boolean;
    readonly said: string;
    readonly conflict: Conflict | null;
  }

  async function modelOf(draft: RequestDraftRecord, shown: Shown, form: string) {
    const [context, request] = await Promise.all([
      desk.contextOf(draft.userId),
      database.requests.one(draft.id),
    ]);
    return editorModel({
      ...shown,
      draft,
      check: builderOf(draft.document).check(context),
      context,
      observatory,
      form,
      names: new Map(context.programmes.map(({ id, name }) => [id, name])),
      revises: request !== null,
    });
  }

  async function show(
    request: FastifyRequest,
    reply: FastifyReply,
    draft: RequestDraftRecord,
    shown: Shown,
    status = 200,
  ): Promise<FastifyReply> {
    const model = await modelOf(draft, shown, randomUUID());
    const csrf = identities.csrfToken(request, reply);
    return pages.send(request, reply, "requests/edit", { ...model, csrf }, status);
  }
}

function text(fields: FormFields, name: string): string {
  const value = fields[name];
  return typeof value === "string" ? value : "";
}

/** What another saved and what this form wants, where they differ. */
function conflictOf(theirs: RequestDraftRecord, mine: WrittenRequest): Conflict {
  const before = writtenFields(theirs.document);
  const after = writtenFields(mine);
  const paths = [...new Set([...before.keys(), ...after.keys()])];
  return {
    by: theirs.savedBy,
    at: dateTime(theirs.updatedWallMs),
    rows: paths
      .filter((path) => before.get(path) !== after.get(path))
      .map((path) => ({
        field: [placeOf(path), labelOf(path)].filter((word) => word !== "").join(": "),
        theirs: before.get(path) ?? "not there",
        mine: after.get(path) ?? "not there",
      })),
  };
}
