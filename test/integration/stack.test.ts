import { afterAll, beforeAll, describe } from "@jest/globals";
import { startStack, type Stack } from "../support/stack.ts";
import { alertChecks } from "./checks/alerts.ts";
import { endChecks } from "./checks/ends.ts";
import { frozenServerChecks } from "./checks/frozen-servers.ts";
import { holdChecks } from "./checks/holds.ts";
import { imageChecks } from "./checks/images.ts";
import { layerChecks } from "./checks/layers.ts";
import { restartChecks } from "./checks/restarts.ts";
import { measured, RATE, type TheStack } from "./kit.ts";

// One real `vesper up`, through one night: everything that people rely on, asked from outside, in order.
let stack: Stack;
const the: TheStack = () => stack;

beforeAll(async () => {
  stack = await startStack({ rate: RATE });
}, 180_000);
afterAll(async () => {
  await stack?.stop();
  console.log(["measured", ...measured].join("\n  "));
}, 60_000);

describe("alerts", () => alertChecks(the));
describe("holds", () => holdChecks(the));
describe("servers that hang", () => frozenServerChecks(the));
describe("processes that die", () => restartChecks(the));
describe("what is left of the night", () => imageChecks(the));
describe("the ends of a night", () => endChecks(the));
describe("the layers of safety", () => layerChecks(the));
