/** The tables of the first issue, as the ORM derives them from db/entities (a test compares the two). */
export const TABLES = `
  create table "alert" (
    "key" text not null,
    "site" text not null,
    "stream" text not null,
    "status" text not null,
    "decision" text not null,
    "slew" boolean not null,
    "rule" text not null,
    "reason" text not null,
    "rank" int not null,
    "t0_at" timestamptz(3) null,
    "ra_deg" double precision null,
    "dec_deg" double precision null,
    "error_deg" double precision null,
    "generation" int not null,
    "workflow_id" text not null,
    "state" jsonb not null,
    "closed" boolean not null,
    "stages" jsonb not null,
    "created_wall_at" timestamptz(3) not null,
    "updated_wall_at" timestamptz(3) not null,
    primary key ("key")
  );
  create index "alert_site_closed_index" on "alert" ("site", "closed");
  alter table "alert" add constraint "alert_generation_check" check (generation >= 0);
  alter table "alert" add constraint "alert_ra_check" check (ra_deg >= 0 and ra_deg < 360);
  alter table "alert" add constraint "alert_dec_check" check (dec_deg between -90 and 90);
  alter table "alert" add constraint "alert_error_check" check (error_deg >= 0);
  create table "audit" (
    "id" bigserial primary key,
    "wall_at" timestamptz(3) not null,
    "user_id" text null,
    "action" text not null,
    "subject" text null,
    "address" text null,
    "details" jsonb not null
  );
  create index "audit_wall_at_index" on "audit" ("wall_at");
  create index "audit_user_id_index" on "audit" ("user_id");
  create table "clock" (
    "id" int not null,
    "start_at" timestamptz(3) not null,
    "anchor_at" timestamptz(3) not null,
    "rate" double precision not null,
    "epoch" int not null,
    "last_tick_at" timestamptz(3) not null,
    "last_tick_wall_at" timestamptz(3) not null,
    primary key ("id")
  );
  alter table "clock" add constraint "clock_one_row_check" check (id = 1);
  alter table "clock" add constraint "clock_rate_check" check (rate > 0);
  alter table "clock" add constraint "clock_epoch_check" check (epoch >= 0);
  create table "device" (
    "unique_id" text not null,
    "device_id" text not null,
    "type" text not null,
    "name" text not null,
    "blocking" boolean not null,
    "state" text not null,
    "since_wall_at" timestamptz(3) not null,
    "values" jsonb not null,
    "seen_wall_at" timestamptz(3) not null,
    primary key ("unique_id")
  );
  alter table "device" add constraint "device_device_id_unique" unique ("device_id");
  alter table "device" add constraint "device_state_check" check ("state" in ('UNKNOWN', 'UP', 'DEGRADED', 'DISABLED'));
  create table "device_status" (
    "id" bigserial primary key,
    "unique_id" text not null,
    "at" timestamptz(3) not null,
    "wall_at" timestamptz(3) not null,
    "state" text not null,
    "cause" text not null,
    "values" jsonb not null
  );
  create index "device_status_unique_id_at_index" on "device_status" ("unique_id", "at");
  alter table "device_status" add constraint "device_status_state_check" check ("state" in ('UNKNOWN', 'UP', 'DEGRADED', 'DISABLED'));
  alter table "device_status" add constraint "device_status_cause_check" check ("cause" in ('change', 'sample'));
  create table "hold" (
    "id" bigserial primary key,
    "site" text not null,
    "kind" text not null,
    "who" text not null,
    "why" text not null,
    "since_at" timestamptz(3) not null,
    "since_wall_at" timestamptz(3) not null,
    "lifted_at" timestamptz(3) null,
    "lifted_wall_at" timestamptz(3) null,
    "lifted_by" text null
  );
  alter table "hold" add constraint "hold_site_kind_since_at_unique" unique ("site", "kind", "since_at");
  alter table "hold" add constraint "hold_kind_check" check (kind in ('operator', 'maintenance', 'weather', 'safety', 'guard') or kind like 'device:%');
  alter table "hold" add constraint "hold_lifted_check" check ((lifted_wall_at is null) = (lifted_by is null));
  create table "journal_entry" (
    "id" bigserial primary key,
    "wall_at" timestamptz(3) not null,
    "at" timestamptz(3) not null,
    "level" text not null,
    "module" text not null,
    "text" text not null,
    "night_id" text null,
    "sequence_id" text null,
    "alert_key" text null,
    "device_id" text null,
    "user_id" text null,
    "once_key" text null
  );
  create index "journal_entry_night_id_index" on "journal_entry" ("night_id");
  create index "journal_entry_sequence_id_index" on "journal_entry" ("sequence_id");
  create index "journal_entry_alert_key_index" on "journal_entry" ("alert_key");
  alter table "journal_entry" add constraint "journal_entry_once_key_unique" unique ("once_key");
  alter table "journal_entry" add constraint "journal_entry_level_check" check ("level" in ('debug', 'info', 'warning', 'error', 'alarm'));
  create table "lease" (
    "site" text not null,
    "holder" text null,
    "generation" int not null,
    "written_wall_at" timestamptz(3) not null,
    primary key ("site")
  );
  alter table "lease" add constraint "lease_generation_check" check (generation >= 0);
  create table "night" (
    "id" text not null,
    "site" text not null,
    "date" text not null,
    "run" int not null,
    "phase" text not null,
    "status" text not null,
    "started_at" timestamptz(3) not null,
    "started_wall_at" timestamptz(3) not null,
    "ended_at" timestamptz(3) null,
    "opened_by" text not null,
    "almanac" jsonb not null,
    "end_reason" text null,
    primary key ("id")
  );
  alter table "night" add constraint "night_site_date_unique" unique ("site", "date");
  alter table "night" add constraint "night_date_check" check (date ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$');
  alter table "night" add constraint "night_run_check" check (run > 0);
  alter table "night" add constraint "night_end_check" check ((status = 'ended') = (ended_at is not null));
  alter table "night" add constraint "night_status_check" check ("status" in ('open', 'ended'));
  create table "notice" (
    "id" bigserial primary key,
    "site" text not null,
    "ivorn" text not null,
    "digest" text not null,
    "raw" bytea not null,
    "door" text not null,
    "received_at" timestamptz(3) not null,
    "received_wall_at" timestamptz(3) not null,
    "parsed" jsonb not null,
    "alert_key" text null,
    "needs_delivery" boolean not null,
    "delivered_wall_at" timestamptz(3) null,
    "decision" text not null,
    "reason" text not null
  );
  create index "notice_alert_key_index" on "notice" ("alert_key");
  alter table "notice" add constraint "notice_ivorn_digest_unique" unique ("ivorn", "digest");
  create table "programme" (
    "id" text not null,
    "name" text not null,
    "kind" text not null,
    "priority" int not null,
    "description" text not null,
    "active" boolean not null,
    primary key ("id")
  );
  alter table "programme" add constraint "programme_priority_check" check (priority >= 0);
  alter table "programme" add constraint "programme_kind_check" check ("kind" in ('routine', 'alert'));
  create table "schedule" (
    "id" bigserial primary key,
    "night_id" text not null,
    "made_at" timestamptz(3) not null,
    "made_wall_at" timestamptz(3) not null,
    "reason" text not null,
    "problem" jsonb not null,
    "seed" bigint not null,
    "iterations" int not null,
    "objective" double precision not null,
    "policy" text not null
  );
  create index "schedule_night_id_index" on "schedule" ("night_id");
  alter table "schedule" add constraint "schedule_iterations_check" check (iterations >= 0);
  create table "strategy" (
    "id" text not null,
    "name" text not null,
    "is_default" boolean not null,
    "document" jsonb not null,
    "updated_wall_at" timestamptz(3) not null,
    primary key ("id")
  );
  create table "user" (
    "id" text not null,
    "mail" text not null,
    "name" text not null,
    "profile" text not null,
    "password_hash" text not null,
    "state" text not null,
    "created_wall_at" timestamptz(3) not null,
    "last_login_wall_at" timestamptz(3) null,
    primary key ("id")
  );
  alter table "user" add constraint "user_mail_unique" unique ("mail");
  alter table "user" add constraint "user_profile_check" check ("profile" in ('user', 'expert', 'operator', 'admin', 'feed'));
  alter table "user" add constraint "user_state_check" check ("state" in ('pending', 'active', 'disabled'));
  create table "session" (
    "id" text not null,
    "user_id" text not null,
    "csrf" text not null,
    "address" text null,
    "user_agent" text null,
    "created_wall_at" timestamptz(3) not null,
    "seen_wall_at" timestamptz(3) not null,
    "expires_wall_at" timestamptz(3) not null,
    primary key ("id")
  );
  create index "session_user_id_index" on "session" ("user_id");
  create table "request" (
    "id" text not null,
    "kind" text not null,
    "name" text not null,
    "comment" text not null,
    "status" text not null,
    "programme_id" text not null,
    "user_id" text null,
    "alert_key" text null,
    "created_wall_at" timestamptz(3) not null,
    "submitted_wall_at" timestamptz(3) null,
    primary key ("id")
  );
  create index "request_programme_id_index" on "request" ("programme_id");
  create index "request_user_id_index" on "request" ("user_id");
  alter table "request" add constraint "request_alert_key_unique" unique ("alert_key");
  alter table "request" add constraint "request_alert_check" check ((kind = 'alert') = (alert_key is not null));
  alter table "request" add constraint "request_user_check" check (kind = 'alert' or user_id is not null);
  alter table "request" add constraint "request_kind_check" check ("kind" in ('routine', 'alert'));
  alter table "request" add constraint "request_status_check" check ("status" in ('draft', 'submitted', 'withdrawn', 'completed', 'closed'));
  create table "sequence" (
    "id" text not null,
    "request_id" text not null,
    "ordinal" int not null,
    "generation" int not null,
    "target_name" text not null,
    "ra_deg" double precision not null,
    "dec_deg" double precision not null,
    "window_start_at" timestamptz(3) not null,
    "window_end_at" timestamptz(3) not null,
    "preferred_at" timestamptz(3) null,
    "duration_s" numeric(12,3) not null,
    "overhead_s" numeric(12,3) not null,
    "priority" int not null,
    "constraints" jsonb not null,
    "status" text not null,
    "status_reason" text null,
    "attempt" int not null,
    "updated_wall_at" timestamptz(3) not null,
    primary key ("id")
  );
  create index "sequence_status_index" on "sequence" ("status");
  alter table "sequence" add constraint "sequence_request_id_ordinal_unique" unique ("request_id", "ordinal");
  alter table "sequence" add constraint "sequence_ra_check" check (ra_deg >= 0 and ra_deg < 360);
  alter table "sequence" add constraint "sequence_dec_check" check (dec_deg between -90 and 90);
  alter table "sequence" add constraint "sequence_window_check" check (window_start_at < window_end_at);
  alter table "sequence" add constraint "sequence_duration_check" check (duration_s > 0 and overhead_s >= 0);
  alter table "sequence" add constraint "sequence_numbers_check" check (priority >= 0 and attempt >= 0 and ordinal > 0 and generation >= 0);
  alter table "sequence" add constraint "sequence_status_check" check ("status" in ('draft', 'submitted', 'planned', 'executing', 'executed', 'interrupted', 'refused', 'withdrawn', 'cancelled', 'expired'));
  create table "scheduled_sequence" (
    "schedule_id" bigint not null,
    "sequence_id" text not null,
    "order" int not null,
    "tsp_at" timestamptz(3) null,
    "tep_at" timestamptz(3) null,
    "delta_tl_ms" int null,
    "delta_tr_ms" int null,
    "score" double precision null,
    "status" text not null,
    "reason_code" text null,
    "reason" text null,
    "numbers" jsonb null,
    primary key ("schedule_id", "sequence_id")
  );
  create index "scheduled_sequence_sequence_id_index" on "scheduled_sequence" ("sequence_id");
  alter table "scheduled_sequence" add constraint "scheduled_sequence_times_check" check ((tsp_at is null) = (tep_at is null) and tsp_at < tep_at);
  alter table "scheduled_sequence" add constraint "scheduled_sequence_planned_check" check (status = 'refused' or tsp_at is not null);
  alter table "scheduled_sequence" add constraint "scheduled_sequence_delta_check" check (delta_tl_ms >= 0 and delta_tr_ms >= 0);
  alter table "scheduled_sequence" add constraint "scheduled_sequence_status_check" check ("status" in ('planned', 'executing', 'done', 'interrupted', 'skipped', 'refused'));
  create table "quota_entry" (
    "id" bigserial primary key,
    "programme_id" text not null,
    "sequence_id" text null,
    "attempt" int null,
    "kind" text not null,
    "seconds" numeric(12,3) not null,
    "grant_name" text null,
    "at" timestamptz(3) not null,
    "wall_at" timestamptz(3) not null,
    "note" text not null
  );
  create index "quota_entry_programme_id_index" on "quota_entry" ("programme_id");
  alter table "quota_entry" add constraint "quota_entry_once_unique" unique ("sequence_id", "attempt", "kind");
  alter table "quota_entry" add constraint "quota_entry_grant_unique" unique ("programme_id", "grant_name");
  alter table "quota_entry" add constraint "quota_entry_seconds_check" check (seconds >= 0);
  alter table "quota_entry" add constraint "quota_entry_subject_check" check ((kind = 'granted') = (sequence_id is null) and (sequence_id is null) = (attempt is null) and (kind = 'granted') = (grant_name is not null));
  alter table "quota_entry" add constraint "quota_entry_kind_check" check ("kind" in ('granted', 'reserved', 'spent', 'returned'));
  create table "album" (
    "id" text not null,
    "sequence_id" text not null,
    "instrument_id" text not null,
    primary key ("id")
  );
  alter table "album" add constraint "album_sequence_id_instrument_id_unique" unique ("sequence_id", "instrument_id");
  create table "plan" (
    "id" text not null,
    "album_id" text not null,
    "ordinal" int not null,
    "filter" text not null,
    "exposure_s" numeric(12,3) not null,
    "count" int not null,
    primary key ("id")
  );
  alter table "plan" add constraint "plan_album_id_ordinal_unique" unique ("album_id", "ordinal");
  alter table "plan" add constraint "plan_numbers_check" check (exposure_s > 0 and count > 0 and ordinal > 0);
  create table "exposure" (
    "id" text not null,
    "plan_id" text not null,
    "n" int not null,
    "attempt" int not null,
    "state" text not null,
    "camera_id" text not null,
    "night_id" text null,
    "intended_start_at" timestamptz(3) null,
    "start_at" timestamptz(3) null,
    "end_at" timestamptz(3) null,
    "reason" text null,
    primary key ("id")
  );
  create index "exposure_night_id_index" on "exposure" ("night_id");
  alter table "exposure" add constraint "exposure_plan_id_n_attempt_unique" unique ("plan_id", "n", "attempt");
  alter table "exposure" add constraint "exposure_numbers_check" check (n > 0 and attempt > 0);
  alter table "exposure" add constraint "exposure_started_check" check (state = 'planned' or intended_start_at is not null);
  alter table "exposure" add constraint "exposure_state_check" check ("state" in ('planned', 'starting', 'exposing', 'read', 'stored', 'aborted', 'lost'));
  create table "image" (
    "id" text not null,
    "exposure_id" text not null,
    "sequence_id" text not null,
    "night_id" text not null,
    "camera_id" text not null,
    "filter" text not null,
    "exposure_s" numeric(12,3) not null,
    "start_at" timestamptz(3) not null,
    "ra_deg" double precision not null,
    "dec_deg" double precision not null,
    "path" text not null,
    "sha256" text not null,
    "bytes" bigint not null,
    "width" int not null,
    "height" int not null,
    "preview_path" text null,
    "header" jsonb not null,
    "statistics" jsonb not null,
    "stored_wall_at" timestamptz(3) not null,
    primary key ("id")
  );
  alter table "image" add constraint "image_exposure_id_unique" unique ("exposure_id");
  create index "image_sequence_id_index" on "image" ("sequence_id");
  create index "image_night_id_index" on "image" ("night_id");
  create index "image_start_at_index" on "image" ("start_at");
  alter table "image" add constraint "image_path_unique" unique ("path");
  alter table "image" add constraint "image_numbers_check" check (bytes > 0 and width > 0 and height > 0 and exposure_s >= 0);
  alter table "image" add constraint "image_sha256_check" check (sha256 ~ '^[0-9a-f]{64}$');
  alter table "image" add constraint "image_ra_check" check (ra_deg >= 0 and ra_deg < 360);
  alter table "image" add constraint "image_dec_check" check (dec_deg between -90 and 90);
  create table "membership" (
    "user_id" text not null,
    "programme_id" text not null,
    "role" text not null,
    primary key ("user_id", "programme_id")
  );
  alter table "membership" add constraint "membership_role_check" check ("role" in ('pi', 'member'));
  create table "api_token" (
    "id" bigserial primary key,
    "hash" text not null,
    "name" text not null,
    "profile" text not null,
    "user_id" text null,
    "created_wall_at" timestamptz(3) not null,
    "expires_wall_at" timestamptz(3) null,
    "revoked_wall_at" timestamptz(3) null,
    "last_used_wall_at" timestamptz(3) null
  );
  alter table "api_token" add constraint "api_token_hash_unique" unique ("hash");
  create index "api_token_user_id_index" on "api_token" ("user_id");
  alter table "api_token" add constraint "api_token_profile_check" check ("profile" in ('user', 'expert', 'operator', 'admin', 'feed'));
  create table "weather" (
    "id" bigserial primary key,
    "site" text not null,
    "at" timestamptz(3) not null,
    "wall_at" timestamptz(3) not null,
    "temperature_c" double precision null,
    "humidity_pct" double precision null,
    "dew_point_c" double precision null,
    "pressure_hpa" double precision null,
    "wind_ms" double precision null,
    "gust_ms" double precision null,
    "wind_direction_deg" double precision null,
    "rain_mm_h" double precision null,
    "cloud_pct" double precision null,
    "sky_temperature_c" double precision null,
    "sky_quality_mag" double precision null,
    "seeing_arcsec" double precision null,
    "safe" boolean not null,
    "reasons" jsonb not null
  );
  create index "weather_site_at_index" on "weather" ("site", "at");
`;

/** The foreign keys, after all tables are there. */
export const FOREIGN_KEYS = `
  alter table "device_status" add constraint "device_status_unique_id_foreign" foreign key ("unique_id") references "device" ("unique_id") on delete cascade;
  alter table "notice" add constraint "notice_alert_key_foreign" foreign key ("alert_key") references "alert" ("key") on delete no action;
  alter table "schedule" add constraint "schedule_night_id_foreign" foreign key ("night_id") references "night" ("id");
  alter table "session" add constraint "session_user_id_foreign" foreign key ("user_id") references "user" ("id") on delete cascade;
  alter table "request" add constraint "request_programme_id_foreign" foreign key ("programme_id") references "programme" ("id");
  alter table "request" add constraint "request_user_id_foreign" foreign key ("user_id") references "user" ("id") on delete no action;
  alter table "request" add constraint "request_alert_key_foreign" foreign key ("alert_key") references "alert" ("key") on delete no action;
  alter table "sequence" add constraint "sequence_request_id_foreign" foreign key ("request_id") references "request" ("id") on delete cascade;
  alter table "scheduled_sequence" add constraint "scheduled_sequence_schedule_id_foreign" foreign key ("schedule_id") references "schedule" ("id") on update cascade on delete cascade;
  alter table "scheduled_sequence" add constraint "scheduled_sequence_sequence_id_foreign" foreign key ("sequence_id") references "sequence" ("id") on update cascade on delete no action;
  alter table "quota_entry" add constraint "quota_entry_programme_id_foreign" foreign key ("programme_id") references "programme" ("id");
  alter table "quota_entry" add constraint "quota_entry_sequence_id_foreign" foreign key ("sequence_id") references "sequence" ("id") on delete no action;
  alter table "album" add constraint "album_sequence_id_foreign" foreign key ("sequence_id") references "sequence" ("id") on delete cascade;
  alter table "plan" add constraint "plan_album_id_foreign" foreign key ("album_id") references "album" ("id") on delete cascade;
  alter table "exposure" add constraint "exposure_plan_id_foreign" foreign key ("plan_id") references "plan" ("id") on delete cascade;
  alter table "exposure" add constraint "exposure_night_id_foreign" foreign key ("night_id") references "night" ("id") on delete no action;
  alter table "image" add constraint "image_exposure_id_foreign" foreign key ("exposure_id") references "exposure" ("id");
  alter table "image" add constraint "image_sequence_id_foreign" foreign key ("sequence_id") references "sequence" ("id");
  alter table "image" add constraint "image_night_id_foreign" foreign key ("night_id") references "night" ("id");
  alter table "membership" add constraint "membership_user_id_foreign" foreign key ("user_id") references "user" ("id") on update cascade on delete cascade;
  alter table "membership" add constraint "membership_programme_id_foreign" foreign key ("programme_id") references "programme" ("id") on update cascade on delete cascade;
  alter table "api_token" add constraint "api_token_user_id_foreign" foreign key ("user_id") references "user" ("id") on delete cascade;
`;
