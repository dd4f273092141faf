import { Migration } from "@mikro-orm/migrations";

/** Frames taken by hand hang on requests of their own, and may be taken without a night. */
const MANUAL_FRAMES = `
  alter table "request" drop constraint "request_kind_check";
  alter table "request" add constraint "request_kind_check" check ("kind" in ('routine', 'alert', 'manual'));
  alter table "request" drop constraint "request_user_check";
  alter table "request" add constraint "request_user_check" check (kind <> 'routine' or user_id is not null);
  alter table "image" alter column "night_id" drop not null;
`;

/** What a device says it is, and who last ordered what. */
const DEVICES = `
  alter table "device" add column "versions" jsonb null;
  create table "device_command" (
    "id" bigserial primary key,
    "device_id" text not null,
    "command" text not null,
    "who" text not null,
    "why" text not null,
    "at" timestamptz(3) not null,
    "wall_at" timestamptz(3) not null,
    "took_s" double precision not null,
    "outcome" text not null,
    "detail" text not null,
    "once_key" text not null
  );
  create index "device_command_device_id_id_index" on "device_command" ("device_id", "id");
  alter table "device_command" add constraint "device_command_once_key_unique" unique ("once_key");
  alter table "device_command" add constraint "device_command_outcome_check" check ("outcome" in ('done', 'failed', 'stopped'));
  create trigger device_command_notify after insert on device_command
    for each row execute function vesper_notify('device_id');
`;

export class ManualMigration extends Migration {
  override up(): void {
    for (const part of [MANUAL_FRAMES, DEVICES]) this.addSql(part);
  }
}
