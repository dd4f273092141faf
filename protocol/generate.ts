/**
 * Writes `members.ts` and `enums.ts` from the OpenAPI description of the Alpaca device API (ASCOM Initiative, MIT).
 * Run with `node protocol/generate.ts` after replacing the YAML; a test compares the committed files with its output.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parse } from "yaml";
import type { MemberTable, Operation, Parameter, ParameterType, ValueType } from "./member-types.ts";

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly items?: Schema;
  readonly allOf?: readonly Schema[];
  readonly oneOf?: readonly {
    readonly title: string;
    readonly const: number;
    readonly description?: string;
  }[];
  readonly properties?: Readonly<Record<string, Schema>>;
}

interface OpenApiOperation {
  readonly deprecated?: boolean;
  readonly parameters?: readonly { readonly $ref?: string }[];
  readonly requestBody?: { readonly $ref?: string };
  readonly responses: Readonly<Record<string, { readonly $ref?: string }>>;
}

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Partial<Record<"get" | "put", OpenApiOperation>>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

interface Content {
  readonly content: Readonly<Record<string, { readonly schema: Schema }>>;
}

/** Values whose shape the answers' schemas describe at length. */
const NAMED_RESPONSES: Readonly<Record<string, ValueType>> = {
  MethodResponse: "none",
  DeviceStateResponse: "deviceState",
  ImageArrayResponse: "imageArray",
  ImageArrayVariantResponse: "imageArray",
  AxisRatesResponse: "axisRates",
  DriveRatesResponse: "driveRates",
};

/** In ISwitchV3 and in the official client, but missing from the OpenAPI description. */
const SUPPLEMENT: Readonly<Record<string, Record<string, Record<"put", Operation>>>> = {
  switch: { cancelasync: { put: { parameters: [{ name: "Id", type: "int32" }], value: "none" } } },
};

/** Follows `$ref` until something stands there. */
function dereference(document: OpenApi, node: { readonly $ref?: string }): unknown {
  let found: unknown = node;
  while (typeof found === "object" && found !== null && "$ref" in found && typeof found.$ref === "string") {
    found = found.$ref
      .slice(2)
      .split("/")
      .reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], document);
  }
  return found;
}

function parameterType(schema: Schema, where: string): ParameterType {
  switch (schema.type) {
    case "string":
      return "string";
    case "boolean":
      return "boolean";
    case "integer":
      return "int32";
    case "number":
      return "double";
    default:
      throw new Error(`${where}: no wire type for schema type ${String(schema.type)}`);
  }
}

const REQUEST_IDS = new Set(["ClientID", "ClientTransactionID"]);

function propertiesOf(document: OpenApi, schema: Schema): [string, Schema][] {
  const whole = dereference(document, schema) as Schema;
  return [
    ...(whole.allOf ?? []).flatMap((part) => propertiesOf(document, part)),
    ...Object.entries(whole.properties ?? {}),
  ];
}

function bodyParameters(document: OpenApi, operation: OpenApiOperation, where: string): Parameter[] {
  if (operation.requestBody === undefined) return [];
  const body = dereference(document, operation.requestBody) as Content;
  const form = body.content["application/x-www-form-urlencoded"];
  if (form === undefined) throw new Error(`${where}: PUT body is not a form`);
  return propertiesOf(document, form.schema)
    .filter(([name]) => !REQUEST_IDS.has(name))
    .map(([name, schema]) => ({ name, type: parameterType(dereference(document, schema) as Schema, where) }));
}

function queryParameters(document: OpenApi, operation: OpenApiOperation, where: string): Parameter[] {
  return (operation.parameters ?? [])
    .map(
      (reference) =>
        dereference(document, reference) as {
          readonly name: string;
          readonly in: string;
          readonly schema: Schema;
        },
    )
    .filter((parameter) => parameter.in === "query" && !REQUEST_IDS.has(parameter.name))
    .map((parameter) => ({
      name: parameter.name,
      type: parameterType(dereference(document, parameter.schema) as Schema, where),
    }));
}

function valueType(document: OpenApi, operation: OpenApiOperation, where: string): ValueType {
  const reference = operation.responses["200"];
  if (reference === undefined) throw new Error(`${where}: no answer with status 200`);
  const named = NAMED_RESPONSES[reference.$ref?.split("/").at(-1) ?? ""];
  if (named !== undefined) return named;
  const answer = (dereference(document, reference) as Content).content["application/json"];
  const value = propertiesOf(document, answer?.schema ?? {}).find(([name]) => name === "Value")?.[1];
  if (value === undefined) throw new Error(`${where}: answer has no Value`);
  const schema = dereference(document, value) as Schema;
  if (schema.type !== "array") return parameterType(schema, where);
  const item = parameterType(dereference(document, schema.items ?? {}) as Schema, where);
  if (item === "string" || item === "int32") return `${item}[]`;
  throw new Error(`${where}: no value type for an array of ${item}`);
}

/** Tables of members by device type; the members common to all are under `{device_type}`. */
export function membersOf(document: OpenApi): Map<string, MemberTable> {
  const tables = new Map<string, Record<string, { get?: Operation; put?: Operation }>>();
  for (const [path, operations] of Object.entries(document.paths)) {
    const [, deviceType = "", , member = ""] = path.split("/");
    const table = tables.get(deviceType) ?? {};
    tables.set(deviceType, table);
    const entry: { get?: Operation; put?: Operation } = {};
    for (const verb of ["get", "put"] as const) {
      const operation = operations[verb];
      if (operation === undefined) continue;
      const where = `${verb.toUpperCase()} ${path}`;
      const parameters =
        verb === "get"
          ? queryParameters(document, operation, where)
          : bodyParameters(document, operation, where);
      entry[verb] = { parameters, value: valueType(document, operation, where) };
    }
    table[member] = entry;
  }
  for (const [deviceType, members] of Object.entries(SUPPLEMENT)) {
    Object.assign(tables.get(deviceType) ?? {}, members);
  }
  return tables;
}

function source(table: MemberTable): string {
  return Object.entries(table)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `  ${name}: ${JSON.stringify(member)},`)
    .join("\n");
}

const NOTICE =
  "// Generated by protocol/generate.ts from AlpacaDeviceAPI_v1P7.yaml (Copyright (c) 2023 ASCOM Initiative,\n// Peter Simpson, Bob Denny, Danial Van Noord; MIT, licence text in that file). Do not edit.\n";

/** Text of `members.ts`. */
export function membersSource(document: OpenApi): string {
  const tables = membersOf(document);
  const common = tables.get("{device_type}") ?? {};
  const types = [...tables.keys()].filter((type) => type !== "{device_type}").sort();
  return [
    NOTICE,
    'import type { AlpacaDeviceType, MemberTable } from "./member-types.ts";',
    "",
    "/** Members that every device has. */",
    `export const COMMON_MEMBERS = {\n${source(common)}\n} as const satisfies MemberTable;`,
    "",
    "/** All members of each device type, by the last element of their URL. */",
    "export const MEMBERS = {",
    ...types.map((type) => `${type}: {\n  ...COMMON_MEMBERS,\n${source(tables.get(type) ?? {})}\n},`),
    "} as const satisfies Record<AlpacaDeviceType, MemberTable>;",
    "",
  ].join("\n");
}

/** Text of `enums.ts`. */
export function enumsSource(document: OpenApi): string {
  const blocks = Object.entries(document.components.schemas)
    .filter(([, schema]) => schema.oneOf !== undefined)
    .map(([name, schema]) => {
      const lines = (schema.oneOf ?? []).map(({ title, const: value, description }) => {
        const comment =
          description === undefined ? "" : `  /** ${description.trim().replaceAll(/\s+/g, " ")} */\n`;
        return `${comment}  ${title.replaceAll(/\W/g, "")}: ${value},`;
      });
      const type = `export type ${name} =`;
      const values = `(typeof ${name})[keyof typeof ${name}];`;
      // The formatter breaks lines longer than 110.
      const gap = type.length + 1 + values.length > 110 ? "\n  " : " ";
      return `export const ${name} = {\n${lines.join("\n")}\n} as const;\n${type}${gap}${values}\n`;
    });
  return [NOTICE, ...blocks].join("\n");
}

/** The OpenAPI document beside this file. */
export function readDeviceApi(): OpenApi {
  return parse(readFileSync(new URL("AlpacaDeviceAPI_v1P7.yaml", import.meta.url), "utf8")) as OpenApi;
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const document = readDeviceApi();
  writeFileSync(new URL("members.ts", import.meta.url), membersSource(document));
  writeFileSync(new URL("enums.ts", import.meta.url), enumsSource(document));
}
