/** The wire rules of Alpaca for a request: casing, parameters, transaction ids (Alpaca API Reference v12, section 2). */
import type { IncomingMessage } from "node:http";
import type { Operation, Parameter } from "../../protocol/member-types.ts";
import type { ParameterValue } from "../device.ts";

/** The server did not understand the request: HTTP 400 with this text. */
export class BadRequest extends Error {
  constructor(message: string) {
    super(message);
    this.name = "BadRequest";
  }
}

const LARGEST_BODY = 64 * 1024;
const LARGEST_UINT32 = 4_294_967_295;

/** Reads a form body. Throws BadRequest when it is too large or not a form. */
export async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > LARGEST_BODY) throw new BadRequest(`the body is longer than ${LARGEST_BODY} bytes`);
    chunks.push(chunk);
  }
  const type = request.headers["content-type"];
  if (length > 0 && type !== undefined && !/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type)) {
    throw new BadRequest(`the body is ${type}, must be application/x-www-form-urlencoded`);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString("utf8"));
}

/** Values sent under a name: names of GET parameters in any casing, of PUT parameters exactly. */
function valuesOf(sent: URLSearchParams, name: string, exact: boolean): string[] {
  if (exact) return sent.getAll(name);
  return [...sent].filter(([key]) => key.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
}

/** An id of the client; 0 when it is absent, empty or not an unsigned 32-bit number. */
export function clientNumber(sent: URLSearchParams, name: string, exact: boolean): number {
  const text = valuesOf(sent, name, exact)[0]?.trim() ?? "";
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  return value <= LARGEST_UINT32 ? value : 0;
}

/** The parameters an operation takes, checked and typed. Throws BadRequest naming the one that is missing or unreadable. */
export function parametersOf(
  operation: Operation,
  sent: URLSearchParams,
  exact: boolean,
): Readonly<Record<string, ParameterValue>> {
  return Object.fromEntries(
    operation.parameters.map((parameter) => {
      const [text, ...others] = valuesOf(sent, parameter.name, exact);
      if (text === undefined) {
        const hint = exact ? " (parameter names of PUT are case-sensitive)" : "";
        throw new BadRequest(`parameter ${parameter.name} is missing${hint}`);
      }
      // Half of a contradictory order must not be carried out.
      if (others.some((other) => other !== text)) {
        throw new BadRequest(`parameter ${parameter.name} is there with different values`);
      }
      return [parameter.name, valueOf(parameter, text)];
    }),
  );
}

/** Name and text of an Action; the official client repeats `Parameters`, or leaves it out when there are none. */
export function actionOf(sent: URLSearchParams): { readonly name: string; readonly text: string } {
  const [name] = sent.getAll("Action");
  if (name === undefined) {
    throw new BadRequest("parameter Action is missing (parameter names of PUT are case-sensitive)");
  }
  return { name, text: sent.getAll("Parameters").join(",") };
}

function valueOf({ name, type }: Parameter, text: string): ParameterValue {
  const refuse = (rule: string): never => {
    throw new BadRequest(`parameter ${name} is ${JSON.stringify(text)}, must be ${rule}`);
  };
  switch (type) {
    case "string":
      return text;
    case "boolean": {
      const lower = text.trim().toLowerCase();
      if (lower !== "true" && lower !== "false") return refuse("true or false");
      return lower === "true";
    }
    case "int32": {
      const value = /^[+-]?\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
      if (!(value >= -2_147_483_648 && value <= 2_147_483_647)) return refuse("a 32-bit integer");
      return value;
    }
    default: {
      const readable = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim());
      const value = readable ? Number(text) : Number.NaN;
      if (!Number.isFinite(value)) return refuse("a number with a decimal point");
      return value;
    }
  }
}
