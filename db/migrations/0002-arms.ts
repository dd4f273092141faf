import { Migration } from "@mikro-orm/migrations";

/** Sequences on two arms: dithers, and albums that were left out because their arm failed. */
const ARMS = `
  alter table "sequence" add column "dither" jsonb null;
  alter table "album" add column "skipped_reason" text null;
  alter table "album" add column "skipped_at" timestamptz(3) null;
`;

export class ArmsMigration extends Migration {
  override up(): void {
    this.addSql(ARMS);
  }
}
