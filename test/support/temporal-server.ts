import { type ChildProcess, spawn } from "node:child_process";
import { createTemporalClient, type TemporalConnection } from "../../adapters/temporal/client.ts";
import { findTemporalCli } from "../../adapters/temporal-cli/find.ts";
import { freeze, thaw } from "./processes.ts";
import { freePort } from "./postgres.ts";

export interface TestTemporal {
  readonly address: string;
  readonly connection: TemporalConnection;
  /** Stops the server where it stands, as a hung machine would. */
  freeze(): Promise<void>;
  thaw(): void;
  stop(): Promise<void>;
}

const START_LIMIT_MS = 30_000;

/** A Temporal server in memory on a free port, its own process. Ready when this returns. */
export async function startTemporal(searchAttributes: readonly string[] = []): Promise<TestTemporal> {
  const cli = await findTemporalCli(process.env, () => undefined);
  const port = await freePort();
  const httpPort = await freePort();
  const metricsPort = await freePort();
  const attributes = searchAttributes.map((name) => `--search-attribute=${name}=Keyword`);
  const server = spawn(
    cli,
    `server start-dev --headless --ip 127.0.0.1 --port ${port} --http-port ${httpPort} --metrics-port ${metricsPort} --log-level error`
      .split(" ")
      .concat(attributes),
    { stdio: "ignore" },
  );
  const pids = server.pid === undefined ? [] : [server.pid];
  const address = `127.0.0.1:${port}`;
  const connection = createTemporalClient({ address, namespace: "default" });
  const stop = async (): Promise<void> => {
    await connection.close();
    await ended(server);
  };
  try {
    await answering(connection);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    address,
    connection,
    freeze: () => freeze(pids),
    thaw: () => thaw(pids),
    stop,
  };
}

async function answering({ client }: TemporalConnection): Promise<void> {
  const untilMs = Date.now() + START_LIMIT_MS;
  for (;;) {
    try {
      await client.withDeadline(Date.now() + 1_000, () =>
        client.workflowService.describeNamespace({ namespace: "default" }),
      );
      return;
    } catch (error) {
      if (Date.now() > untilMs)
        throw new Error("the test's Temporal server does not answer", { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function ended(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exit = new Promise((resolve) => server.once("exit", resolve));
  server.kill("SIGCONT");
  server.kill("SIGKILL");
  await exit;
}
