import { Migration } from "@mikro-orm/migrations";

/** Sign-up, approval, lock-out, notifications, first-visit help. */
const TABLES = `
  alter table "user" drop constraint "user_state_check";
  alter table "user" add constraint "user_state_check"
    check ("state" in ('unconfirmed', 'pending', 'active', 'refused', 'disabled', 'deleted'));

  create table "account_link" ("hash" text not null, "user_id" text not null, "purpose" text not null,
    "created_wall_at" timestamptz(3) not null, "expires_wall_at" timestamptz(3) not null,
    "used_wall_at" timestamptz(3) null, primary key ("hash"));
  create index "account_link_user_id_index" on "account_link" ("user_id");
  alter table "account_link" add constraint "account_link_purpose_check" check ("purpose" in ('confirm', 'recover'));
  alter table "account_link" add constraint "account_link_user_id_foreign"
    foreign key ("user_id") references "user" ("id") on delete cascade;

  create table "membership_application" ("user_id" text not null, "motive" text not null,
    "asked_wall_at" timestamptz(3) not null, "mode" text not null, "deadline_wall_at" timestamptz(3) not null,
    "outcome" text null, "decided_by" text null, "decided_wall_at" timestamptz(3) null, "reason" text not null,
    primary key ("user_id"));
  alter table "membership_application" add constraint "membership_application_decided_check"
    check ((outcome is null) = (decided_wall_at is null));
  alter table "membership_application" add constraint "membership_application_mode_check"
    check ("mode" in ('administrator', 'commission'));
  alter table "membership_application" add constraint "membership_application_outcome_check"
    check ("outcome" in ('accepted', 'refused', 'lapsed'));
  alter table "membership_application" add constraint "membership_application_user_id_foreign"
    foreign key ("user_id") references "user" ("id") on update cascade on delete cascade;

  create table "membership_vote" ("user_id" text not null, "voter_id" text not null, "accept" boolean not null,
    "reason" text not null, "wall_at" timestamptz(3) not null, primary key ("user_id", "voter_id"));
  alter table "membership_vote" add constraint "membership_vote_user_id_foreign"
    foreign key ("user_id") references "user" ("id") on update cascade on delete cascade;
  alter table "membership_vote" add constraint "membership_vote_voter_id_foreign"
    foreign key ("voter_id") references "user" ("id") on update cascade on delete cascade;

  create table "sign_in_failure" ("id" bigserial primary key, "mail" text not null, "address" text not null,
    "wall_at" timestamptz(3) not null);
  create index "sign_in_failure_mail_index" on "sign_in_failure" ("mail");
  create index "sign_in_failure_address_index" on "sign_in_failure" ("address");
  create index "sign_in_failure_wall_at_index" on "sign_in_failure" ("wall_at");

  create table "seen_page" ("user_id" text not null, "page" text not null, "wall_at" timestamptz(3) not null,
    primary key ("user_id", "page"));
  alter table "seen_page" add constraint "seen_page_user_id_foreign"
    foreign key ("user_id") references "user" ("id") on delete cascade;

  create table "notification_settings" ("user_id" text not null, "mail_events" jsonb not null,
    "webhook_events" jsonb not null, "webhook_url" text null, "webhook_secret" text null,
    "since_wall_at" timestamptz(3) not null, primary key ("user_id"));
  alter table "notification_settings" add constraint "notification_settings_user_id_foreign"
    foreign key ("user_id") references "user" ("id") on update cascade on delete cascade;

  create index "audit_subject_index" on "audit" ("subject");

  alter table "outbox" drop constraint "outbox_topic_check";
  alter table "outbox" add constraint "outbox_topic_check"
    check ("topic" in ('ic.schedule', 'ic.versions', 'ic.status', 'ic.master', 'fsc.report', 'mail', 'webhook'));
`;

export class PeopleMigration extends Migration {
  override up(): void {
    this.addSql(TABLES);
  }
}
