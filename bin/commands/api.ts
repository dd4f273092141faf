import { readSettings } from "../../adapters/config/read-settings.ts";
import { startApi } from "../../api/server.ts";
import { untilTold } from "../until-told.ts";

/** `vesper api`: serves the web pages and the API until told to stop. */
export async function apiCommand(): Promise<number> {
  const told = untilTold(process.env);
  const api = await startApi(readSettings(process.env));
  await told;
  await api.close();
  return 0;
}
