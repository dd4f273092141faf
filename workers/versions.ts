import { readFileSync } from "node:fs";
import path from "node:path";

const PROJECT = path.join(import.meta.dirname, "..");

/** What runs here: ours, Node's and the SDK's version. */
export function softwareVersions(): Readonly<Record<string, string>> {
  return {
    vesper: versionIn(path.join(PROJECT, "package.json")),
    node: process.versions.node,
    temporalSdk: versionIn(path.join(PROJECT, "node_modules", "@temporalio", "worker", "package.json")),
    platform: `${process.platform} ${process.arch}`,
  };
}

function versionIn(file: string): string {
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
