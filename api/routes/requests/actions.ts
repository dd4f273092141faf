import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import type { WrittenCheck } from "../../../domain/requests/builder.ts";
import type { RequestDraftRecord } from "../../../db/entities/request-draft.ts";
import type { ApiContext } from "../../context.ts";
import { Problem } from "../../problem.ts";
import { requestHref } from "../../words/links.ts";
import { count } from "../../words/numbers.ts";
import { duration } from "../../words/time.ts";
import type { Desk } from "./desk.ts";
import { foresightWords, pointingOf } from "./panel-model.ts";

const IdSchema = Type.Object({ id: Type.String({ maxLength: 200 }) });
/** Sequences whose chances are told before a request is submitted. */
const FORESEEN = 8;
const UNTOLD =
  "The night was not told, because the observatory does not answer. It reads all requests again at its next planning.";

/** What is done with a request as a whole, each after a page that says what it does: submit, unsubmit, delete, copy. */
export function requestActionRoutes(context: ApiContext, desk: Desk): void {
  const { app, deps, pages, identities } = context;
  const own = { access: "requests.own" } as const;

  app.get("/requests/:id/submit", { config: own, schema: { params: IdSchema } }, async (request, reply) => {
    const who = desk.author(request.identity, request.ip);
    const draft = await desk.draftOf(who, request.params.id);
    const check = await desk.check(draft.document, draft.userId);
    if (!check.check.ok) {
      return reply.redirect(`/requests/${draft.id}/edit?step=all&checked=1#problems`, 303);
    }
    return ask(request, reply, {
      title: `Submit ${draft.document.name.trim()}`,
      words: submitWords(draft, check),
      action: `/requests/${draft.id}/submit`,
      yes: "Submit request",
      no: "Go on writing",
      back: `/requests/${draft.id}/edit`,
      version: String(draft.version),
      danger: false,
    });
  });

  app.post(
    "/requests/:id/submit",
    {
      config: own,
      schema: {
        params: IdSchema,
        body: Type.Object({ version: Type.Optional(Type.String({ maxLength: 12 })) }),
      },
    },
    async (request, reply) => {
      const who = desk.author(request.identity, request.ip);
      const { id } = request.params;
      const { version } = request.body;
      const draft = await desk.draftOf(who, id);
      const done = await desk.submit(who, id, version === undefined ? draft.version : Number(version));
      if (done.kind === "wrong")
        return reply.redirect(`/requests/${id}/edit?step=all&checked=1#problems`, 303);
      return reply.redirect(`${requestHref(id)}?said=${done.told ? "submitted" : "untold"}`, 303);
    },
  );

  app.get("/requests/:id/unsubmit", { config: own, schema: { params: IdSchema } }, async (request, reply) => {
    const who = desk.author(request.identity, request.ip);
    const found = await desk.requestOf(who, request.params.id);
    const sequences = await deps.database.sequences.ofRequest(found.id);
    const open = sequences.filter(({ status }) => !["executed", "cancelled", "expired"].includes(status));
    const planned = open.filter(({ status }) => status === "planned").length;
    return ask(request, reply, {
      title: `Unsubmit ${found.name}`,
      words: [
        `${count(open.length, "sequence")} will not be observed${planned === 0 ? "" : `, ${planned} of them planned now`}. What is reserved returns to ${found.programmeId}, and the night plans without ${open.length === 1 ? "it" : "them"}.`,
        "What was observed stays, with its images. You can change the request then, and submit it again.",
      ],
      action: `/requests/${found.id}/unsubmit`,
      yes: "Unsubmit request",
      no: "Leave it submitted",
      back: requestHref(found.id),
      version: "",
      danger: true,
    });
  });

  app.post(
    "/requests/:id/unsubmit",
    { config: own, schema: { params: IdSchema } },
    async (request, reply) => {
      const who = desk.author(request.identity, request.ip);
      const { id } = request.params;
      const { told } = await desk.unsubmit(who, id);
      return reply.redirect(`${requestHref(id)}?said=${told ? "withdrawn" : "untold"}`, 303);
    },
  );

  app.post("/requests/:id/revise", { config: own, schema: { params: IdSchema } }, async (request, reply) => {
    const draft = await desk.edit(desk.author(request.identity, request.ip), request.params.id);
    return reply.redirect(`/requests/${draft.id}/edit`, 303);
  });

  app.post("/requests/:id/copy", { config: own, schema: { params: IdSchema } }, async (request, reply) => {
    const draft = await desk.copy(desk.author(request.identity, request.ip), request.params.id);
    return reply.redirect(`/requests/${draft.id}/edit`, 303);
  });

  app.get("/requests/:id/delete", { config: own, schema: { params: IdSchema } }, async (request, reply) => {
    const who = desk.author(request.identity, request.ip);
    const draft = await desk.draftOf(who, request.params.id);
    const before = await deps.database.requests.one(draft.id);
    return ask(request, reply, {
      title: `Delete the draft of ${draft.id}`,
      words: [
        before === null
          ? `The draft "${draft.document.name}" with ${count(draft.document.sequences.length, "sequence")} is deleted. This cannot be taken back.`
          : `The changes since ${draft.id} was taken back are deleted; the request itself stays as it was.`,
      ],
      action: `/requests/${draft.id}/delete`,
      yes: "Delete draft",
      no: "Keep it",
      back: `/requests/${draft.id}/edit`,
      version: "",
      danger: true,
    });
  });

  app.post("/requests/:id/delete", { config: own, schema: { params: IdSchema } }, async (request, reply) => {
    const { id } = request.params;
    await desk.discard(desk.author(request.identity, request.ip), id);
    const before = await deps.database.requests.one(id);
    return reply.redirect(before === null ? "/requests?said=deleted" : requestHref(id), 303);
  });

  interface Question {
    readonly title: string;
    readonly words: readonly string[];
    readonly action: string;
    readonly yes: string;
    readonly no: string;
    readonly back: string;
    readonly version: string;
    readonly danger: boolean;
  }

  async function ask(
    request: FastifyRequest,
    reply: FastifyReply,
    question: Question,
  ): Promise<FastifyReply> {
    const model = { ...question, sentence: "", csrf: identities.csrfToken(request, reply) };
    if (request.headers["x-dialog"] === "1") return pages.fragment(reply, "request-question", model);
    return pages.send(request, reply, "requests/question", model);
  }

  function submitWords(draft: RequestDraftRecord, { check, sequences, totalS }: WrittenCheck): string[] {
    if (!check.ok) throw new Problem(409, "This draft is not complete.");
    const foreseen = sequences.slice(0, FORESEEN).map((understood, s) => {
      const pointing = pointingOf(understood);
      const { windowStartMs, windowEndMs } = understood;
      if (pointing === null || windowStartMs === null || windowEndMs === null) return "";
      const window = { startMs: windowStartMs, endMs: windowEndMs };
      const neededS = understood.durationS + understood.overheadS;
      const words = foresightWords(desk.foresee(pointing, window, neededS, desk.nowMs()));
      return `Sequence ${s + 1}, ${draft.document.sequences[s]?.targetName.trim() ?? ""}: ${words}`;
    });
    return [
      `${count(sequences.length, "sequence")}, ${duration(totalS * 1_000)} of ${check.request.programmeId}. The night plans again as soon as it is submitted.`,
      ...foreseen,
      ...(sequences.length > foreseen.length ? [`And ${sequences.length - foreseen.length} more.`] : []),
    ];
  }
}

/** What the request page says after an action. */
export function saidWords(said: string): string {
  switch (said) {
    case "submitted":
      return "Submitted. The night plans again with it.";
    case "withdrawn":
      return "Taken back. The night plans again without it.";
    case "untold":
      return `Done. ${UNTOLD}`;
    case "deleted":
      return "The draft was deleted.";
    default:
      return "";
  }
}
