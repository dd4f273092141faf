import { expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { MEMBERS } from "../../protocol/members.ts";
import { enumsSource, membersSource, readDeviceApi } from "../../protocol/generate.ts";

const committed = (name: string): string =>
  readFileSync(new URL(`../../protocol/${name}`, import.meta.url), "utf8");

test("the committed tables are what the generator makes of the OpenAPI description", () => {
  const document = readDeviceApi();
  expect(membersSource(document)).toBe(committed("members.ts"));
  expect(enumsSource(document)).toBe(committed("enums.ts"));
});

test("the tables hold what the interface definitions say", () => {
  expect(Object.keys(MEMBERS)).toHaveLength(10);
  expect(MEMBERS.camera.startexposure).toEqual({
    put: {
      parameters: [
        { name: "Duration", type: "double" },
        { name: "Light", type: "boolean" },
      ],
      value: "none",
    },
  });
  expect(MEMBERS.telescope.axisrates.get).toEqual({
    parameters: [{ name: "Axis", type: "int32" }],
    value: "axisRates",
  });
  expect(MEMBERS.filterwheel.position.get.value).toBe("int32");
  expect(MEMBERS.dome.connected.put.parameters).toEqual([{ name: "Connected", type: "boolean" }]);
});
