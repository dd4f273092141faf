/** What the OpenAPI descriptions of Alpaca say that an answer looks like, compiled with ajv. */
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parse } from "yaml";
import type { AlpacaDeviceType } from "../../protocol/member-types.ts";

type Verb = "get" | "put";
type Check = (answer: unknown) => string;

interface Document {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<Partial<Record<Verb, { responses: Readonly<Record<string, { $ref?: string }>> }>>>
    >
  >;
}

const INT32 = 2_147_483_648;

function read(name: string): Document {
  return parse(readFileSync(new URL(`../../protocol/${name}`, import.meta.url), "utf8")) as Document;
}

/**
 * The values of DeviceState are described as exactly one of a text, a number, a yes or no, or a date. A date is a text
 * too, so none would ever pass: at least one is meant.
 */
function mendDeviceState(document: any): void {
  const entry = document.components.responses.DeviceStateResponse.content["application/json"].schema;
  const { Value } = entry.allOf[1].properties.Value.items.properties;
  Value.anyOf = Value.oneOf;
  delete Value.oneOf;
}

function createAjv(): Ajv2020 {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  const whole = (least: number, most: number) => ({
    type: "number" as const,
    validate: (value: number) => Number.isInteger(value) && value >= least && value <= most,
  });
  ajv.addFormat("int32", whole(-INT32, INT32 - 1));
  ajv.addFormat("uint32", whole(0, 2 * INT32 - 1));
  ajv.addFormat("double", { type: "number", validate: Number.isFinite });
  const date = (text: string): boolean => !Number.isNaN(Date.parse(text.endsWith("Z") ? text : `${text}Z`));
  ajv.addFormat("date-time", date);
  ajv.addFormat("date-time-fits", date);
  return ajv;
}

const ajv = createAjv();
const device = read("AlpacaDeviceAPI_v1P7.yaml");
const management = read("AlpacaManagementAPI_v1.yaml");
mendDeviceState(device);
ajv.addSchema(device, "device");
ajv.addSchema(management, "management");

/** In ISwitchV3 and in the official client, but missing from the description. */
const UNDESCRIBED: Readonly<Record<string, string>> = {
  "/switch/{device_number}/cancelasync": "MethodResponse",
};

const compiled = new Map<string, Check>();

function check(schema: string, document: string, required: readonly string[]): Check {
  const key = `${document} ${schema} ${required.join()}`;
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const validate = ajv.compile({ $ref: `${document}#${schema}`, required, unevaluatedProperties: false });
  const made: Check = (answer) =>
    validate(answer) ? "" : ajv.errorsText(validate.errors, { dataVar: "answer" });
  compiled.set(key, made);
  return made;
}

const ENVELOPE = ["ClientTransactionID", "ServerTransactionID", "ErrorNumber", "ErrorMessage"];

/** What is wrong with the body of an answer of status 200; empty when nothing is. */
export function wrongInAnswer(
  type: AlpacaDeviceType,
  verb: Verb,
  member: string,
  answer: Readonly<Record<string, unknown>>,
): string {
  const paths = [`/${type}/{device_number}/${member}`, `/{device_type}/{device_number}/${member}`];
  const path = paths.find((candidate) => candidate in device.paths || candidate in UNDESCRIBED);
  if (path === undefined) throw new Error(`${type}/${member} is not described`);
  const reference =
    device.paths[path]?.[verb]?.responses["200"]?.$ref?.split("/").at(-1) ?? UNDESCRIBED[path];
  if (reference === undefined) throw new Error(`${verb} ${path} is not described`);
  // An error has no value; nor has what every method without a return answers.
  if (answer["ErrorNumber"] !== 0 || reference === "MethodResponse") {
    return check("/components/schemas/AlpacaResponse", "device", ENVELOPE)(answer);
  }
  const schema = `/components/responses/${reference}/content/application~1json/schema`;
  return check(schema, "device", ["Value", ...ENVELOPE])(answer);
}

/** What is wrong with an answer of the management API; empty when nothing is. */
export function wrongInManagement(path: string, answer: unknown): string {
  const schemas: Readonly<Record<string, string>> = {
    "/management/apiversions": "IntArrayResponse",
    "/management/v1/description": "DescriptionResponse",
    "/management/v1/configureddevices": "ConfiguredDevicesResponse",
  };
  const ids = ["Value", "ClientTransactionID", "ServerTransactionID"];
  return check(`/components/schemas/${schemas[path]}`, "management", ids)(answer);
}
