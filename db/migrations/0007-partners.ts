import { Migration } from "@mikro-orm/migrations";

/** What is sent to IC, FSC and people, and what FSC sends. */
const TABLES = `
  create table "outbox" (
    "id" bigserial primary key,
    "topic" text not null,
    "destination" text not null,
    "key" text not null,
    "payload" jsonb not null,
    "created_wall_at" timestamptz(3) not null,
    "state" text not null,
    "attempts" int not null,
    "next_attempt_wall_at" timestamptz(3) not null,
    "claimed_until_wall_at" timestamptz(3) null,
    "last_attempt_wall_at" timestamptz(3) null,
    "delivered_wall_at" timestamptz(3) null,
    "last_problem" text null
  );
  alter table "outbox" add constraint "outbox_topic_key_unique" unique ("topic", "key");
  alter table "outbox" add constraint "outbox_key_check" check (key <> '' and destination <> '');
  alter table "outbox" add constraint "outbox_attempts_check" check (attempts >= 0);
  alter table "outbox" add constraint "outbox_delivered_check"
    check ((state = 'delivered') = (delivered_wall_at is not null));
  alter table "outbox" add constraint "outbox_failed_check" check (state <> 'failed' or last_problem is not null);
  alter table "outbox" add constraint "outbox_topic_check"
    check ("topic" in ('ic.schedule', 'ic.versions', 'ic.status', 'ic.master', 'fsc.report', 'mail'));
  alter table "outbox" add constraint "outbox_state_check" check ("state" in ('waiting', 'delivered', 'failed'));

  create table "fsc_message" (
    "id" text not null,
    "type" text not null,
    "sent_wall_at" timestamptz(3) not null,
    "received_at" timestamptz(3) not null,
    "received_wall_at" timestamptz(3) not null,
    "digest" text not null,
    "payload" jsonb not null,
    primary key ("id")
  );
  create index "fsc_message_received_wall_at_index" on "fsc_message" ("received_wall_at");
  alter table "fsc_message" add constraint "fsc_message_id_check" check (id <> '' and type <> '');
  alter table "fsc_message" add constraint "fsc_message_digest_check" check (digest ~ '^[0-9a-f]{64}$');
`;

/** Indexes that the ORM cannot describe: the next of each lane, and the list of what failed. */
const INDEXES = `
  create index outbox_lane_index on outbox (topic, destination, id) where state = 'waiting';
  create index outbox_failed_index on outbox (id) where state = 'failed';
  create index outbox_delivered_index on outbox (delivered_wall_at) where state = 'delivered';
`;

const NOTIFICATIONS = `
  create trigger outbox_notify after insert or update on outbox
    for each row execute function vesper_notify('id');
  create trigger fsc_message_notify after insert on fsc_message
    for each row execute function vesper_notify('id');
`;

export class PartnersMigration extends Migration {
  override up(): void {
    for (const part of [TABLES, INDEXES, NOTIFICATIONS]) this.addSql(part);
  }
}
