import path from "node:path";
import { Connection } from "@temporalio/client";
import { msToTs, tsToMs } from "@temporalio/common/lib/time.js";
import { MS_PER_DAY } from "../../domain/units.ts";
import { SEARCH_ATTRIBUTES } from "../../workflows/names.ts";

/** Days that the history of a closed workflow is kept. */
const RETENTION_DAYS = 90;
/**
 * A history of more events is continued as new. The server's own 4,096 take a control worker two seconds to read again when it
 * takes over from one that was killed; an alert does not wait that long. deploy/temporal.yaml says the same.
 */
export const MOST_EVENTS = 250;
const ALREADY_EXISTS = 6;
const NOT_FOUND = 5;
/** IndexedValueType of the API: KEYWORD. */
const KEYWORD = 2;

export interface OwnTemporal {
  readonly home: string;
  readonly port: number;
  readonly uiPort: number;
  readonly namespace: string;
}

/**
 * Arguments of `temporal` for a development server on a file. The two pragmas make it five times faster; with
 * synchronous=normal a power cut may lose the last moments of the file, a killed process loses nothing.
 */
export function temporalServerArgs(server: OwnTemporal): string[] {
  return [
    "server",
    "start-dev",
    "--db-filename",
    path.join(server.home, "temporal.db"),
    "--sqlite-pragma",
    "journal_mode=wal",
    "--sqlite-pragma",
    "synchronous=normal",
    "--ip",
    "127.0.0.1",
    "--port",
    String(server.port),
    "--ui-port",
    String(server.uiPort),
    "--namespace",
    server.namespace,
    ...SEARCH_ATTRIBUTES.flatMap((name) => ["--search-attribute", `${name}=Keyword`]),
    "--dynamic-config-value",
    `limit.historyCount.suggestContinueAsNew=${MOST_EVENTS}`,
    "--log-format",
    "json",
    "--log-level",
    "warn",
  ];
}

/**
 * Waits until a Temporal server answers and makes its namespace ours: it exists, keeps closed workflows for at
 * least 90 days, and knows the search attributes.
 * @throws Error with a sentence after `limitMs`.
 */
export async function prepareNamespace(address: string, namespace: string, limitMs: number): Promise<void> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const connection = Connection.lazy({ address, connectTimeout: 2_000 });
    try {
      await connection.withDeadline(Date.now() + 5_000, () => setUp(connection, namespace));
      return;
    } catch (error) {
      if (Date.now() > deadline) {
        throw new Error(
          `Temporal at ${address} did not make the namespace ${namespace} ready within ${limitMs / 1_000} s: ${(error as Error).message}`,
          { cause: error },
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 250));
    } finally {
      await connection.close();
    }
  }
}

async function setUp(connection: Connection, namespace: string): Promise<void> {
  const retention = msToTs(RETENTION_DAYS * MS_PER_DAY);
  const { workflowService, operatorService } = connection;
  try {
    const { config } = await workflowService.describeNamespace({ namespace });
    if (tsToMs(config?.workflowExecutionRetentionTtl ?? msToTs(0)) < RETENTION_DAYS * MS_PER_DAY) {
      await workflowService.updateNamespace({
        namespace,
        config: { workflowExecutionRetentionTtl: retention },
      });
    }
  } catch (error) {
    if ((error as { code?: number }).code !== NOT_FOUND) throw error;
    await workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod: retention });
  }
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
  const missing = SEARCH_ATTRIBUTES.filter((name) => !(name in (customAttributes ?? {})));
  if (missing.length === 0) return;
  try {
    await operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map((name) => [name, KEYWORD])),
    });
  } catch (error) {
    // Another `up` of the same server was quicker.
    if ((error as { code?: number }).code !== ALREADY_EXISTS) throw error;
  }
}
