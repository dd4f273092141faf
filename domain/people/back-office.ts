/** What the back office may do with each table. One that is not named here: everything. */

export interface TablePolicy {
  readonly create: boolean;
  readonly change: boolean;
  readonly remove: boolean;
  /** Why not everything, as a sentence; empty when everything. */
  readonly why: string;
  /** The page made for it; empty when there is none. */
  readonly page: string;
}

const ALL: TablePolicy = { create: true, change: true, remove: true, why: "", page: "" };

function addedOnly(why: string, page = ""): TablePolicy {
  return { create: false, change: false, remove: false, why, page };
}

/** Tables that people and programs rely on being what happened, and those that decide who moves or enters. */
const POLICIES: Readonly<Record<string, TablePolicy>> = {
  audit: addedOnly("The audit is only added to: who did what stays."),
  quota_entry: addedOnly("The ledger is only added to. Grant time on the programme's page.", "/programmes"),
  notice: addedOnly("Notices stay as they came, to the byte."),
  journal_entry: addedOnly("The journal is only added to: what happened stays.", "/system"),
  outbox: addedOnly(
    "Messages are sent and kept as they were written. Send one again on its page.",
    "/outbox",
  ),
  fsc_message: addedOnly("Messages stay as they came.", "/outbox"),
  schedule: addedOnly("A schedule stays as it was made; plan again for another.", "/schedules"),
  scheduled_sequence: addedOnly("A schedule stays as it was made; plan again for another.", "/schedules"),
  lease: addedOnly("The observatory's workflow alone says who may move hardware."),
  clock: addedOnly("The clock is set at the start; changing it under a running night would move the sky."),
  hold: addedOnly(
    "Holds are raised and lifted by the observatory's workflow. Pause and resume on the Night page.",
    "/night",
  ),
  user: {
    ...ALL,
    create: false,
    remove: false,
    why: "People sign up themselves (or vesper user add), so that nobody knows another's password; deleting takes care of what is theirs on the user's page.",
    page: "/users",
  },
  api_token: {
    ...ALL,
    create: false,
    why: "A token is shown once to whoever makes it: on the Profile page.",
    page: "/profile",
  },
  session: {
    ...ALL,
    create: false,
    change: false,
    why: "Sessions begin by signing in; deleting one signs it out.",
  },
  account_link: {
    ...ALL,
    create: false,
    change: false,
    why: "Links are made with the mail that carries them; deleting one voids it.",
  },
  notification_settings: {
    ...ALL,
    create: false,
    why: "People choose themselves what they are told, on the Profile page.",
  },
};

export function tablePolicy(table: string): TablePolicy {
  return POLICIES[table] ?? ALL;
}
