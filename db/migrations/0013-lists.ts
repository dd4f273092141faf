import { Migration } from "@mikro-orm/migrations";

/** What further lists are sorted and filtered by (see 0011). */
const LISTS = `
  drop index audit_user_id_index;
  drop index audit_subject_index;
  create index audit_user_id_id_index on audit (user_id, id);
  create index audit_subject_id_index on audit (subject, id);
  create index calibration_frame_intended_start_at_id_index on calibration_frame (intended_start_at, id);
  create index master_site_night_date_made_at_id_index on master (site, night_date, made_at, id);
  create index outbox_open_index on outbox (topic, destination) where state in ('waiting', 'failed');
`;

export class ListsMigration extends Migration {
  override up(): void {
    this.addSql(LISTS);
  }
}
