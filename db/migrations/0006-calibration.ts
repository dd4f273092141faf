import { Migration } from "@mikro-orm/migrations";

/** Calibration runs, their frames, master frames, and science frames with them applied. */
const TABLES = `
  create table "calibration" (
    "id" text not null,
    "site" text not null,
    "date" text not null,
    "run" int not null,
    "night_id" text null,
    "opened_by" text not null,
    "started_by" text not null,
    "status" text not null,
    "started_at" timestamptz(3) not null,
    "started_wall_at" timestamptz(3) not null,
    "ended_at" timestamptz(3) null,
    "reason" text null,
    "groups" jsonb not null,
    primary key ("id")
  );
  alter table "calibration" add constraint "calibration_opened_by_unique" unique ("opened_by");
  alter table "calibration" add constraint "calibration_site_date_run_unique" unique ("site", "date", "run");
  alter table "calibration" add constraint "calibration_date_check" check (date ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$');
  alter table "calibration" add constraint "calibration_run_check" check (run > 0);
  alter table "calibration" add constraint "calibration_end_check" check ((status = 'open') = (ended_at is null));
  alter table "calibration" add constraint "calibration_status_check" check ("status" in ('open', 'ended', 'failed'));
  create table "master" (
    "id" text not null,
    "calibration_id" text not null,
    "site" text not null,
    "night_date" text not null,
    "kind" text not null,
    "instrument_id" text not null,
    "camera_id" text not null,
    "filter" text not null,
    "exposure_s" numeric(12,3) not null,
    "camera" text not null,
    "binning" text not null,
    "readout_mode" text not null,
    "size" text not null,
    "temperature_c" double precision null,
    "path" text not null,
    "sha256" text not null,
    "bytes" bigint not null,
    "preview_path" text null,
    "grade" text not null,
    "frames_used" int not null,
    "frames_taken" int not null,
    "level_adu" double precision not null,
    "noise_adu" double precision not null,
    "read_noise_e" double precision null,
    "warnings" jsonb not null,
    "header" jsonb not null,
    "made_at" timestamptz(3) not null,
    "stored_wall_at" timestamptz(3) not null,
    primary key ("id")
  );
  create index "master_calibration_id_index" on "master" ("calibration_id");
  alter table "master" add constraint "master_path_unique" unique ("path");
  create index "master_site_instrument_id_kind_night_date_index" on "master" ("site", "instrument_id", "kind", "night_date");
  alter table "master" add constraint "master_numbers_check" check (frames_used > 0 and frames_taken >= frames_used and bytes > 0);
  alter table "master" add constraint "master_sha256_check" check (sha256 ~ '^[0-9a-f]{64}$');
  alter table "master" add constraint "master_filter_check" check ((kind = 'flat') = (filter <> ''));
  alter table "master" add constraint "master_dark_check" check (kind <> 'dark' or exposure_s > 0);
  alter table "master" add constraint "master_kind_check" check ("kind" in ('bias', 'dark', 'flat'));
  alter table "master" add constraint "master_grade_check" check ("grade" in ('good', 'degraded'));
  create table "calibration_frame" (
    "id" text not null,
    "calibration_id" text not null,
    "group_id" text not null,
    "kind" text not null,
    "instrument_id" text not null,
    "camera_id" text not null,
    "filter" text not null,
    "exposure_s" numeric(12,3) not null,
    "n" int not null,
    "attempt" int not null,
    "state" text not null,
    "intended_start_at" timestamptz(3) not null,
    "start_at" timestamptz(3) null,
    "reason" text null,
    "path" text null,
    "sha256" text null,
    "bytes" bigint null,
    "width" int null,
    "height" int null,
    "preview_path" text null,
    "header" jsonb null,
    "statistics" jsonb null,
    "stored_wall_at" timestamptz(3) null,
    "verdict" text null,
    "reasons" jsonb not null,
    "level_adu" double precision null,
    "scatter_adu" double precision null,
    "deviant_fraction" double precision null,
    "master_id" text null,
    primary key ("id")
  );
  create index "calibration_frame_calibration_id_index" on "calibration_frame" ("calibration_id");
  create index "calibration_frame_group_id_index" on "calibration_frame" ("group_id");
  alter table "calibration_frame" add constraint "calibration_frame_path_unique" unique ("path");
  alter table "calibration_frame" add constraint "calibration_frame_group_id_n_attempt_unique" unique ("group_id", "n", "attempt");
  alter table "calibration_frame" add constraint "calibration_frame_numbers_check" check (n > 0 and attempt > 0 and exposure_s >= 0);
  alter table "calibration_frame" add constraint "calibration_frame_stored_check" check ((state = 'stored') = (path is not null));
  alter table "calibration_frame" add constraint "calibration_frame_sha256_check" check (sha256 ~ '^[0-9a-f]{64}$');
  alter table "calibration_frame" add constraint "calibration_frame_judged_check" check (verdict is null or (state = 'stored' and (verdict = 'accepted' or master_id is null)));
  alter table "calibration_frame" add constraint "calibration_frame_kind_check" check ("kind" in ('bias', 'dark', 'flat'));
  alter table "calibration_frame" add constraint "calibration_frame_state_check" check ("state" in ('planned', 'starting', 'exposing', 'read', 'stored', 'aborted', 'lost'));
  alter table "calibration_frame" add constraint "calibration_frame_verdict_check" check ("verdict" in ('accepted', 'rejected', 'test'));
  create table "calibrated_image" (
    "id" text not null,
    "image_id" text not null,
    "kind" text not null,
    "path" text not null,
    "sha256" text not null,
    "bytes" bigint not null,
    "preview_path" text not null,
    "calibration_status" text not null,
    "masters" jsonb not null,
    "warnings" jsonb not null,
    "header" jsonb not null,
    "statistics" jsonb not null,
    "made_at" timestamptz(3) not null,
    "stored_wall_at" timestamptz(3) not null,
    primary key ("id")
  );
  alter table "calibrated_image" add constraint "calibrated_image_path_unique" unique ("path");
  alter table "calibrated_image" add constraint "calibrated_image_image_id_kind_unique" unique ("image_id", "kind");
  alter table "calibrated_image" add constraint "calibrated_image_bytes_check" check (bytes > 0);
  alter table "calibrated_image" add constraint "calibrated_image_sha256_check" check (sha256 ~ '^[0-9a-f]{64}$');
  alter table "calibrated_image" add constraint "calibrated_image_status_check" check (calibration_status ~ '^B?D?F?$');
  alter table "calibrated_image" add constraint "calibrated_image_kind_check" check ("kind" in ('quicklook', 'final'));
  alter table "calibration" add constraint "calibration_night_id_foreign" foreign key ("night_id") references "night" ("id") on delete no action;
  alter table "master" add constraint "master_calibration_id_foreign" foreign key ("calibration_id") references "calibration" ("id");
  alter table "calibration_frame" add constraint "calibration_frame_calibration_id_foreign" foreign key ("calibration_id") references "calibration" ("id") on delete cascade;
  alter table "calibration_frame" add constraint "calibration_frame_master_id_foreign" foreign key ("master_id") references "master" ("id") on delete set null;
  alter table "calibrated_image" add constraint "calibrated_image_image_id_foreign" foreign key ("image_id") references "image" ("id") on delete cascade;
`;

/** Live pages: see 0001. */
const NOTIFICATIONS = `
  create trigger calibration_notify after insert or update on calibration
    for each row execute function vesper_notify('id');
  create trigger master_notify after insert on master
    for each row execute function vesper_notify('id');
  create trigger calibrated_image_notify after insert or update on calibrated_image
    for each row execute function vesper_notify('image_id');
`;

export class CalibrationMigration extends Migration {
  override up(): void {
    for (const part of [TABLES, NOTIFICATIONS]) this.addSql(part);
  }
}
