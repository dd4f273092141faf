import { readSettings } from "../../adapters/config/read-settings.ts";
import { refuseHalfRestored } from "../../adapters/home/restoring.ts";
import { startApi } from "../../api/server.ts";
import { untilTold } from "../until-told.ts";

/** `vesper api`: serves the web pages and the API until told to stop. */
export async function apiCommand(): Promise<number> {
  const told = untilTold(process.env);
  const settings = readSettings(process.env);
  refuseHalfRestored(settings.home);
  const api = await startApi(settings);
  await told;
  await api.close();
  return 0;
}
