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
import { Problem } from "../../problem.ts";
import { count, number } from "../../words/numbers.ts";
import { dateTime } from "../../words/time.ts";
import type { Desk } from "./desk.ts";

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
export function nightsRoutes({ app, deps, pages, identities }: ApiContext, desk: Desk): void {
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
      const save = await desk.save(
        who,
        draft.id,
        Number(request.body.version ?? draft.version),
        withCopies(draft.document, s, kept),
        "",
      );
      if (save.kind !== "saved") {
        throw new Problem(409, `${draft.id} was changed meanwhile: look at it again. Nothing was copied.`);
      }
      return reply.redirect(
        `/requests/${draft.id}/edit?step=${encodeURIComponent(`sequences[${s}]`)}&said=saved`,
        303,
      );
    },
  );

  async function preview(draft: RequestDraftRecord, query: NightsQuery) {
    const s = Number(query.sequence ?? 0);
    const sequence = draft.document.sequences[s];
    const { sequences } = await desk.check(draft.document, draft.userId);
    const understood = sequences[s];
    if (sequence === undefined || understood === undefined) {
      throw new Problem(404, `${draft.id} has no sequence ${s + 1}.`);
    }
    const copies: NightCopies = {
      from:
        query.from ?? nightDateAt(observatory.site, Math.max(desk.nowMs(), understood.windowStartMs ?? 0)),
      count: wholeOf(query.count, 5),
      step: wholeOf(query.step, 1),
      carryOverNights: wholeOf(query.carryOver, 0),
      skipUnusable: query.skip === "1",
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
