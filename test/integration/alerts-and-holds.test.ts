import { afterAll, beforeAll, describe } from "@jest/globals";
import { startCollector, type Collector } from "../support/otlp.ts";
import { startStack, type Stack } from "../support/stack.ts";
import { alertChecks } from "./checks/alerts.ts";
import { deviceChecks } from "./checks/devices.ts";
import { frozenServerChecks } from "./checks/frozen-servers.ts";
import { holdChecks } from "./checks/holds.ts";
import { traceChecks } from "./checks/traces.ts";
import { measured, RATE, type TheStack } from "./kit.ts";

// One real `vesper up`, asked from outside, in order. What people and feeds do to a night, and servers that hang in it.
let stack: Stack;
let collector: Collector;
const the: TheStack = () => stack;

beforeAll(async () => {
  collector = await startCollector();
  stack = await startStack({ rate: RATE, env: { VESPER_OTLP_URL: collector.url } });
}, 180_000);
afterAll(async () => {
  await stack?.stop();
  collector?.close();
  console.log(["measured", ...measured].join("\n  "));
}, 60_000);

describe("alerts", () => alertChecks(the));
describe("traces", () => traceChecks(() => collector));
describe("holds", () => holdChecks(the));
describe("devices that fail", () => deviceChecks(the));
describe("servers that hang", () => frozenServerChecks(the));
