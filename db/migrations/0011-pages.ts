import { Migration } from "@mikro-orm/migrations";

/** Sums of the ledger, kept as lines are added. */
const BALANCES = `
  create table "quota_balance" (
    "programme_id" text not null,
    "granted_s" numeric(12,3) not null,
    "spent_s" numeric(12,3) not null,
    "open_s" numeric(12,3) not null,
    "available_s" numeric(12,3) not null,
    primary key ("programme_id")
  );
  alter table "quota_balance" add constraint "quota_balance_programme_id_foreign"
    foreign key ("programme_id") references "programme" ("id");

  insert into quota_balance (programme_id, granted_s, spent_s, open_s, available_s)
  select programme_id,
         coalesce(sum(seconds) filter (where kind = 'granted'), 0),
         coalesce(sum(seconds) filter (where kind = 'spent'), 0),
         coalesce(sum(case kind when 'reserved' then seconds when 'granted' then 0 else -seconds end), 0),
         coalesce(sum(case kind when 'granted' then seconds when 'returned' then seconds when 'reserved' then -seconds else 0 end), 0)
  from quota_entry group by programme_id;

  create function quota_balance_add() returns trigger language plpgsql as $body$
  begin
    insert into quota_balance (programme_id, granted_s, spent_s, open_s, available_s)
    values (
      new.programme_id,
      case new.kind when 'granted' then new.seconds else 0 end,
      case new.kind when 'spent' then new.seconds else 0 end,
      case new.kind when 'reserved' then new.seconds when 'granted' then 0 else -new.seconds end,
      case new.kind when 'granted' then new.seconds when 'returned' then new.seconds when 'reserved' then -new.seconds else 0 end
    )
    on conflict (programme_id) do update set
      granted_s = quota_balance.granted_s + excluded.granted_s,
      spent_s = quota_balance.spent_s + excluded.spent_s,
      open_s = quota_balance.open_s + excluded.open_s,
      available_s = quota_balance.available_s + excluded.available_s;
    return null;
  end
  $body$;

  create trigger quota_entry_balance after insert on quota_entry
    for each row execute function quota_balance_add();
`;

/** What lists are sorted and filtered by, so that the newest of a million rows are found without reading the others. */
const LISTS = `
  drop index image_start_at_index;
  drop index image_night_id_index;
  drop index image_sequence_id_index;
  create index image_start_at_id_index on image (start_at, id);
  create index image_night_id_start_at_id_index on image (night_id, start_at, id);
  create index image_sequence_id_start_at_id_index on image (sequence_id, start_at, id);
  create index image_camera_id_filter_start_at_id_index on image (camera_id, filter, start_at, id);
  create index image_filter_start_at_id_index on image (filter, start_at, id);

  drop index request_programme_id_index;
  drop index request_user_id_index;
  create index request_created_wall_at_id_index on request (created_wall_at, id);
  create index request_kind_status_created_wall_at_id_index on request (kind, status, created_wall_at, id);
  create index request_kind_created_wall_at_id_index on request (kind, created_wall_at, id);
  create index request_programme_id_created_wall_at_id_index on request (programme_id, created_wall_at, id);
  create index request_user_id_created_wall_at_id_index on request (user_id, created_wall_at, id);

  drop index journal_entry_night_id_index;
  create index journal_entry_night_id_id_index on journal_entry (night_id, id);
  create index journal_entry_module_id_index on journal_entry (module, id);
  create index journal_entry_level_id_index on journal_entry (level, id);

  drop index scheduled_sequence_sequence_id_index;
  create index scheduled_sequence_sequence_id_schedule_id_index on scheduled_sequence (sequence_id, schedule_id);
  drop index quota_entry_programme_id_index;
  create index quota_entry_programme_id_id_index on quota_entry (programme_id, id);
  create index alert_site_created_wall_at_key_index on alert (site, created_wall_at, key);
  create index calibration_frame_verdict_index on calibration_frame (verdict, intended_start_at, id);
  create index exposure_state_index on exposure (state);
  create index device_status_change_index on device_status (unique_id, at) where cause = 'change';
  create index weather_unsafe_index on weather (site, at) where not safe;
`;

/** Words inside texts are found by their trigrams. The extension comes with PostgreSQL and is a trusted one. */
const SEARCH = `
  create extension if not exists pg_trgm;
  create index journal_entry_text_trigram_index on journal_entry using gin (text gin_trgm_ops);
  create index request_name_trigram_index on request using gin (name gin_trgm_ops, id gin_trgm_ops);
  create index sequence_target_name_trigram_index on sequence using gin (target_name gin_trgm_ops);
`;

/** Lists, searches and sums that stay fast over years. */
export class PagesMigration extends Migration {
  override up(): void {
    for (const part of [BALANCES, LISTS, SEARCH]) this.addSql(part);
  }
}
