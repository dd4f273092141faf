import type { FastifyInstance } from "fastify";
import { Problem } from "../problem.ts";

/**
 * Refuses what no column can hold and no schema can name: numbers without end (1e999) and the character NUL, in addresses,
 * forms and JSON. The database would fail on them.
 */
export function addPlainValues(app: FastifyInstance): void {
  // After validation, which makes numbers of texts.
  app.addHook("preHandler", (request, _reply, done) => {
    for (const [where, values] of [
      ["path", request.params],
      ["query", request.query],
      ["body", Buffer.isBuffer(request.body) || typeof request.body === "string" ? null : request.body],
    ] as const) {
      const wrong = firstWrong(values, []);
      if (wrong === null) continue;
      const field = wrong.path.join(".");
      done(new Problem(400, `${where} field "${field}" is ${wrong.shown}: ${wrong.rule}.`));
      return;
    }
    done();
  });
}

interface Wrong {
  readonly path: readonly string[];
  readonly shown: string;
  readonly rule: string;
}

function firstWrong(value: unknown, path: readonly string[]): Wrong | null {
  if (typeof value === "number" && !Number.isFinite(value))
    return { path, shown: String(value), rule: "must be a finite number" };
  if (typeof value === "string" && value.includes("\u0000"))
    return {
      path,
      shown: JSON.stringify(value.slice(0, 60)),
      rule: "must be a text without the character NUL",
    };
  if (typeof value !== "object" || value === null) return null;
  for (const [name, inner] of Object.entries(value)) {
    if (name.includes("\u0000"))
      return {
        path,
        shown: JSON.stringify(name.slice(0, 60)),
        rule: "must be a name without the character NUL",
      };
    const wrong = firstWrong(inner, [...path, name]);
    if (wrong !== null) return wrong;
  }
  return null;
}
