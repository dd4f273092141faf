import { Type } from "typebox";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { ProgrammeRecord } from "../../../db/entities/programme.ts";
import type { FieldProblem } from "../../../domain/people/account.ts";
import { grantProblems, programmeProblems } from "../../../domain/programmes/programme.ts";
import type { ApiContext } from "../../context.ts";
import { Problem, problems } from "../../problem.ts";
import { changedMeanwhile, etagOf, IfMatchSchema, requireMatch } from "../../versions.ts";
import { Csrf, formProblems, formTitle, Line } from "../forms.ts";
import { createProgrammeDesk, programmeVersion, type Role } from "./desk.ts";
import {
  GrantSchema,
  ProgrammeDetailSchema,
  ProgrammeEntrySchema,
  ProgrammeIdSchema,
  ProgrammeMemberSchema,
} from "./schema.ts";
import { programmeHref } from "./view-model.ts";

const FIELDS = [
  "id",
  "name",
  "kind",
  "priority",
  "description",
  "active",
  "grantName",
  "hours",
  "member",
] as const;

/** Administrators create and edit programmes, grant time, choose members. */
export function programmeEditRoutes(
  { app, deps, pages }: ApiContext,
  { detail }: { readonly detail: (id: string) => Promise<ProgrammeDetail> },
): void {
  const { database } = deps;
  const desk = createProgrammeDesk({ deps });

  app.put(
    "/api/programmes/:id",
    {
      config: { access: "programmes" },
      schema: {
        tags: ["programmes"],
        summary: "Create a programme, or change it",
        description: "A new one needs no If-Match; 201 then. A change names the version it was made from.",
        params: ProgrammeIdSchema,
        headers: IfMatchSchema,
        body: ProgrammeEntrySchema,
        response: {
          200: ProgrammeDetailSchema,
          201: ProgrammeDetailSchema,
          ...problems(400, 401, 403, 412, 428, 503),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const programme = { id, ...request.body };
      refuseWrong(programmeProblems(programme));
      const what = `programme ${id}`;
      const present = await database.programmes.byId(id);
      if (present !== null) requireMatch(request, programmeVersion(present), what);
      else if (request.headers["if-match"] !== undefined)
        throw new Problem(412, `There is no ${what} (any more): send no If-Match to create it.`);
      const result = await desk.save(request, programme, (before) => sameVersion(before, present));
      if (result.kind === "changed")
        throw changedMeanwhile(result.present === null ? "" : programmeVersion(result.present), what);
      void reply.status(present === null ? 201 : 200).header("etag", etagOf(programmeVersion(programme)));
      return detail(id);
    },
  );

  app.post(
    "/api/programmes/:id/grants",
    {
      config: { access: "programmes" },
      schema: {
        tags: ["programmes"],
        summary: "Grant observing time",
        description: "Needs no If-Match: a grant of the same name is not given twice, 409.",
        params: ProgrammeIdSchema,
        body: GrantSchema,
        response: { 200: ProgrammeDetailSchema, ...problems(400, 401, 403, 404, 409, 503) },
      },
    },
    async (request) => {
      const { grantName, hours, note } = request.body;
      refuseWrong(grantProblems(grantName, hours));
      await desk.grant(request, request.params.id, grantName.trim(), hours, note.trim());
      return detail(request.params.id);
    },
  );

  app.put(
    "/api/programmes/:id/members/:userId",
    {
      config: { access: "programmes" },
      schema: {
        tags: ["programmes"],
        summary: "Make a person a member of a programme, or change the role",
        params: ProgrammeMemberSchema,
        body: Type.Object(
          { role: Type.Union([Type.Literal("pi"), Type.Literal("member")]) },
          { additionalProperties: false, examples: [{ role: "member" }] },
        ),
        response: { 200: ProgrammeDetailSchema, ...problems(400, 401, 403, 404, 503) },
      },
    },
    async (request) => {
      const { id, userId } = request.params;
      await setMember(request, id, userId, request.body.role);
      return detail(id);
    },
  );

  app.delete(
    "/api/programmes/:id/members/:userId",
    {
      config: { access: "programmes" },
      schema: {
        tags: ["programmes"],
        summary: "Take a person out of a programme",
        params: ProgrammeMemberSchema,
        response: { 204: Type.Null(), ...problems(401, 403, 404, 503) },
      },
    },
    async (request, reply) => {
      const { id, userId } = request.params;
      const members = await database.programmes.members((await desk.found(id)).id);
      if (!members.some((member) => member.userId === userId))
        throw new Problem(404, `${userId} is no member of ${id}.`);
      await setMember(request, id, userId, "none");
      return reply.status(204).send(null);
    },
  );

  app.get("/programmes/new", { config: { access: "programmes" } }, async (request, reply) =>
    form(request, reply, null, [], 200),
  );
  app.get(
    "/programmes/:id/edit",
    { config: { access: "programmes" }, schema: { params: ProgrammeIdSchema } },
    async (request, reply) => form(request, reply, await desk.found(request.params.id), [], 200),
  );

  app.post(
    "/programmes",
    {
      config: { access: "programmes" },
      schema: {
        body: Type.Object({
          id: Line(),
          name: Line(),
          kind: Line(),
          priority: Line(),
          description: Line(5_000),
          active: Type.Optional(Type.Literal("on")),
          isNew: Type.Optional(Type.Literal("1")),
          version: Type.Optional(Type.String({ maxLength: 64 })),
          ...Csrf,
        }),
      },
    },
    async (request, reply) => {
      const { body } = request;
      const id = body.id.trim().toUpperCase();
      const priority = body.priority.trim() === "" ? Number.NaN : Number(body.priority);
      const entry = {
        id,
        name: body.name.trim(),
        kind: body.kind,
        priority,
        description: body.description.trim(),
      };
      const wrong = [...programmeProblems(entry)];
      if (body.isNew === "1" && wrong.length === 0 && (await database.programmes.byId(id)) !== null)
        wrong.push({ field: "id", words: `Code: there is a programme ${id} already.` });
      const record = {
        ...entry,
        kind: entry.kind === "alert" ? ("alert" as const) : ("routine" as const),
        active: body.active === "on",
      };
      if (wrong.length > 0)
        return form(request, reply, record, wrong, 400, body.isNew === "1", body.priority);
      const result = await desk.save(request, record, (before) => {
        if (before === null) return body.version === undefined;
        return body.isNew !== "1" && [undefined, programmeVersion(before)].includes(body.version);
      });
      if (result.kind === "changed") {
        const present = result.present ?? (await desk.found(id));
        return form(request, reply, record, otherwise(present, record), 409, false, body.priority, present);
      }
      return reply.redirect(programmeHref(id), 303);
    },
  );

  app.post(
    "/programmes/:id/grants",
    {
      config: { access: "programmes" },
      schema: {
        params: ProgrammeIdSchema,
        body: Type.Object({ grantName: Line(), hours: Line(), note: Line(), ...Csrf }),
      },
    },
    async (request, reply) => {
      const programme = await desk.found(request.params.id);
      const { grantName, note } = request.body;
      const hours = Number(request.body.hours.replace(",", "."));
      const wrong = grantProblems(grantName, hours);
      if (wrong.length > 0) return form(request, reply, programme, wrong, 400);
      await desk.grant(request, programme.id, grantName.trim(), hours, note.trim());
      return reply.redirect(programmeHref(programme.id), 303);
    },
  );

  app.post(
    "/programmes/:id/members",
    {
      config: { access: "programmes" },
      schema: {
        params: ProgrammeIdSchema,
        body: Type.Object({
          member: Line(),
          role: Type.Union([Type.Literal("pi"), Type.Literal("member"), Type.Literal("none")]),
          ...Csrf,
        }),
      },
    },
    async (request, reply) => {
      const programme = await desk.found(request.params.id);
      const { member, role } = request.body;
      const wrong = await desk.setMember(request, programme.id, member, role);
      if (wrong !== null) return form(request, reply, programme, [wrong], 400);
      return reply.redirect(programmeHref(programme.id), 303);
    },
  );

  /** @throws Problem 404 for a programme or a person that there is not */
  async function setMember(
    request: FastifyRequest,
    id: string,
    userId: string,
    role: Role | "none",
  ): Promise<void> {
    await desk.found(id);
    const wrong = await desk.setMember(request, id, userId, role);
    if (wrong !== null) throw new Problem(404, `There is no user ${userId}.`);
  }

  async function form(
    request: FastifyRequest,
    reply: FastifyReply,
    programme: ProgrammeRecord | null,
    wrong: readonly FieldProblem[],
    status: number,
    isNew = programme === null,
    typedPriority?: string,
    /** The programme that there is, when it is not the one that the form shows. */
    present: ProgrammeRecord | null = programme,
  ): Promise<FastifyReply> {
    const title = isNew ? "New programme" : `Edit ${programme?.id ?? ""}`;
    const members = isNew ? [] : await database.programmes.members(programme?.id ?? "");
    return pages.send(
      request,
      reply,
      "programmes/edit",
      {
        title: formTitle(title, wrong),
        heading: title,
        sentence: "",
        isNew,
        version: present === null ? "" : programmeVersion(present),
        href: programme === null ? "/programmes" : programmeHref(programme.id),
        values: {
          id: programme?.id ?? "",
          name: programme?.name ?? "",
          priority: typedPriority ?? programme?.priority ?? 1,
          description: programme?.description ?? "",
          active: programme?.active ?? true,
        },
        kinds: ["routine", "alert"].map((kind) => ({ kind, chosen: kind === programme?.kind })),
        members: members.map(({ userId, name, role }) => ({ userId, name, role })),
        ...formProblems(wrong, FIELDS),
      },
      status,
    );
  }
}

type ProgrammeDetail = ProgrammeRecord & {
  readonly balance: { grantedS: number; openS: number; spentS: number; availableS: number };
  readonly members: { userId: string; name: string; role: string; maySubmit: boolean }[];
};

function refuseWrong(wrong: readonly FieldProblem[]): void {
  if (wrong.length > 0) throw new Problem(400, wrong.map(({ words }) => words).join(" "));
}

function sameVersion(one: ProgrammeRecord | null, other: ProgrammeRecord | null): boolean {
  if (one === null || other === null) return one === other;
  return programmeVersion(one) === programmeVersion(other);
}

/** Where somebody else saved something else meanwhile, said at each field: saving again takes this form's. */
function otherwise(theirs: ProgrammeRecord, mine: ProgrammeRecord): FieldProblem[] {
  const labels = {
    name: "Name",
    kind: "Kind",
    priority: "Priority",
    description: "Description",
    active: "Active",
  };
  return (Object.keys(labels) as (keyof typeof labels)[])
    .filter((field) => theirs[field] !== mine[field])
    .map((field) => ({
      field,
      words: `${labels[field]}: somebody else saved "${String(theirs[field])}" meanwhile. Nothing of yours is saved yet; saving again replaces it.`,
    }));
}
