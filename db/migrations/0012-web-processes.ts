import { Migration } from "@mikro-orm/migrations";

/** What several web processes share: counts, commands that were not confirmed at once, requests that one has begun with. */
const TABLES = `
  create table "attempt" ("id" bigserial primary key, "kind" text not null, "key" text not null,
    "until_wall_at" timestamptz(3) not null);
  create index "attempt_kind_key_index" on "attempt" ("kind", "key");
  create index "attempt_until_wall_at_index" on "attempt" ("until_wall_at");

  create table "late_command" ("id" text not null, "site" text not null, "command" text not null,
    "ordered_by" text not null, "sent_wall_at" timestamptz(3) not null, "outcome" text not null,
    "reason" text not null, primary key ("id"));
  create index "late_command_sent_wall_at_index" on "late_command" ("sent_wall_at");
  alter table "late_command" add constraint "late_command_outcome_check"
    check (outcome in ('sending', 'applied', 'refused', 'givenUp'));

  create table "taken_request" ("id" text not null, "taken_wall_at" timestamptz(3) not null, primary key ("id"));
  create index "taken_request_taken_wall_at_index" on "taken_request" ("taken_wall_at");
`;

export class WebProcessMigration extends Migration {
  override up(): void {
    this.addSql(TABLES);
  }
}
