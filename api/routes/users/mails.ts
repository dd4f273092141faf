import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { Type } from "typebox";
import type { ApiContext } from "../../context.ts";
import { problems } from "../../problem.ts";
import { dateTime } from "../../words/time.ts";
import { listOf, ListQuerySchema, partOf } from "../lists.ts";

const MailSchema = Type.Object({
  to: Type.String(),
  subject: Type.String(),
  date: Type.String({ description: "UTC" }),
  text: Type.String(),
});

/** Newest ones shown; older ones lie in the folder. */
const SHOWN = 100;

/** Mails that no server took, for administrators: what a site without a mail server goes by. */
export function mailRoutes({ app, deps, pages }: ApiContext): void {
  app.get(
    "/api/mails",
    {
      config: { access: "users" },
      schema: {
        tags: ["users"],
        summary: "Mails that lie here because no mail server takes them, newest first; at most 100",
        querystring: ListQuerySchema,
        response: { 200: listOf(MailSchema), ...problems(400, 401, 403) },
      },
    },
    async (request) => partOf(await newestMails(path.join(deps.settings.home, "mail")), request.query),
  );

  app.get("/mails", { config: { access: "users" } }, async (request, reply) => {
    const folder = path.join(deps.settings.home, "mail");
    const mails = await newestMails(folder);
    const waiting = await deps.database.outbox.list({ topic: "mail", state: "waiting", limit: 1 });
    const failed = await deps.database.outbox.list({ topic: "mail", state: "failed", limit: 50 });
    return pages.send(request, reply, "users/mails", {
      title: "Mails",
      sentence:
        mails.length === 0
          ? "No mail lies here: either none was written, or a mail server takes them (VESPER_SMTP_URL)."
          : "Without a mail server (VESPER_SMTP_URL) mails lie here: hand them on yourself.",
      mails,
      waiting: waiting.total,
      failed: failed.items.map((message) => ({
        to: message.destination,
        problem: message.lastProblem ?? "",
        at: dateTime(message.createdWallMs),
      })),
    });
  });
}

async function newestMails(folder: string) {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const files = await Promise.all(
    names
      .filter((name) => /^[0-9a-f]{32}\.txt$/.test(name))
      .map(async (name) => ({ name, atMs: (await stat(path.join(folder, name))).mtimeMs })),
  );
  const newest = files.sort((a, b) => b.atMs - a.atMs).slice(0, SHOWN);
  return Promise.all(
    newest.map(async ({ name }) => {
      const text = await readFile(path.join(folder, name), "utf8");
      const at = text.indexOf("\n\n");
      const head = at < 0 ? text : text.slice(0, at);
      return {
        to: headerOf(head, "To"),
        subject: headerOf(head, "Subject"),
        date: dateTime(Date.parse(headerOf(head, "Date"))),
        text: at < 0 ? "" : text.slice(at + 2),
      };
    }),
  );
}

function headerOf(head: string, name: string): string {
  return new RegExp(`^${name}: (.*)$`, "m").exec(head)?.[1] ?? "";
}
