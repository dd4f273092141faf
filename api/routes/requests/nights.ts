import { Type } from "typebox";
import { nightDateAt } from "../../../domain/astronomy/night.ts";
import {
  copiesOverNights,
  nightCopiesErrors,
  withCopies,
  type NightCopies,
  type NightCopy,
} from "../../../domain/requests/copy-nights.ts";
import { MS_PER_HOUR } from "../../../domain/units.ts";
import type { RequestDraftRecord } from "../../../db/entities/request-draft.ts";
import type { ApiContext } from "../../context.ts";
import { Problem, problems } from "../../problem.ts";
import { etagOf, IfMatchSchema } from "../../versions.ts";
import { count, number } from "../../words/numbers.ts";
import { dateTime } from "../../words/time.ts";
import type { Desk } from "./desk.ts";
import { EDIT_RULE, type DraftEdits } from "./draft-edits.ts";

const Text = Type.Optional(Type.String({ maxLength: 40 }));
const NightsSchema = Type.Object({
  sequence: Text,
  from: Text,
  count: Text,
  step: Text,
  carryOver: Text,
  skip: Text,
  version: Text,
});
type NightsQuery = Readonly<Partial<Record<keyof typeof NightsSchema.properties, string>>>;

/** Copies one sequence over several nights, after showing what would come of it. */
export function nightsRoutes(
  { app, deps, pages, identities }: ApiContext,
  desk: Desk,
  drafts: DraftEdits,
): void {
  const { observatory } = deps;
  const own = { access: "requests.own" } as const;
  const params = Type.Object({ id: Type.String({ maxLength: 200 }) });

  app.get(
    "/requests/:id/nights",
    { config: own, schema: { params, querystring: NightsSchema } },
    async (request, reply) => {
      const who = desk.author(request.identity, request.ip);
      const draft = await desk.draftOf(who, request.params.id);
      const { s, copies, errors, rows } = await preview(draft, request.query);
      const shown = rows.filter(({ fits }) => fits || !copies.skipUnusable);
      return pages.send(request, reply, "requests/nights", {
        title: errors.length > 0 ? "Error: Copy over nights" : "Copy over nights",
        sentence: `Sequence ${s + 1}, ${draft.document.sequences[s]?.targetName ?? ""}: the copies take its place.`,
        id: draft.id,
        draftVersion: String(draft.version),
        csrf: identities.csrfToken(request, reply),
        sequence: String(s),
        from: copies.from,
        count: fieldText(copies.count, request.query.count),
        step: fieldText(copies.step, request.query.step),
        carryOver: fieldText(copies.carryOverNights, request.query.carryOver),
        skip: copies.skipUnusable,
        errors: errors.map(({ field, rule }) => `${LABELS[field] ?? field}: ${rule}.`),
        rows: rows.map((row) => ({
          date: row.date,
          window: `${dateTime(row.windowStartMs)} to ${dateTime(row.windowEndMs)}`,
          hours: number(row.usableMs / MS_PER_HOUR, 1),
          mark: row.fits
            ? { tone: "ok", word: "fits" }
            : { tone: "warning", word: copies.skipUnusable ? "does not fit: left out" : "does not fit" },
        })),
        result: `${count(shown.length, "sequence")}, ${count(rows.filter(({ fits }) => !fits).length, "night")} in which it does not fit.`,
        possible: errors.length === 0 && shown.length > 0,
      });
    },
  );

  app.post(
    "/api/request-drafts/:id/nights",
    {
      config: own,
      schema: {
        tags: ["requests"],
        summary: "Copies a sequence over nights; the copies take its place",
        description: `With preview=true nothing is saved: the answer shows the nights and whether it fits in each. ${EDIT_RULE}`,
        params,
        headers: IfMatchSchema,
        querystring: Type.Object({ preview: Type.Optional(Type.Boolean({ default: false })) }),
        body: Type.Object(
          {
            sequence: Type.Integer({ minimum: 0, maximum: 99, default: 0, description: "Which, from 0" }),
            from: Type.Optional(Type.String({ maxLength: 10, description: "First night, yyyy-mm-dd" })),
            count: Type.Integer({ description: "How many nights", default: 5 }),
            step: Type.Integer({ description: "Nights from one to the next", default: 1 }),
            carryOverNights: Type.Integer({ description: "Nights each may move on", default: 0 }),
            skipUnusable: Type.Boolean({
              description: "No copy for a night in which it does not fit",
              default: true,
            }),
          },
          {
            additionalProperties: false,
            examples: [
              { sequence: 0, from: "2026-11-21", count: 5, step: 1, carryOverNights: 2, skipUnusable: true },
            ],
          },
        ),
        response: {
          200: Type.Object({
            version: Type.Integer({ description: "of the draft now" }),
            nights: Type.Array(
              Type.Object({
                date: Type.String(),
                windowStartMs: Type.Integer(),
                windowEndMs: Type.Integer(),
                usableMs: Type.Number(),
                fits: Type.Boolean(),
                copied: Type.Boolean(),
              }),
            ),
          }),
          ...problems(400, 401, 403, 404, 409, 412, 428),
        },
      },
    },
    async (request, reply) => {
      const { who, draft } = await drafts.matched(request, request.params.id);
      const { sequence, ...wanted } = request.body;
      const { s, copies, errors, rows } = await previewCopies(draft, sequence, wanted);
      if (errors.length > 0)
        throw new Problem(
          400,
          errors.map(({ field, value, rule }) => `${field} is ${JSON.stringify(value)}: ${rule}.`).join(" "),
        );
      const kept = rows.filter(({ fits }) => fits || !copies.skipUnusable);
      const nights = rows.map(({ sequence: _sequence, ...row }) => ({
        ...row,
        copied: row.fits || !copies.skipUnusable,
      }));
      if (request.query.preview === true) {
        void reply.header("etag", etagOf(draft.version));
        return { version: draft.version, nights };
      }
      if (kept.length === 0)
        throw new Problem(
          409,
          `Sequence ${s + 1} of ${draft.id} fits in none of these nights. Nothing was copied.`,
        );
      const saved = await drafts.save(who, draft, withCopies(draft.document, s, kept));
      void reply.header("etag", etagOf(saved.version));
      return { version: saved.version, nights };
    },
  );

  app.post(
    "/requests/:id/nights",
    { config: own, schema: { params, body: NightsSchema } },
    async (request, reply) => {
      const who = desk.author(request.identity, request.ip);
      const draft = await desk.draftOf(who, request.params.id);
      const { s, copies, errors, rows } = await preview(draft, request.body);
      const kept = rows.filter(({ fits }) => fits || !copies.skipUnusable);
      const query = new URLSearchParams();
      for (const [name, value] of Object.entries(request.body)) {
        if (name !== "version") query.set(name, value);
      }
      if (errors.length > 0 || kept.length === 0) {
        return reply.redirect(`/requests/${draft.id}/nights?${query.toString()}`, 303);
      }
      const version = Number(request.body.version ?? draft.version);
      const save = await desk.save(who, draft.id, version, withCopies(draft.document, s, kept), "");
      if (save.kind !== "saved") {
        throw new Problem(409, `${draft.id} was changed meanwhile: look at it again. Nothing was copied.`);
      }
      return reply.redirect(
        `/requests/${draft.id}/edit?step=${encodeURIComponent(`sequences[${s}]`)}&said=saved`,
        303,
      );
    },
  );

  function preview(draft: RequestDraftRecord, query: NightsQuery) {
    return previewCopies(draft, Number(query.sequence ?? 0), {
      ...(query.from === undefined ? {} : { from: query.from }),
      count: wholeOf(query.count, 5),
      step: wholeOf(query.step, 1),
      carryOverNights: wholeOf(query.carryOver, 0),
      skipUnusable: query.skip === "1",
    });
  }

  async function previewCopies(
    draft: RequestDraftRecord,
    s: number,
    wanted: Omit<NightCopies, "from"> & { readonly from?: string },
  ) {
    const sequence = draft.document.sequences[s];
    const { sequences } = await desk.check(draft.document, draft.userId);
    const understood = sequences[s];
    if (sequence === undefined || understood === undefined) {
      throw new Problem(404, `${draft.id} has no sequence ${s + 1}.`);
    }
    const copies: NightCopies = {
      ...wanted,
      from:
        wanted.from ?? nightDateAt(observatory.site, Math.max(desk.nowMs(), understood.windowStartMs ?? 0)),
    };
    const errors = nightCopiesErrors(copies, draft.document.sequences.length);
    const rows: NightCopy[] =
      errors.length > 0
        ? []
        : copiesOverNights(sequence, understood, copies, draft.document.times, observatory, desk.skies);
    return { s, copies, errors, rows };
  }
}

const LABELS: Readonly<Record<string, string>> = {
  from: "First night",
  count: "How many",
  step: "Every so many nights",
  carryOverNights: "Carry over",
};

function wholeOf(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  return text.trim() === "" ? Number.NaN : Number(text);
}

function fieldText(value: number, written: string | undefined): string {
  return Number.isNaN(value) ? (written ?? "") : String(value);
}
