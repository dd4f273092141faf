import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { projectFolder } from "../../adapters/config/read-settings.ts";
import { dataModelDocument } from "../../db/data-model.ts";

/** `vesper data-model`: writes docs/data.md anew from the entities. */
export async function dataModelCommand(): Promise<number> {
  const file = path.join(projectFolder, "docs", "data.md");
  writeFileSync(file, await dataModelDocument());
  execFileSync(process.execPath, [path.join(projectFolder, "node_modules", ".bin", "oxfmt"), file]);
  console.log(`${file} is written.`);
  return 0;
}
