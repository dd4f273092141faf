import { readSettings } from "../../adapters/config/read-settings.ts";
import type { Settings } from "../../adapters/config/settings.ts";
import { untilTold } from "../until-told.ts";

const MODULE: string = "../../api/server.ts";

/** `vesper api`: serves the web pages and the API until told to stop. */
export async function apiCommand(): Promise<number> {
  const told = untilTold(process.env);
  const { startApi } = (await import(MODULE)) as {
    startApi: (settings: Settings) => Promise<{ close(): Promise<void> }>;
  };
  const api = await startApi(readSettings(process.env));
  await told;
  await api.close();
  return 0;
}
