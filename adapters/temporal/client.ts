import { Client, Connection, type WorkflowClientInterceptor } from "@temporalio/client";

export interface TemporalAddress {
  /** host:port of the frontend. */
  readonly address: string;
  readonly namespace: string;
  /** What traces its calls; nothing when absent. */
  readonly interceptors?: readonly WorkflowClientInterceptor[];
}

export interface TemporalConnection {
  readonly client: Client;
  close(): Promise<void>;
}

/**
 * A Temporal client that connects at its first call, so that a process starts while the server is away.
 * Queries of a workflow that is no longer open are rejected: a closed workflow would go on answering
 * with its last state for as long as it is retained.
 */
export function createTemporalClient({
  address,
  namespace,
  interceptors = [],
}: TemporalAddress): TemporalConnection {
  const connection = Connection.lazy({
    address,
    channelArgs: {
      // A frozen server keeps its socket open: without pings, calls after the thaw wait for TCP's own time-outs.
      // The server answers pings more frequent than one per 10 s by closing the connection.
      "grpc.keepalive_time_ms": 12_000,
      "grpc.keepalive_timeout_ms": 5_000,
      "grpc.keepalive_permit_without_calls": 1,
      "grpc.initial_reconnect_backoff_ms": 200,
      "grpc.max_reconnect_backoff_ms": 2_000,
    },
  });
  const client = new Client({
    connection,
    namespace,
    workflow: { queryRejectCondition: "NOT_OPEN" },
    interceptors: { workflow: [...interceptors] },
  });
  return { client, close: () => connection.close() };
}
