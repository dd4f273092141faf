import { describe, expect, test } from "@jest/globals";
import {
  inOrder,
  interrupts,
  sortedByValidity,
  withClaim,
  type AlertClaim,
} from "../../domain/night/preemption.ts";

function claim(alertKey: string, rank: number, t0Ms: number, generation = 1): AlertClaim {
  return { alertKey, rank, t0Ms, generation, validUntilMs: 1_000 };
}

describe("alert against alert", () => {
  test("routine always gives way", () => {
    expect(interrupts(claim("a", 9, 0), null)).toBe(true);
  });

  test("the better rank interrupts, the worse queues", () => {
    expect(interrupts(claim("a", 1, 0), claim("b", 2, 50))).toBe(true);
    expect(interrupts(claim("a", 3, 90), claim("b", 2, 50))).toBe(false);
  });

  test("of equal rank the newer T0 interrupts, otherwise it queues", () => {
    expect(interrupts(claim("a", 2, 60), claim("b", 2, 50))).toBe(true);
    expect(interrupts(claim("a", 2, 50), claim("b", 2, 50))).toBe(false);
    expect(interrupts(claim("a", 2, 40), claim("b", 2, 50))).toBe(false);
  });

  test("a higher generation of the same alert re-points, whatever the rank; a lower one is ignored", () => {
    expect(interrupts(claim("a", 5, 0, 2), claim("a", 1, 0, 1))).toBe(true);
    expect(interrupts(claim("a", 1, 0, 1), claim("a", 5, 0, 1))).toBe(false);
    const pending = [claim("a", 1, 0, 3)];
    expect(withClaim(pending, claim("a", 1, 0, 2))).toBe(pending);
    expect(withClaim(pending, claim("a", 1, 0, 4))).toEqual([claim("a", 1, 0, 4)]);
  });

  test("the order is total and does not depend on arrival", () => {
    const claims = [claim("c", 2, 10), claim("a", 1, 5), claim("b", 2, 20)];
    const keys = ["a", "b", "c"];
    expect(inOrder(claims).map((each) => each.alertKey)).toEqual(keys);
    expect(inOrder(claims.toReversed()).map((each) => each.alertKey)).toEqual(keys);
  });

  test("what is no longer worth starting is set apart", () => {
    const { valid, expired } = sortedByValidity([claim("a", 1, 0)], 1_000);
    expect(valid).toEqual([]);
    expect(expired).toHaveLength(1);
  });
});
