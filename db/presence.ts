import { closeConnection, openConnection } from "./one-connection.ts";

/** Who of a group is connected to the database: a process that is killed is gone at once, wherever it ran. */
export interface Presence {
  /** Members of the group that are connected now, this one not among them. @throws what the database says, within 2 s */
  others(): Promise<string[]>;
  close(): Promise<void>;
}

const ANSWER_LIMIT_MS = 2_000;
/** PostgreSQL cuts off what is longer: NAMEDATALEN. */
const LONGEST_NAME = 63;

/**
 * Connects as a member of a group, and stays so until it is closed or the process ends.
 * @param group words that begin the name of the connection
 * @param member identity within the group
 * @throws Error when both together are longer than the database keeps, or it does not answer
 */
export async function joinGroup(url: string, group: string, member: string): Promise<Presence> {
  const prefix = `${group} `;
  const name = `${prefix}${member}`;
  if (Buffer.byteLength(name) > LONGEST_NAME) {
    throw new Error(`"${name}" is too long a name for a connection: ${LONGEST_NAME} bytes are kept`);
  }
  const client = await openConnection(url, name, ANSWER_LIMIT_MS);
  return {
    others: async () => {
      const { rows } = await client.query<{ name: string }>(
        `select application_name as name from pg_stat_activity
         where datname = current_database() and starts_with(application_name, $1) and pid <> pg_backend_pid()`,
        [prefix],
      );
      return rows.map((row) => row.name.slice(prefix.length));
    },
    close: () => closeConnection(client),
  };
}
