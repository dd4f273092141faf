import { Type } from "@mikro-orm/core";

/**
 * An instant: `timestamptz(3)` in the database, integer milliseconds since the Unix epoch in records.
 * The column keeps the day readable for a person with psql; the number leaves no doubt about zones.
 */
export class InstantType extends Type<number, string> {
  override convertToDatabaseValue(value: number): string {
    if (value === null || value === undefined || typeof value === "string") return value;
    if (!Number.isFinite(value)) throw new RangeError(`instant must be a finite number of ms, got ${value}`);
    return new Date(Math.round(value)).toISOString();
  }

  override convertToJSValue(value: string): number {
    if (value === null || value === undefined || typeof value === "number") return value;
    // The driver hands over PostgreSQL's own text, e.g. "2026-11-20 21:00:00.123+00", or ISO from JSON.
    return new Date(value).getTime();
  }

  override getColumnType(): string {
    return "timestamptz(3)";
  }

  override compareAsType(): string {
    return "string";
  }

  override ensureComparable(): boolean {
    return false;
  }

  override get runtimeType(): string {
    return "number";
  }
}
