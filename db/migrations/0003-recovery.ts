import { Migration } from "@mikro-orm/migrations";

/** Alarms, how far the recovery of a device has come, and sequences that wait for the sky or for a device. */
const TABLES = `
  create table "alarm" (
    "id" bigserial primary key,
    "site" text not null,
    "key" text not null,
    "level" text not null,
    "text" text not null,
    "guidance" text not null,
    "page" text not null,
    "hidden_by" text null,
    "raised_at" timestamptz(3) not null,
    "raised_wall_at" timestamptz(3) not null,
    "times" int not null,
    "returned_wall_at" timestamptz(3) null,
    "latched" boolean not null,
    "acknowledged_wall_at" timestamptz(3) null,
    "acknowledged_by" text null,
    "note" text null,
    "closed_wall_at" timestamptz(3) null,
    "notified_wall_at" timestamptz(3) null
  );
  create index "alarm_site_raised_wall_at_index" on "alarm" ("site", "raised_wall_at");
  alter table "alarm" add constraint "alarm_level_check" check ("level" in ('CRITICAL', 'HIGH', 'LOW'));
  alter table "alarm" add constraint "alarm_acknowledged_check"
    check ((acknowledged_wall_at is null) = (acknowledged_by is null));
  alter table "alarm" add constraint "alarm_closed_check"
    check (closed_wall_at is null or returned_wall_at is not null);
  alter table "alarm" add constraint "alarm_times_check" check (times > 0);
  alter table "device" add column "recovery" jsonb null;
  alter table "sequence" drop constraint "sequence_status_check";
  alter table "sequence" add constraint "sequence_status_check" check ("status" in ('draft', 'submitted', 'waiting', 'planned', 'executing', 'executed', 'interrupted', 'refused', 'withdrawn', 'cancelled', 'expired'));
`;

const INDEXES = `
  create unique index alarm_open_unique on alarm (site, key) where closed_wall_at is null;
`;

const NOTIFICATIONS = `
  create trigger alarm_notify after insert or update on alarm
    for each row execute function vesper_notify('id');
`;

export class RecoveryMigration extends Migration {
  override up(): void {
    for (const part of [TABLES, INDEXES, NOTIFICATIONS]) this.addSql(part);
  }
}
