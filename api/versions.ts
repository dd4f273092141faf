import { createHash } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { Type } from "typebox";
import { Problem } from "./problem.ts";

/** Edits say which version they were made from (RFC 9110, If-Match), so that nobody overwrites what was never seen. */
export const IfMatchSchema = Type.Object({
  "if-match": Type.Optional(
    Type.String({
      maxLength: 200,
      description: "ETag of what was read: 428 without it, 412 when it was changed meanwhile",
      examples: ['"3"'],
    }),
  ),
});

/** The version of something that counts none: its content, in short. */
export function contentVersion(content: unknown): string {
  return createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 24);
}

export function etagOf(version: string | number): string {
  return `"${version}"`;
}

/**
 * Whether an edit was made from the version that there is.
 * @param what as a sentence names it: `programme COL-12`
 * @throws Problem 428 when it names none, 412 when it names another
 */
export function requireMatch(
  request: FastifyRequest,
  version: string | number,
  what: string,
  by?: string,
): void {
  const match = request.headers["if-match"];
  const etag = etagOf(version);
  if (match === undefined)
    throw new Problem(428, `Send If-Match with the ETag of ${what} as you read it; it is ${etag} now.`);
  if (match === "*" || match.split(",").some((tag) => tag.trim() === etag)) return;
  throw changedMeanwhile(version, what, by);
}

/** The answer to a program whose edit was made from an older version. */
export function changedMeanwhile(version: string | number, what: string, by?: string): Problem {
  const etag = etagOf(version);
  const who = by === undefined ? "" : ` by ${by}`;
  return new Problem(
    412,
    `${what[0]?.toUpperCase() ?? ""}${what.slice(1)} was changed${who} meanwhile; its ETag is ${etag} now. Nothing was saved.`,
    { etag },
  );
}
