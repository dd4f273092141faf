import { readSettings } from "../../adapters/config/read-settings.ts";
import type { Settings } from "../../adapters/config/settings.ts";
import { untilTold } from "../until-told.ts";

const GROUPS = ["control", "site", "compute", "feeds"];

const MODULE: string = "../../workers/run.ts";

/** `vesper worker [queues]`: runs the named groups of workers until told to stop; 1 when a worker fails. */
export async function workerCommand(groups: readonly string[]): Promise<number> {
  const unknown = groups.filter((group) => !GROUPS.includes(group));
  if (unknown.length > 0) {
    console.error(
      `There is no worker group ${unknown.map((group) => `"${group}"`).join(", ")}: the groups are ${GROUPS.join(", ")}.`,
    );
    return 1;
  }
  const told = untilTold(process.env);
  const { runWorkers } = (await import(MODULE)) as {
    runWorkers: (
      settings: Settings,
      groups: string[],
    ) => Promise<{ done: Promise<void>; close(): Promise<void> }>;
  };
  const workers = await runWorkers(readSettings(process.env), groups.length > 0 ? [...groups] : GROUPS);
  // A worker that ends by itself is a failure even when it does so politely: the supervisor starts it again.
  const ended = await Promise.race([told, workers.done.then(() => "by itself" as const)]);
  await workers.close();
  return ended === "by itself" ? 1 : 0;
}
