import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Reference data lie beside the project on some machines only; tests that use them have small fixtures of their own as well. */
export function sharedJson(path: string): any {
  const file = fileURLToPath(new URL(`../../../shared/${path}`, import.meta.url));
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : null;
}
