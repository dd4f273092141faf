import { expect, test } from "@jest/globals";
import { may, PERMISSIONS, profilesThatMay } from "../../domain/permissions/permissions.ts";
import { PROFILES } from "../../domain/permissions/profiles.ts";

test("each profile of people may do what the one before it may", () => {
  const ladder = ["user", "expert", "operator", "admin"] as const;
  for (const permission of PERMISSIONS) {
    const allowed = ladder.map((profile) => may(profile, permission));
    expect([permission, allowed]).toEqual([permission, allowed.toSorted((a, b) => Number(a) - Number(b))]);
  }
});

test("who may do what", () => {
  const table = Object.fromEntries(
    PROFILES.map((profile) => [profile, PERMISSIONS.filter((permission) => may(profile, permission))]),
  );
  expect(table["user"]).toEqual(["read", "account", "requests.own"]);
  expect(table["feed"]).toEqual(["notices.post"]);
  expect(table["operator"]).toEqual(expect.arrayContaining(["night.control", "devices", "alerts.decide"]));
  expect(table["operator"]).not.toContain("users");
  expect(table["admin"]).toEqual([...PERMISSIONS]);
  expect(profilesThatMay("notices.post")).toEqual(["admin", "feed"]);
  expect(profilesThatMay("night.control")).toEqual(["operator", "admin"]);
});
