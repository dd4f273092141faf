import { UnderscoreNamingStrategy } from "@mikro-orm/core";

/**
 * Columns in snake case. An instant is integer ms in a record (`madeMs`, `madeWallMs`) but a timestamp in the database,
 * where the column says so: `made_at`, `made_wall_at`; `atMs` is just `at`, `atWallMs` is `wall_at`.
 */
export class ColumnNaming extends UnderscoreNamingStrategy {
  override propertyToColumnName(propertyName: string): string {
    if (propertyName === "atMs") return "at";
    if (propertyName === "atWallMs") return "wall_at";
    return super.propertyToColumnName(propertyName.replace(/Ms$/, "At"));
  }
}
