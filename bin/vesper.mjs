#!/usr/bin/env node
// The `vesper` command on any Node from 20.3: installs what is missing, then runs bin/vesper.ts with our Node 24.
import path from "node:path";
import { ensureInstalled, projectFolder, runWithOurNode } from "./bootstrap.mjs";

ensureInstalled({ production: process.env.NODE_ENV === "production" });
process.exitCode = await runWithOurNode([
  path.join(projectFolder, "bin", "vesper.ts"),
  ...process.argv.slice(2),
]);
