// `npm run production-test` on any Node from 20.3: installs what is missing, then runs it with our Node 24.
import path from "node:path";
import { ensureInstalled, projectFolder, runWithOurNode } from "./bootstrap.mjs";

ensureInstalled();
process.exitCode = await runWithOurNode([
  path.join(projectFolder, "test", "production", "main.ts"),
  ...process.argv.slice(2),
]);
