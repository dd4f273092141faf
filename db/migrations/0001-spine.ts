import { Migration } from "@mikro-orm/migrations";
import { FOREIGN_KEYS, TABLES } from "./0001-tables.ts";

/** Numbers of routine requests (`R0012`) and users (`U0003`). */
const SEQUENCES = `
  create sequence request_number;
  create sequence user_number;
`;

/**
 * Live pages: each change of these tables is told on the channel \`vesper\` as {table, id}, when the transaction
 * commits. Only the id travels: NOTIFY carries at most 8000 bytes, and the reader has its own rights.
 */
const NOTIFICATIONS = `
  create function vesper_notify() returns trigger language plpgsql as $body$
  declare
    id text;
  begin
    execute format('select ($1).%I::text', tg_argv[0]) into id using new;
    perform pg_notify('vesper', json_build_object('table', tg_table_name, 'id', id)::text);
    return null;
  end
  $body$;

  create trigger journal_entry_notify after insert on journal_entry
    for each row execute function vesper_notify('id');
  create trigger alert_notify after insert or update on alert
    for each row execute function vesper_notify('key');
  create trigger image_notify after insert or update on image
    for each row execute function vesper_notify('id');
  create trigger schedule_notify after insert or update on schedule
    for each row execute function vesper_notify('id');
  create trigger scheduled_sequence_notify after update on scheduled_sequence
    for each row execute function vesper_notify('schedule_id');
  create trigger night_notify after insert or update on night
    for each row execute function vesper_notify('id');
  create trigger hold_notify after insert or update on hold
    for each row execute function vesper_notify('id');
  create trigger device_notify after insert or update on device
    for each row execute function vesper_notify('device_id');
  create trigger exposure_insert_notify after insert on exposure
    for each row execute function vesper_notify('id');
  create trigger exposure_state_notify after update on exposure
    for each row when (old.state is distinct from new.state) execute function vesper_notify('id');
  create trigger weather_notify after insert on weather
    for each row execute function vesper_notify('id');
`;

/** A ledger is only added to. */
const APPEND_ONLY = `
  create function quota_entry_append_only() returns trigger language plpgsql as $body$
  begin
    raise exception 'quota_entry is append-only: % refused', lower(tg_op)
      using hint = 'add a line that corrects the other';
  end
  $body$;

  create trigger quota_entry_append_only before update or delete on quota_entry
    for each row execute function quota_entry_append_only();
`;

/** Indexes that the ORM cannot describe. */
const INDEXES = `
  create index notice_undelivered_index on notice (site, id) where needs_delivery and delivered_wall_at is null;
  create unique index hold_open_unique on hold (site, kind) where lifted_wall_at is null;
  create unique index strategy_default_unique on strategy (is_default) where is_default;
`;

export class SpineMigration extends Migration {
  override up(): void {
    for (const part of [SEQUENCES, TABLES, FOREIGN_KEYS, INDEXES, NOTIFICATIONS, APPEND_ONLY])
      this.addSql(part);
  }
}
