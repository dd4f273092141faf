import type { FastifyError, FastifyRequest } from "fastify";

const LONGEST_VALUE = 60;
/** What a refusal does not repeat. */
const SECRET = /password|current|secret|token|_csrf/i;
const WORDS: Readonly<Record<string, string>> = {
  querystring: "query",
  params: "path",
  headers: "header",
  body: "body",
};

/** What does not fit the schema of a route, with field, value and rule: `query field "limit" is "x": must be integer.` */
export function validationSentence(error: FastifyError, request: FastifyRequest): string {
  const all = error.validation ?? [];
  const [first] = all;
  if (first === undefined) return error.message;
  const context = error.validationContext ?? "body";
  const where = WORDS[context] ?? context;
  const parts = first.instancePath.split("/").slice(1).map(unescaped);
  if (first.keyword === "required") {
    const missing = [...parts, String(first.params["missingProperty"])].join(".");
    return `${where} field "${missing}" is missing.`;
  }
  const rule = ruleOf(all, first.instancePath) ?? first.message ?? "is not what is taken here";
  const value = parts.reduce<unknown>(
    (inner, key) => (inner as Readonly<Record<string, unknown>> | null | undefined)?.[key],
    received(request, context),
  );
  const field = parts.join(".");
  const name = field === "" ? `The ${where}` : `${where} field "${field}"`;
  return SECRET.test(field) ? `${name} ${rule}.` : `${name} is ${shown(value)}: ${rule}.`;
}

/** Of a choice, every alternative is told as one rule. */
function ruleOf(all: NonNullable<FastifyError["validation"]>, path: string): string | null {
  const allowed = all
    .filter(({ keyword, instancePath }) => keyword === "const" && instancePath === path)
    .map(({ params }) => JSON.stringify(params["allowedValue"]));
  return allowed.length === 0
    ? null
    : `must be ${allowed.length === 1 ? "" : "one of "}${allowed.join(", ")}`;
}

function received(request: FastifyRequest, context: string): unknown {
  if (context === "querystring") return request.query;
  if (context === "params") return request.params;
  return context === "headers" ? request.headers : request.body;
}

function shown(value: unknown): string {
  const text = value === undefined ? "not there" : (JSON.stringify(value) ?? "not there");
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}

/** One step of a JSON pointer. */
function unescaped(step: string): string {
  return step.replaceAll("~1", "/").replaceAll("~0", "~");
}
