import { Migration } from "@mikro-orm/migrations";

/** Requests while they are written, and sequences that may move on to another night. */
export class RequestDraftMigration extends Migration {
  override up(): void {
    this.addSql(`
      create table request_draft (
        id text not null,
        user_id text not null,
        document jsonb not null,
        version int not null,
        saved_by text not null,
        saved_from text not null,
        created_wall_at timestamptz(3) not null,
        updated_wall_at timestamptz(3) not null,
        primary key (id)
      );
      create index request_draft_user_id_index on request_draft (user_id);
      alter table request_draft add constraint request_draft_version_check check (version > 0);
      alter table request_draft add constraint request_draft_user_id_foreign
        foreign key (user_id) references "user" (id) on delete cascade;

      alter table sequence add column carry_over_nights int not null default 0;
      alter table sequence add constraint sequence_carry_over_check check (carry_over_nights >= 0);
    `);
  }
}
