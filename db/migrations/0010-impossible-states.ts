import { Migration } from "@mikro-orm/migrations";

/** Rows of before that say less than is asked for now. */
const MENDED = `
  update night set end_reason = 'not recorded' where status = 'ended' and end_reason is null;
  update night set status = 'ended', phase = 'ended', ended_at = coalesce(ended_at, started_at),
      end_reason = 'ended wrongly: its end was not recorded'
    where status = 'open' and exists (select from night later where later.site = night.site and later.date > night.date);
  update scheduled_sequence set reason = 'not recorded' where status = 'refused' and reason is null;
  update calibration set reason = 'not recorded' where status = 'failed' and reason is null;
  update calibration_frame set reasons = '["not recorded"]'
    where verdict = 'rejected' and (jsonb_typeof(reasons) <> 'array' or jsonb_array_length(reasons) = 0);
`;

/** States that nothing can be in, and paths that would lead out of the folder of images. */
const RULES = `
  alter table "night" add constraint "night_end_reason_check" check ((status = 'ended') = (end_reason is not null));
  alter table "night" add constraint "night_id_check" check (id = site || '/' || date);
  alter table "scheduled_sequence" add constraint "scheduled_sequence_reason_check"
    check (status <> 'refused' or reason is not null);
  alter table "album" add constraint "album_skipped_check" check ((skipped_reason is null) = (skipped_at is null));
  alter table "alert" add constraint "alert_place_check" check ((ra_deg is null) = (dec_deg is null));
  alter table "hold" add constraint "hold_lifted_at_check" check ((lifted_at is null) = (lifted_wall_at is null));
  alter table "lease" add constraint "lease_holder_check" check (holder <> '');
  alter table "notice" add constraint "notice_delivery_check" check (not needs_delivery or alert_key is not null);
  alter table "quota_entry" add constraint "quota_entry_attempt_check" check (attempt > 0);
  alter table "image" add constraint "image_path_check" check (path ~ '^[^/]' and path !~ '(^|/)[.][.](/|$)');
  alter table "master" add constraint "master_path_check" check (path ~ '^[^/]' and path !~ '(^|/)[.][.](/|$)');
  alter table "calibration_frame" add constraint "calibration_frame_path_check"
    check (path ~ '^[^/]' and path !~ '(^|/)[.][.](/|$)');
  alter table "calibrated_image" add constraint "calibrated_image_path_check"
    check (path ~ '^[^/]' and path !~ '(^|/)[.][.](/|$)');
  alter table "master" add constraint "master_grade_frames_check"
    check (frames_used >= case grade when 'good' then 5 else 3 end);
  alter table "calibration" add constraint "calibration_failed_check" check (status <> 'failed' or reason is not null);
  alter table "calibration_frame" add constraint "calibration_frame_whole_check"
    check (state <> 'stored' or (sha256 is not null and bytes > 0 and width > 0 and height > 0));
  alter table "calibration_frame" add constraint "calibration_frame_rejected_check"
    check (verdict <> 'rejected' or reasons <> '[]');
`;

/** One night at a time. */
const INDEXES = `
  create unique index night_open_unique on night (site) where status = 'open';
`;

export class ImpossibleStatesMigration extends Migration {
  override up(): void {
    for (const part of [MENDED, RULES, INDEXES]) this.addSql(part);
  }
}
