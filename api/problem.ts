import { Type } from "typebox";
import type { Static } from "typebox";

/** A refusal or failure with its HTTP status and a sentence for people (RFC 9457). */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, detail: string, headers: Readonly<Record<string, string>> = {}) {
    super(detail);
    this.status = status;
    this.headers = headers;
  }
}

/** Problem details for HTTP APIs, RFC 9457. `id` finds the line in the log. */
export const ProblemSchema = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: "A sentence for people" }),
    instance: Type.String(),
  },
  { description: "Problem details (RFC 9457)" },
);
export type ProblemDetails = Static<typeof ProblemSchema>;

/** Problem responses of a route, for its schema. */
export function problems(...statuses: readonly number[]): Record<number, typeof ProblemSchema> {
  return Object.fromEntries(statuses.map((status) => [status, ProblemSchema]));
}
