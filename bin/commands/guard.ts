import { readSettings } from "../../adapters/config/read-settings.ts";
import { startGuard } from "../../workers/guard.ts";
import { untilTold } from "../until-told.ts";

/** `vesper guard`: watches over the dome until told to stop. */
export async function guardCommand(): Promise<number> {
  const told = untilTold(process.env);
  const guard = await startGuard(readSettings(process.env));
  await told;
  await guard.close();
  return 0;
}
