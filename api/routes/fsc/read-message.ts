import { explain } from "../../../adapters/config/explain.ts";
import { Problem } from "../../problem.ts";
import { FSC_MESSAGES, FSC_MESSAGE_TYPES } from "./schema.ts";
import type { FscMessageBody } from "./schema.ts";

const MOST_TOLD = 5;

/**
 * The message in a body.
 * @throws Problem 400 that names field, value and rule
 */
export function readFscMessage(body: Buffer): FscMessageBody {
  const value = parsed(body);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Problem(400, "The body is no JSON object.");
  const { type, timestamp } = value as { type?: unknown; timestamp?: unknown };
  const known = FSC_MESSAGE_TYPES.find((each) => each === type);
  if (known === undefined) {
    throw new Problem(400, `type is ${words(type)}: must be one of ${FSC_MESSAGE_TYPES.join(", ")}.`);
  }
  const problems = explain(FSC_MESSAGES[known], value);
  if (problems.length > 0) throw new Problem(400, `${problems.slice(0, MOST_TOLD).join("; ")}.`);
  if (Number.isNaN(Date.parse(timestamp as string)))
    throw new Problem(400, `timestamp is ${words(timestamp)}: there is no such instant.`);
  return value as FscMessageBody;
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (error) {
    throw new Problem(400, `The body is no JSON in UTF-8: ${(error as Error).message}.`);
  }
}

function words(value: unknown): string {
  return (JSON.stringify(value) ?? "missing").slice(0, 100);
}
