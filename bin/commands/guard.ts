import { readSettings } from "../../adapters/config/read-settings.ts";
import type { Settings } from "../../adapters/config/settings.ts";
import { untilTold } from "../until-told.ts";

const MODULE: string = "../../workers/guard.ts";

/** `vesper guard`: watches over the dome until told to stop. */
export async function guardCommand(): Promise<number> {
  const told = untilTold(process.env);
  const { startGuard } = (await import(MODULE)) as {
    startGuard: (settings: Settings) => Promise<{ close(): Promise<void> }>;
  };
  const guard = await startGuard(readSettings(process.env));
  await told;
  await guard.close();
  return 0;
}
