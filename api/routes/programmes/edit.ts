import { Type } from "typebox";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { ProgrammeRecord } from "../../../db/entities/programme.ts";
import { observatoryMs } from "../../../domain/clock.ts";
import type { FieldProblem } from "../../../domain/people/account.ts";
import { grantProblems, programmeProblems } from "../../../domain/programmes/programme.ts";
import { createAudit } from "../../audit.ts";
import type { ApiContext } from "../../context.ts";
import { Problem, problems } from "../../problem.ts";
import { Csrf, formProblems, formTitle, Line } from "../forms.ts";
import { GrantSchema, ProgrammeDetailSchema, ProgrammeEntrySchema, ProgrammeIdSchema } from "./schema.ts";
import { programmeHref } from "./view-model.ts";

const FIELDS = ["id", "name", "kind", "priority", "description", "grantName", "hours", "member"] as const;

/** Administrators create and edit programmes, grant time, choose members. */
export function programmeEditRoutes(
  { app, deps, pages }: ApiContext,
  { detail }: { readonly detail: (id: string) => Promise<ProgrammeDetail> },
): void {
  const { database } = deps;
  const audit = createAudit(deps);

  app.put(
    "/api/programmes/:id",
    {
      config: { access: "programmes" },
      schema: {
        tags: ["programmes"],
        summary: "Create a programme, or change it",
        params: ProgrammeIdSchema,
        body: ProgrammeEntrySchema,
        response: { 200: ProgrammeDetailSchema, ...problems(400, 401, 403, 503) },
      },
    },
    async (request) => {
      const { id } = request.params;
      const entry = { id, ...request.body, description: request.body.description };
      refuseWrong(programmeProblems(entry));
      await save(request, { ...entry, active: request.body.active });
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
        params: ProgrammeIdSchema,
        body: GrantSchema,
        response: { 200: ProgrammeDetailSchema, ...problems(400, 401, 403, 404, 409, 503) },
      },
    },
    async (request) => {
      const { grantName, hours, note } = request.body;
      refuseWrong(grantProblems(grantName, hours));
      await grant(request, request.params.id, grantName, hours, note);
      return detail(request.params.id);
    },
  );

  app.get("/programmes/new", { config: { access: "programmes" } }, async (request, reply) =>
    form(request, reply, null, [], 200),
  );
  app.get(
    "/programmes/:id/edit",
    { config: { access: "programmes" }, schema: { params: ProgrammeIdSchema } },
    async (request, reply) => form(request, reply, await found(request.params.id), [], 200),
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
      await save(request, record);
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
      const programme = await found(request.params.id);
      const { grantName, note } = request.body;
      const hours = Number(request.body.hours.replace(",", "."));
      const wrong = grantProblems(grantName, hours);
      if (wrong.length > 0) return form(request, reply, programme, wrong, 400);
      await grant(request, programme.id, grantName.trim(), hours, note.trim());
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
      const programme = await found(request.params.id);
      const { member, role } = request.body;
      const user = (await database.users.byMail(member)) ?? (await database.users.byId(member.trim()));
      if (user === null || user.state === "deleted") {
        const words = `Member: there is no user "${member}". Enter a mail address or a number such as U0003.`;
        return form(request, reply, programme, [{ field: "member", words }], 400);
      }
      if (role === "none") await database.programmes.removeMember(user.id, programme.id);
      else await database.programmes.addMember({ userId: user.id, programmeId: programme.id, role });
      await audit(request, "programme.member", programme.id, { userId: user.id, role });
      return reply.redirect(programmeHref(programme.id), 303);
    },
  );

  async function save(request: FastifyRequest, programme: ProgrammeRecord): Promise<void> {
    const before = await database.programmes.byId(programme.id);
    await database.programmes.upsert(programme);
    await audit(request, before === null ? "programme.create" : "programme.change", programme.id, {
      from: before,
      to: programme,
    });
  }

  async function grant(
    request: FastifyRequest,
    programmeId: string,
    grantName: string,
    hours: number,
    note: string,
  ): Promise<void> {
    await found(programmeId);
    const wallMs = deps.nowWallMs();
    const before = await database.quota.balance(programmeId);
    const seconds = Math.round(hours * 3_600_000) / 1_000;
    await database.quota.grant({
      programmeId,
      grantName,
      seconds,
      atMs: observatoryMs(deps.clock(), wallMs),
      atWallMs: wallMs,
      note: note === "" ? "granted by an administrator" : note,
    });
    const after = await database.quota.balance(programmeId);
    if (after.grantedS === before.grantedS)
      throw new Problem(
        409,
        `${programmeId} has a grant "${grantName}" already. Grants are not given twice: use another name.`,
      );
    await audit(request, "programme.grant", programmeId, { grantName, seconds });
  }

  async function found(id: string): Promise<ProgrammeRecord> {
    const programme = await database.programmes.byId(id);
    if (programme === null) throw new Problem(404, `There is no programme ${id}.`);
    return programme;
  }

  async function form(
    request: FastifyRequest,
    reply: FastifyReply,
    programme: ProgrammeRecord | null,
    wrong: readonly FieldProblem[],
    status: number,
    isNew = programme === null,
    typedPriority?: string,
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
