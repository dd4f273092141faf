import { readSettings } from "../../adapters/config/read-settings.ts";
import { refuseHalfRestored } from "../../adapters/home/restoring.ts";
import { runWorkers, WORKER_GROUPS } from "../../workers/run.ts";
import { untilTold } from "../until-told.ts";

/** `vesper worker [queues]`: runs the named groups of workers until told to stop; 1 when a worker ends by itself. */
export async function workerCommand(groups: readonly string[]): Promise<number> {
  const known: readonly string[] = WORKER_GROUPS;
  const unknown = groups.filter((group) => !known.includes(group));
  if (unknown.length > 0) {
    const names = unknown.map((group) => `"${group}"`).join(", ");
    console.error(`There is no worker group ${names}: the groups are ${known.join(", ")}.`);
    return 1;
  }
  const told = untilTold(process.env);
  const settings = readSettings(process.env);
  refuseHalfRestored(settings.home);
  const workers = await runWorkers(settings, groups.length > 0 ? groups : known);
  // A worker that ends by itself is a failure even when it does so politely: the supervisor starts it again.
  const ended = await Promise.race([told, workers.done.then(() => "by itself" as const)]);
  await workers.close();
  return ended === "by itself" ? 1 : 0;
}
