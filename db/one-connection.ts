import { Client } from "pg";

/**
 * A connection of its own to a database, for what is done whole on one: a dump, a restore. Whoever takes it ends it.
 * @param url of the database, password included
 * @param who what the server calls the connection, for whoever looks who is connected
 * @param queryLimitMs longest wait for the answer to a query; without one a query takes as long as it takes
 * @throws what the database says when it cannot be reached within 5 s
 */
export async function openConnection(url: string, who: string, queryLimitMs?: number): Promise<Client> {
  const client = new Client({
    connectionString: url,
    application_name: who,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    ...(queryLimitMs === undefined ? {} : { query_timeout: queryLimitMs }),
  });
  // A connection that breaks fails the query under way; without a listener it would end the process.
  client.on("error", () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    await closeConnection(client);
    throw error;
  }
}

/** Ends it; a connection that is broken already is no problem. */
export async function closeConnection(client: Client): Promise<void> {
  await client.end().catch(() => undefined);
}
