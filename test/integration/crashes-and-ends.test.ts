import { afterAll, beforeAll, describe } from "@jest/globals";
import { startStack, type Stack } from "../support/stack.ts";
import { endChecks } from "./checks/ends.ts";
import { imageChecks } from "./checks/images.ts";
import { layerChecks } from "./checks/layers.ts";
import { personChecks } from "./checks/person.ts";
import { restartChecks } from "./checks/restarts.ts";
import { measured, RATE, type TheStack } from "./kit.ts";

// One real `vesper up`, asked from outside, in order. A night of its own: dawn comes after eleven minutes, whatever is
// not done by then.
let stack: Stack;
const the: TheStack = () => stack;

beforeAll(async () => {
  stack = await startStack({ rate: RATE });
}, 180_000);
afterAll(async () => {
  await stack?.stop();
  console.log(["measured", ...measured].join("\n  "));
}, 60_000);

describe("a new person", () => personChecks(the));
describe("processes that die", () => restartChecks(the));
describe("what is left of the night", () => imageChecks(the));
describe("the ends of a night", () => endChecks(the));
describe("the layers of safety", () => layerChecks(the));
