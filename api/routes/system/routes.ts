import { Type } from "typebox";
import type { JournalPage } from "../../../db/repositories/journal.ts";
import type { ApiContext } from "../../context.ts";
import { problems } from "../../problem.ts";
import { Nullable } from "../lists.ts";
import { journalQuery } from "../journal/filters.ts";
import { JournalEntrySchema, JournalQuerySchema, LevelSchema } from "../journal/schema.ts";
import { systemModel } from "./view-model.ts";
import type { Part } from "./view-model.ts";

const LINES_ON_PAGE = 100;

/** The journal as list and as page, and the parts of the system. */
export function systemRoutes({ app, deps, pages, stateReader, version }: ApiContext): void {
  const { database, observatory, settings } = deps;
  const { journal } = database;
  const versions = [
    { name: "Vesper", version },
    { name: "Node", version: process.versions.node },
  ];

  app.get(
    "/api/journal",
    {
      config: { access: "read" },
      schema: {
        tags: ["journal"],
        summary: "Lines of the journal, newest first",
        querystring: JournalQuerySchema,
        response: {
          200: Type.Object({
            items: Type.Array(JournalEntrySchema),
            total: Type.Integer(),
            isEstimate: Type.Optional(Type.Boolean()),
            nextBeforeId: Nullable(Type.Integer()),
          }),
          ...problems(400, 401, 403, 503),
        },
      },
    },
    async (request) => {
      const { level, ...query } = request.query;
      const page = await journal.list({ ...query, ...(level === undefined ? {} : { levels: [level] }) });
      return { ...page, items: [...page.items] };
    },
  );

  app.get(
    "/api/system",
    {
      config: { access: "read" },
      schema: {
        tags: ["health"],
        summary: "The parts of the system, whether each answers, and versions",
        response: {
          200: Type.Object({
            parts: Type.Array(
              Type.Object({
                name: Type.String(),
                answers: Type.Boolean(),
                words: Type.String({ description: "Why not; empty when it answers" }),
              }),
            ),
            versions: Type.Array(Type.Object({ name: Type.String(), version: Type.String() })),
            modules: Type.Array(Type.String(), { description: "Modules that write into the journal" }),
          }),
          ...problems(401, 403, 503),
        },
      },
    },
    async () => {
      const [parts, modules] = await Promise.all([partsOf(), journal.modules()]);
      return {
        parts: parts.map(({ name, mark, words }) => ({ name, answers: mark.tone === "ok", words })),
        versions: [...versions],
        modules: [...modules],
      };
    },
  );

  app.get(
    "/system",
    {
      config: { access: "read" },
      schema: {
        querystring: Type.Object({
          module: Type.Optional(Type.String({ maxLength: 100 })),
          level: Type.Optional(Type.Union([LevelSchema, Type.Literal("")])),
          text: Type.Optional(Type.String({ maxLength: 200 })),
          night: Type.Optional(Type.String({ maxLength: 10 })),
          before: Type.Optional(Type.Integer({ minimum: 1 })),
          first: Type.Optional(Type.Literal("1")),
        }),
      },
    },
    async (request, reply) => {
      const { module = "", level = "", text = "", night = "", before, first } = request.query;
      const filters = { module, level, text, night };
      const query = journalQuery(filters, observatory.site.id);
      const [page, modules, parts] = await Promise.all([
        first === undefined
          ? journal.list({
              ...query,
              limit: LINES_ON_PAGE,
              ...(before === undefined ? {} : { beforeId: before }),
            })
          : firstLines(query),
        journal.modules(),
        partsOf(),
      ]);
      const model = systemModel({
        page,
        filters,
        modules,
        isNewest: before === undefined && first === undefined,
        parts,
        versions,
        temporalUi: `${settings.temporalUiUrl}/namespaces/${encodeURIComponent(settings.temporalNamespace)}/workflows`,
      });
      return pages.send(request, reply, "system/show", model);
    },
  );

  /** The page that ends with the first line ever. */
  async function firstLines(query: ReturnType<typeof journalQuery>): Promise<JournalPage> {
    const [items, { total, isEstimate }] = await Promise.all([
      journal.first({ ...query, limit: LINES_ON_PAGE }),
      journal.list({ ...query, limit: 1 }),
    ]);
    return { items, nextBeforeId: null, total, ...(isEstimate === true ? { isEstimate } : {}) };
  }

  async function partsOf(): Promise<Part[]> {
    const parts: readonly [name: string, asked: Promise<unknown>][] = [
      ["Database", database.ping()],
      ["Temporal", deps.gateway.ping()],
      ["Control worker and observatory workflow", stateReader.read(1_000)],
    ];
    const answers = await Promise.allSettled(parts.map(([, asked]) => asked));
    return answers.map((answer, i) => ({
      name: parts[i]?.[0] ?? "",
      mark:
        answer.status === "fulfilled" ? { tone: "ok", word: "answers" } : { tone: "alarm", word: "SILENT" },
      words: answer.status === "fulfilled" ? "" : (answer.reason as Error).message,
    }));
  }
}
