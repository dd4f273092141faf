import { expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { balanceOf, mayReserve, type QuotaLine, reservationS, settle } from "../../domain/quota/ledger.ts";

const seconds = fc.integer({ min: 0, max: 50_000_000 }).map((ms) => ms / 1_000);
const outcome = fc.constantFrom("completed" as const, "interrupted" as const, "cancelled" as const);

test("a settlement gives out exactly what was reserved", () => {
  expect(settle("completed", 273.6, 181.6)).toEqual({ spentS: 273.6, returnedS: 0 });
  expect(settle("interrupted", 273.6, 60.5)).toEqual({ spentS: 60.5, returnedS: 213.1 });
  expect(settle("interrupted", 50, 60)).toEqual({ spentS: 50, returnedS: 0 });
  expect(settle("cancelled", 273.6, 60.5)).toEqual({ spentS: 0, returnedS: 273.6 });
  fc.assert(
    fc.property(outcome, seconds, seconds, (outcome, reservedS, storedS) => {
      const { spentS, returnedS } = settle(outcome, reservedS, storedS);
      expect(Math.round((spentS + returnedS) * 1_000)).toBe(Math.round(reservedS * 1_000));
      expect(Math.min(spentS, returnedS)).toBeGreaterThanOrEqual(0);
    }),
  );
});

test("however attempts end, what is available is what was granted less what was spent, to the millisecond", () => {
  const attempts = fc.array(fc.tuple(outcome, seconds, seconds), { maxLength: 60 });
  fc.assert(
    fc.property(seconds, attempts, (grantedS, attempts) => {
      const lines: QuotaLine[] = [{ kind: "granted", seconds: grantedS }];
      for (const [outcome, reservedS, storedS] of attempts) {
        const { spentS, returnedS } = settle(outcome, reservedS, storedS);
        lines.push({ kind: "reserved", seconds: reservedS });
        lines.push({ kind: "spent", seconds: spentS }, { kind: "returned", seconds: returnedS });
      }
      const balance = balanceOf(lines);
      expect(balance.openS).toBe(0);
      expect(Math.round(balance.availableS * 1_000)).toBe(
        Math.round(grantedS * 1_000) - Math.round(balance.spentS * 1_000),
      );
    }),
  );
});

test("tenths of seconds do not drift", () => {
  expect(reservationS(60, 0.1 + 0.2)).toBe(60.3);
  const lines = Array.from({ length: 1_000 }, () => ({ kind: "granted" as const, seconds: 0.1 }));
  expect(balanceOf(lines).grantedS).toBe(100);
});

test("a reservation fits up to the last millisecond; an alert programme may overdraw", () => {
  const balance = balanceOf([{ kind: "granted", seconds: 100.001 }]);
  expect(mayReserve(balance, 100.001, "routine")).toBe(true);
  expect(mayReserve(balance, 100.002, "routine")).toBe(false);
  expect(mayReserve(balance, 100.002, "alert")).toBe(true);
});

test("seconds that are no seconds are refused by name", () => {
  expect(() => settle("completed", -1, 0)).toThrow("reservedS must be finite and not negative, got -1");
  expect(() => reservationS(Number.NaN, 1)).toThrow("overheadS");
});
