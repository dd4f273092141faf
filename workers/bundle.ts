import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { bundleWorkflowCode, DefaultLogger } from "@temporalio/worker";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));
/** What the bundle is made of: a change in any of these makes a new one. */
const SOURCES = ["workflows", "domain"];
const CACHE = path.join(PROJECT, "node_modules", ".cache", "vesper");

export interface WorkflowBundleFile {
  readonly codePath: string;
}

/**
 * The workflow code as one prebuilt file, made once per state of its sources (about 2 s) and shared by all workers.
 * @throws Error with the bundler's words when the workflows import what they must not.
 */
export async function workflowBundle(): Promise<WorkflowBundleFile> {
  const codePath = path.join(CACHE, `workflows-${await sourceDigest()}.cjs`);
  if (await exists(codePath)) return { codePath };
  const problems: string[] = [];
  const { code } = await bundleWorkflowCode({
    workflowsPath: path.join(PROJECT, "workflows", "index.ts"),
    workflowInterceptorModules: ["summaries.ts", "trace.ts"].map((name) =>
      path.join(PROJECT, "workflows", name),
    ),
    logger: new DefaultLogger("WARN", ({ message, meta }) => {
      problems.push(`${message} ${JSON.stringify(meta ?? {})}`);
    }),
  }).catch((error: unknown) => {
    throw new Error(`The workflows could not be bundled: ${problems.join("\n")}`, { cause: error });
  });
  await mkdir(CACHE, { recursive: true });
  // Two workers may build at once: each writes its own file, the rename of the last one stands, both are the same.
  const temporary = `${codePath}.${process.pid}`;
  await writeFile(temporary, code);
  await rename(temporary, codePath);
  return { codePath };
}

async function sourceDigest(): Promise<string> {
  const hash = createHash("sha256");
  const worker = await readFile(path.join(PROJECT, "node_modules", "@temporalio", "worker", "package.json"));
  hash.update(worker);
  for (const folder of SOURCES) {
    const names = await readdir(path.join(PROJECT, folder), { recursive: true });
    for (const name of names.filter((each) => each.endsWith(".ts")).sort()) {
      hash.update(name);
      hash.update(await readFile(path.join(PROJECT, folder, name)));
    }
  }
  return hash.digest("hex").slice(0, 16);
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
