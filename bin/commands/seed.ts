import { readSettings } from "../../adapters/config/read-settings.ts";

/** `vesper seed`: fills an empty database with the demonstration. */
export async function seedCommand(): Promise<number> {
  readSettings(process.env);
  console.error("not yet");
  return 1;
}
