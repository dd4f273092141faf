// `npm test` on any Node from 20.3: installs what is missing, then runs everything with our Node 24.
import path from "node:path";
import { ensureInstalled, projectFolder, runWithOurNode } from "./bootstrap.mjs";

ensureInstalled();
process.exitCode = await runWithOurNode([
  path.join(projectFolder, "bin", "run-tests.ts"),
  ...process.argv.slice(2),
]);
