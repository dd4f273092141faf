import { Migration } from "@mikro-orm/migrations";

/** What was found in the images, and what FSC is told of it. */
const TABLES = `
  create table "analysis" (
    "sequence_id" text not null,
    "state" text not null,
    "started_wall_at" timestamptz(3) not null,
    "ended_wall_at" timestamptz(3) null,
    "reason" text null,
    "results" jsonb null,
    primary key ("sequence_id")
  );
  alter table "analysis" add constraint "analysis_ended_check" check ((state = 'running') = (ended_wall_at is null));
  alter table "analysis" add constraint "analysis_done_check" check ((state = 'done') = (results is not null));
  alter table "analysis" add constraint "analysis_failed_check" check ((state = 'failed') = (reason is not null));
  alter table "analysis" add constraint "analysis_state_check" check ("state" in ('running', 'done', 'failed'));

  create table "report" (
    "id" bigserial primary key,
    "alert_key" text not null,
    "version" int not null,
    "sequence_id" text not null,
    "document" jsonb not null,
    "made_at" timestamptz(3) not null,
    "made_wall_at" timestamptz(3) not null
  );
  create index "report_sequence_id_index" on "report" ("sequence_id");
  alter table "report" add constraint "report_version_unique" unique ("alert_key", "version");
  alter table "report" add constraint "report_version_check" check (version >= 1);

  alter table "analysis" add constraint "analysis_sequence_id_foreign"
    foreign key ("sequence_id") references "sequence" ("id") on update cascade on delete no action;
  alter table "report" add constraint "report_alert_key_foreign"
    foreign key ("alert_key") references "alert" ("key") on delete no action;
  alter table "report" add constraint "report_sequence_id_foreign"
    foreign key ("sequence_id") references "analysis" ("sequence_id") on delete no action;
`;

export class AnalysesMigration extends Migration {
  override up(): void {
    this.addSql(TABLES);
  }
}
