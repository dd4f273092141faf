import { p } from "@mikro-orm/core";
import { InstantType } from "../instant.ts";

/** An instant in integer ms; the property name says which clock (`…Ms` observatory, `…WallMs` wall). */
export const instant = () => p.type(InstantType);

/** A measured or computed real number. */
export const real = () => p.double().$type<number>();

/** Seconds counted exactly, to 1 ms: sums of ledger rows may not drift as binary fractions do. */
export const exactSeconds = () => p.decimal("number").precision(12).scale(3);

/** A row number given by the database. */
export const rowNumber = () => p.bigint("number").primary().autoincrement();

/** Rule for a column `path`: relative to VESPER_HOME, and not out of it again. */
export const STAYS_IN_HOME = "path ~ '^[^/]' and path !~ '(^|/)[.][.](/|$)'";
